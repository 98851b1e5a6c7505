"""Cards of the experiments that were run on this server last: maps of their loss, the networks, and a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import streamlit as st

from normscape.exports.thumbnail import MOST_MAPS, thumbnail_png
from normscape.landscape import DATA
from normscape.landscape.surface import levels
from normscape.models import ARCHITECTURES
from normscape.specs import Experiment, RunSpec, SurfaceSpec, from_query
from normscape.views.session import address
from normscape.views.session.job_queue import job_queue
from normscape.views.session.limits import possible
from normscape.views.session.results import level, surface_job
from normscape.views.texts.escape import printable

COLUMNS = 4
MOST_RECENT = 12


def recent_cards(nothing: str) -> None:
    """Show one card per experiment, the latest first.

    Args:
        nothing: a sentence in place of the cards where no experiment was run yet.
    """
    stored = job_queue().store.requests("recent").values()
    recent = [request for request in stored if request.get("address")][: -MOST_RECENT - 1 : -1]
    if not recent:
        st.caption(nothing)
    for start in range(0, len(recent), COLUMNS):
        for column, request in zip(st.columns(COLUMNS), recent[start : start + COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch"):
                _card(request)


def _card(request: Mapping[str, Any]) -> None:
    link = str(request["address"])
    experiment = _experiment(link)
    picture = None if experiment is None else _thumbnail(link)
    if picture is not None:
        st.image(picture, alt=f"Maps of the loss: {request['title']}", width="stretch")
    if experiment is None:
        st.markdown(printable(str(request["title"])))
        return
    run = experiment.run
    st.markdown(f"**{ARCHITECTURES[run.model.architecture].label}, {DATA[run.data.name].label}**")
    st.caption(printable(", ".join(experiment.variants())))
    if st.button("Open", key=f"recent {link}", help="Opens this experiment on the page Surfaces."):
        address.adopt(experiment)
        st.switch_page("views/surface/page.py")


def _experiment(link: str) -> Experiment | None:
    """Return the experiment of an address, None if this version cannot build it."""
    try:
        read, _ = from_query(dict(parse_qsl(urlsplit(link).query)), address.DEFAULT, address.NAMES)
    except (TypeError, ValueError):
        return None
    return read if isinstance(read, Experiment) else None


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbnail(link: str) -> bytes | None:
    """Return a picture of the finest stored surfaces of an experiment, None if there are none."""
    experiment = _experiment(link)
    try:
        variants = {} if experiment is None else possible(experiment)[0]
    except ValueError:
        return None
    losses = [values for run, surface in list(variants.values())[:MOST_MAPS] for values in _loss(run, surface)]
    return thumbnail_png(losses)


def _loss(run: RunSpec, surface: SurfaceSpec) -> list[np.ndarray]:
    """Return the loss on the finest stored grid, in a list that is empty if there is none."""
    grids = levels(surface.grid)
    for k in reversed(range(len(grids))):
        grid = level(grids, k)
        points = job_queue().result(surface_job(run, surface, grid))
        if points is not None:
            columns, rows = grid.points
            return [np.asarray(points["loss"], dtype=np.float64).reshape(rows, columns)]
    return []
