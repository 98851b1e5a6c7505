"""Titles of requests: what is computed, for which networks, and what tells requests of one name apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from normscape.gallery.stories import TITLES
from normscape.jobs import Request
from normscape.landscape import DATA
from normscape.models import ARCHITECTURES
from normscape.specs import Experiment, RunSpec
from normscape.specs.experiment import label
from normscape.specs.fields import paths, read, rule_at
from normscape.specs.serialization.query import value_text
from normscape.views.session import address
from normscape.views.texts.labels import capitalized
from normscape.views.widgets.recent_cards import MOST_CHANGES, experiment_at, title_and_text

PAGES: Mapping[str, str] = {
    "/": "Surfaces",
    "/analysis": "Analysis",
    "/along-training": "Along training",
    "/learning-rates": "Learning rates",
    "/curvature": "Curvature",
    "/paths": "Paths",
}
"""Names of pages by path."""

SEEDS = "run.training.seed"

MOST_VALUES = 4
"""How many values of a field are named; of more, the number is stated."""


class RequestTitle(NamedTuple):
    """A title, and what the request compares."""

    title: str
    compared: str


def request_titles(requests: Sequence[Request]) -> Mapping[str, RequestTitle]:
    """Return the titles of requests by key; those that would read the same name what differs and what is computed.

    Args:
        requests: all that are listed.
    """
    titles = {request.key: _described(request, MOST_CHANGES) for request in requests}
    for describe in (lambda request: _described(request, None), _with_kind, _with_accuracy):
        counts = Counter(titles.values())
        titles |= {one.key: describe(one) for one in requests if counts[titles[one.key]] > 1}
    return titles


def _on_page(path: str, experiment: Experiment, most: int | None, more: str = "") -> RequestTitle:
    title, compared = title_and_text(experiment, most)
    title, page = f"{TITLES.get(experiment, title)}{more}", PAGES.get(path, "")
    return RequestTitle(f"{page}: {title}" if page else title, compared)


def _described(request: Request, most: int | None) -> RequestTitle:
    experiment = experiment_at(request.address) if request.address else None
    if experiment is not None:
        path = urlsplit(request.address).path
        return _on_page(path, experiment, most, _seeds(request, experiment, PAGES.get(path, "")))
    runs = list(dict.fromkeys(job.run for job in request.jobs))
    name = capitalized(request.title)
    if not runs:
        return RequestTitle(name, "")
    differing = [path for path, _, value in paths(runs[0]) if any(_at(run, path) != value for run in runs)]
    model, data = runs[0].model.architecture, runs[0].data.name
    parts = [] if "model.architecture" in differing else [ARCHITECTURES[model].label]
    parts += [] if "data.name" in differing else [DATA[data].label]
    changes = _changes(runs[0], differing)
    more = 0 if most is None else len(changes) - most
    parts += [*changes[:most], *([f"{more} more"] if more > 0 else [])]
    return RequestTitle(f"{name}: {', '.join(parts)}", " · ".join(_values(runs, path) for path in differing))


def _seeds(request: Request, experiment: Experiment, page: str) -> str:
    """Return with how many training seeds a request trains each network, if several: ", 3 seeds"."""
    if experiment.compare == SEEDS or page == "Paths":  # which is between two trainings in any case
        return ""
    count = len({job.run.training.seed for job in request.jobs})
    return f", {count} seeds" if count > 1 else ""


def _with_kind(request: Request) -> RequestTitle:
    """Return the title of a request with what is computed, where that is not its beginning."""
    title, compared = _described(request, None)
    known = title.lower().startswith(f"{request.title.lower()}:")
    return RequestTitle(title if known else f"{title}, {request.title}", compared)


def _with_accuracy(request: Request) -> RequestTitle:
    """Return the title of a request with the error that ends its refinement, if any."""
    title, compared = _with_kind(request)
    return RequestTitle(f"{title}, error up to {100 * request.accuracy:g} %" if request.accuracy else title, compared)


def _changes(run: RunSpec, differing: Sequence[str]) -> list[str]:
    """Return the fields that differ from those of the first experiment: "Width 128"."""
    default = next(iter(address.DEFAULT.variants().values()))[0]
    named = {"model.architecture", "data.name", "weights", *differing}
    return [
        f"{rule_at(run, path).label} {value_text(value)}"
        for path, _, value in paths(run)
        if path not in named and value != _at(default, path)
    ]


def _values(runs: Sequence[RunSpec], path: str) -> str:
    """Return the values of a field that differs between networks."""
    values = list(dict.fromkeys(_at(run, path) for run in runs))
    labels = [label(f"run.{path}", value) for value in values]
    if len(values) <= MOST_VALUES:
        return " · ".join(labels)
    return f"{rule_at(runs[0], path).label}: {len(values)} values"


def _at(run: RunSpec, path: str) -> Any:
    return read(run, path)
