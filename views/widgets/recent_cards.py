"""Cards of the experiments that were run on this server last: surfaces of their loss, and what they compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import streamlit as st

from normscape.exports.thumbnail import MOST_SURFACES, thumbnail_png
from normscape.gallery.stories import TITLES, card
from normscape.landscape import DATA
from normscape.landscape.surface import levels
from normscape.models import ARCHITECTURES
from normscape.specs import Display, Experiment, RunSpec, SurfaceSpec, from_query
from normscape.specs.fields import paths, read, rule_at
from normscape.specs.serialization.query import value_text
from normscape.views.session import address
from normscape.views.session.comparison_request import level
from normscape.views.session.job_queue import job_queue
from normscape.views.session.limits import possible
from normscape.views.session.previews import EXACT, source_job
from normscape.views.texts.escape import printable
from normscape.views.widgets.fields import option_label
from normscape.views.widgets.moments import moment
from normscape.views.widgets.story_cards import card_grid, show_card
from normscape.views.widgets.story_texts import panel_names, setting

MOST_SIZES = 2
"""Sizes that a title names; of more, which *Quick* or *Full* has chosen, none."""


NO_PICTURE = "No surface is stored: training diverged, or the results were removed."

MOST_RECENT = 12
MOST_CHANGES = 3

GRID_POINTS = "surface.grid.points"

REDRAWN_SECONDS = 4
"""After which the picture of an experiment that still runs is drawn again."""


def recent_cards(nothing: str, *, stories: bool = True) -> bool:
    """Show one card per experiment, the latest first, and return whether there are any.

    Args:
        nothing: a sentence in place of the cards where no experiment was run yet; may be empty.
        stories: whether experiments of the gallery have a card, too.
    """
    recent = _recent(stories=stories)
    if not recent:
        if nothing:
            st.caption(nothing)
        return False
    described = distinct_titles(list(recent))
    with card_grid("recent"):
        for experiment, (link, seconds) in recent.items():
            _card(experiment, link, seconds, *described[experiment])
    return True


def distinct_titles(experiments: Sequence[Experiment]) -> dict[Experiment, tuple[str, str]]:
    """Return title and text of experiments; those with equal titles name all that differs, then what they compare.

    Args:
        experiments: all that are listed.
    """
    shown = {experiment: title_and_text(experiment) for experiment in experiments}
    for describe in (lambda one: title_and_text(one, None), _with_values):
        counts = Counter(title for title, _ in shown.values())
        shown |= {one: describe(one) for one in experiments if counts[shown[one][0]] > 1}
    return shown


def _with_values(experiment: Experiment) -> tuple[str, str]:
    """Return a title that ends with the compared values, and as text the name of the compared field."""
    title, text = title_and_text(experiment, None)
    return f"{title}: {text}", f"Compared: {rule_at(experiment, experiment.compare).label.lower()}"


def title_and_text(experiment: Experiment, most: int | None = MOST_CHANGES) -> tuple[str, str]:
    """Return the title of an experiment, and what it compares.

    The title has the network, the data, and what differs from the first experiment; the text has the compared values.

    Args:
        experiment: which one.
        most: how many differences the title names; None for all.
    """
    compared = " · ".join(experiment.variants())
    model, data = ARCHITECTURES[experiment.run.model.architecture].label, DATA[experiment.run.data.name].label
    changes = _changes(experiment, sizes=most is None)
    more = 0 if most is None else len(changes) - most
    shown = [*changes[:most], *([f"{more} more"] if more > 0 else [])]
    return ", ".join([model, data, *shown]), compared


def _changes(experiment: Experiment, *, sizes: bool) -> list[str]:
    """Return the fields that differ from those of the first experiment, without network and data: "Width 128".

    Args:
        experiment: which one.
        sizes: whether sizes are named also where several differ, as after a choice of *Quick* or *Full*.
    """
    told = {"compare", "values", "run.model.architecture", "run.data.name", experiment.compare}
    differing = [path for path, _, value in paths(experiment) if value != read(address.DEFAULT, path)]
    if not sizes and len({*differing} & {*address.SIZES}) > MOST_SIZES:
        told |= set(address.SIZES)
    return [
        f"{rule_at(experiment, path).label} {_value(experiment, path, value)}"
        for path, _, value in paths(experiment)
        if path not in told and path in differing
    ]


def _value(experiment: Experiment, path: str, value: Any) -> str:
    if path == "run.weights":
        return option_label(experiment, path, value)
    return value_text(value).replace(",", " × ") if path == GRID_POINTS else value_text(value)


def _recent(*, stories: bool) -> dict[Experiment, tuple[str, float]]:
    """Return the addresses of the latest experiments, and when they were finished, the latest first.

    Of addresses that differ in the display only, the latest is used.
    """
    found: dict[Experiment, tuple[str, float]] = {}
    for name, link in recent_links():
        experiment = experiment_at(link) if urlsplit(link).path == "/" else None  # other pages have no surfaces
        if experiment is None or (experiment in TITLES and not stories):
            continue
        if len(found) < MOST_RECENT:
            found.setdefault(experiment, (link, finished_at(name)))
    return found


def recent_links() -> Iterator[tuple[str, str]]:
    """Yield name and address of every finished request, the latest first."""
    for name, request in reversed(list(job_queue().store.requests("recent").items())):
        yield name, str(request.get("address") or "") if isinstance(request, Mapping) else ""


def finished_at(name: str) -> float:
    """Return when the last result of a finished request was stored, in seconds since 1970; 0 if unknown."""
    return job_queue().store.request_time(name, "recent")


def _card(experiment: Experiment, link: str, seconds: float, title: str, text: str) -> None:
    picture, shown = picture_of(experiment, link)
    drawn = shown is None or len(shown) == len(experiment.values)
    if picture is None:
        text = f"{text} · {NO_PICTURE}"
    elif drawn:  # the picture has the names of the networks
        text = setting(experiment) if experiment in TITLES else ""
    show_card(
        f"recent {link}",
        printable(TITLES.get(experiment, title)),
        printable(text),
        about=f"Finished {moment(seconds)}" if seconds else "",
        picture=picture,
        panels=tuple(name for k, name in enumerate(panel_names(experiment)) if shown is None or k in shown),
        alt=f"Surfaces of {', '.join(experiment.variants())}",
        experiment=experiment,
        display=st.session_state.get("display", Display()),
    )


def picture_of(
    experiment: Experiment, link: str, *, running: bool = False
) -> tuple[Path | bytes | None, tuple[int, ...] | None]:
    """Return the picture of a story's card in the gallery, or one of the stored surfaces with the networks in it.

    Args:
        experiment: of the address.
        link: its address.
        running: whether finer surfaces may follow, so that the picture is drawn again every few seconds.
    """
    title = TITLES.get(experiment)
    drawn = card(title) if title is not None else None
    if drawn is not None and drawn.is_file():
        return drawn, None
    return _latest_thumbnail(link) if running else _thumbnail(link)


def experiment_at(link: str) -> Experiment | None:
    """Return the experiment of an address, None if this version cannot build it."""
    try:
        read, _ = from_query(dict(parse_qsl(urlsplit(link).query)), address.DEFAULT, address.NAMES)
    except (TypeError, ValueError):
        return None
    return read if isinstance(read, Experiment) else None


@st.cache_data(max_entries=64, ttl=REDRAWN_SECONDS, show_spinner=False)
def _latest_thumbnail(link: str) -> tuple[bytes | None, tuple[int, ...] | None]:
    return _drawn(link)


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbnail(link: str) -> tuple[bytes | None, tuple[int, ...] | None]:
    return _drawn(link)


def _drawn(link: str) -> tuple[bytes | None, tuple[int, ...] | None]:
    """Return a picture of the finest stored surfaces of an experiment, None if there are none.

    A network that diverged has none: the indices of those in the picture come with it, None if that is all of them.
    """
    experiment = experiment_at(link)
    try:
        variants = {} if experiment is None else possible(experiment)[0]
    except ValueError:
        return None, None
    pairs = list(variants.values())[:MOST_SURFACES]
    found = {k: values for k, pair in enumerate(pairs) for values in _loss(*pair)}
    of_all = experiment is None or len(found) in (0, len(variants), MOST_SURFACES)
    scale = dict(parse_qsl(urlsplit(link).query)).get("scale", Display().scale)
    return thumbnail_png(list(found.values()), scale=scale), None if of_all else tuple(found)


def _loss(run: RunSpec, surface: SurfaceSpec) -> list[np.ndarray]:
    """Return the loss on the finest stored grid, in a list that is empty if there is none."""
    grids = levels(surface.grid)
    for k in reversed(range(len(grids))):
        grid = level(grids, k)
        found = (job_queue().result(source_job(source, run, surface, grid)) for source in EXACT)
        if (points := next((one for one in found if one is not None), None)) is not None:
            columns, rows = grid.points
            return [np.asarray(points["loss"], dtype=np.float64).reshape(rows, columns)]
    return []
