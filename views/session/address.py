"""The URL of a page: it holds the whole experiment and display, and restores them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from normscape.gallery.stories import Story
from normscape.landscape import DATA
from normscape.models import ENTRIES, REGISTRIES
from normscape.specs import Display, Experiment, from_query, to_query
from normscape.specs.experiment import register_labels
from normscape.specs.serialization.query import unknown_entries
from normscape.views.session import own_files

DEFAULT = Experiment()

BUILT_IN_DATA = tuple(DATA)


class _Labels(Mapping[str, Mapping[str, str]]):
    """The entries of all registries that can be chosen now, with their labels; own files may change."""

    def __getitem__(self, registry: str) -> Mapping[str, str]:
        if registry == "data":
            return {name: DATA[name].label for name in BUILT_IN_DATA + own_files.data_names() if name in DATA}
        return {name: ENTRIES[registry][name].label for name in REGISTRIES[registry] if name in ENTRIES[registry]}

    def __iter__(self) -> Iterator[str]:
        return iter((*REGISTRIES, "data"))

    def __len__(self) -> int:
        return len(REGISTRIES) + 1


NAMES = _Labels()

register_labels("run.data.name", {name: source.label for name, source in DATA.items()})

SIZES = (
    "run.model.depth",
    "run.model.width",
    "run.data.size",
    "run.training.steps",
    "run.training.recorded_samples",
    "run.training.checkpoints",
    "surface.evaluation.samples",
    "surface.evaluation.checkpoint",
    "surface.grid.points",
)
"""The fields that `landscape.fitted` sets."""

WITHOUT_QUERY = ("gallery", "guide")
"""Pages that are not about an experiment: their URL has none, so that *Back* returns to it."""

FIRST = {"compare": "model.norm"}
"""The query of a link to the first experiment. Without one, a page keeps the experiment of the session."""

REDRAWN = "redrawn"
"""Key of the mark that a run was started by the arrival of results, not by the user."""

CONTROL = "field:"
"""The start of the key of every control."""

MOST_REPLACED = 64
"""Earlier URLs of a session that are recognized."""


def opened(page: str = "") -> tuple[Experiment, Display]:
    """Return the session's experiment and display, or those of the URL if the user changed it.

    Invalid entries of the URL become messages, which `notes` returns. Opening another page empties the URL; the session
    then keeps its experiment. The pages `WITHOUT_QUERY` keep it as well.

    Args:
        page: the path of the page that is opened.
    """
    query = st.query_params.to_dict()
    if query == FIRST:
        query = {}
    elif not query and (page in WITHOUT_QUERY or page != st.session_state.get("page", page)):
        query = st.session_state.get("address", query)
    # a run that the progress started repeats the URL that the browser sent with its last request, however old
    if st.session_state.pop(REDRAWN, False) or _is_stale(query, page):
        query = st.session_state["address"]
    st.session_state["page"] = page
    if "experiment" not in st.session_state or query != st.session_state["address"]:
        experiment, about_experiment = from_query(query, DEFAULT, NAMES)
        display, about_display = from_query(query, Display(), NAMES)
        adopt(experiment)
        unknown = unknown_entries(query, (DEFAULT, display))
        st.session_state.update(address=query, display=display, notes=unknown + about_experiment + about_display)
    return st.session_state["experiment"], st.session_state["display"]


def adopt(experiment: Experiment, step: str | None = None) -> None:
    """Replace the session's experiment; all controls get new keys and start from its values.

    Args:
        experiment: the experiment.
        step: the step of the analysis that is measured at once, if any.
    """
    adopted = st.session_state.get("adopted", 0) + 1
    st.session_state.update(experiment=experiment, step=step, adopted=adopted)


def adopt_story(story: Story) -> None:
    """Replace the session's experiment by a story's, in the metric and scale that it opens with."""
    adopt(story.experiment)
    st.session_state["display"] = story_display(story)


def story_display(story: Story) -> Display:
    """Return the session's display as a story opens: with its metric and scale, and measuring only what is stored."""
    own: Display = st.session_state.get("display", Display())
    first = story.display
    shown = {name: getattr(first, name) for name in ("metric", "layer", "scale", "point", "losses_only")}
    return replace(own, **shown)


def resize(experiment: Experiment) -> None:
    """Replace the numbers of the session's experiment that decide how long it takes (`SIZES`).

    Only their controls get new keys, so that an edit in progress in another one is not lost.
    """
    st.session_state.update(experiment=experiment, resized=st.session_state.get("resized", 0) + 1)


def redraw() -> NoReturn:
    """Run the page again because results have arrived; the session keeps its experiment and display."""
    st.session_state[REDRAWN] = True
    st.rerun()


def control(path: str) -> str:
    """Return the key of a field's control, which is new for each adopted experiment.

    Every script run passes the initial value to the control; the session state never sets it. Streamlit sends a value
    set that way only once and discards it if another run begins first, as happens on a busy machine. The control would
    then start from its first option and report it as the user's choice.
    """
    resized = st.session_state.get("resized", 0) if path in SIZES else 0
    renewed = st.session_state.get("renewed", {}).get(path, 0)
    ends = [f":{resized}" if resized else "", f":again {renewed}" if renewed else ""]
    return f"{CONTROL}{st.session_state.get('adopted', 0)}:{path}{''.join(ends)}"


def renew(path: str) -> None:
    """Give the control of a field a new key: it starts again from the value of the experiment."""
    counts: dict[str, int] = st.session_state.setdefault("renewed", {})
    counts[path] = counts.get(path, 0) + 1


def of(experiment: Experiment, display: Display, page: str = "") -> str:
    """Return the URL of an experiment, relative to the server.

    Args:
        experiment: which one.
        display: metric and camera.
        page: the path of the page; empty for Surfaces.
    """
    return f"/{page}?" + urlencode(_query(experiment, display), safe=",")


def link_query(experiment: Experiment, display: Display) -> dict[str, str]:
    """Return the query of a link that opens an experiment, whatever the session has: it is never empty."""
    return _query(experiment, display) or FIRST


def _query(experiment: Experiment, display: Display) -> dict[str, str]:
    return to_query(experiment, DEFAULT) | to_query(display, Display())


def publish(experiment: Experiment, display: Display) -> None:
    """Store experiment and display in the session, and write them to the URL of a page that is about an experiment."""
    query = _query(experiment, display)
    previous = st.session_state.get("address", query)
    if previous != query:
        replaced = [one for one in st.session_state.get("replaced", ()) if one != query]
        st.session_state["replaced"] = [*replaced, previous][-MOST_REPLACED:]
    st.session_state.update(experiment=experiment, display=display, address=query)
    written = st.query_params.to_dict()
    named = written == query or (written == FIRST and not query)
    if not named and st.session_state.get("page") not in WITHOUT_QUERY:
        st.query_params.from_dict(query)


def _is_stale(query: dict[str, str], page: str) -> bool:
    """Return whether the browser sent a URL that it had not replaced yet.

    A busy browser lags behind by many seconds. Treated as a change by the user, the URL would undo the choices since.
    """
    own = st.session_state.get("page", page) == page  # a link to another page may have any URL
    return own and not is_history_navigation() and query in st.session_state.get("replaced", ())


def is_history_navigation() -> bool:
    """Return whether the browser's Back or Forward started this run: then its URL is what the user wants."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def notes() -> tuple[str, ...]:
    """Return messages about invalid entries of the URL that this session opened."""
    return tuple(st.session_state.get("notes", ()))
