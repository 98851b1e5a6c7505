"""The address: every choice of a page, readable, shareable, and read back on opening."""

import time
from urllib.parse import urlencode

import streamlit as st

from normscape.landscape import DATA
from normscape.models import REGISTRIES
from normscape.specs import Display, Experiment, from_query, to_query
from normscape.views.session.presets import DEFAULT

NAMES = {**REGISTRIES, "data": tuple(DATA)}

STALE_SECONDS = 3.0
"""How long after a change of the address the browser may still send requests that carry the address before it."""


def opened(page: str = "") -> tuple[Experiment, Display]:
    """Return what the page is about: what this session chose, or what the address says where it was changed.

    Entries of the address that cannot be used are put aside as notes, for `notes` to show. Going to another page
    empties the address, which changes nothing.

    Args:
        page: the path of the page that is opened.
    """
    query = st.query_params.to_dict()
    if page != st.session_state.get("page", page) and not query:
        query = st.session_state["address"]
    if _is_stale(query):
        query = st.session_state["address"]
    st.session_state["page"] = page
    if "experiment" not in st.session_state or query != st.session_state["address"]:
        experiment, about_experiment = from_query(query, DEFAULT, NAMES)
        display, about_display = from_query(query, Display(), NAMES)
        adopt(experiment)
        st.session_state.update(address=query, display=display, notes=about_experiment + about_display)
    return st.session_state["experiment"], st.session_state["display"]


def adopt(experiment: Experiment, step: str | None = None) -> None:
    """Make an experiment the session's own: its controls are new ones, and start from it.

    Args:
        experiment: the experiment.
        step: the step of the analysis that it is about, which is measured without being asked for.
    """
    adopted = st.session_state.get("adopted", 0) + 1
    st.session_state.update(experiment=experiment, step=step, adopted=adopted)


def control(path: str) -> str:
    """Return the key of a field's control; a control of another experiment has another key.

    A control is given the value it starts from with every making of the page, and is never set through the session:
    Streamlit sends what is set to the browser once, and throws it away if another run begins before that, as happens
    on a busy machine. The control would then start from its first option, and send that back as if somebody had
    chosen it.
    """
    return f"field:{st.session_state.get('adopted', 0)}:{path}"


def of(experiment: Experiment, display: Display) -> str:
    """Return the address of an experiment, from the root on."""
    return "/?" + urlencode(to_query(experiment, DEFAULT) | to_query(display, Display()), safe=",")


def publish(experiment: Experiment, display: Display) -> None:
    """Write the choices into the address, in place of what was there."""
    query = to_query(experiment, DEFAULT) | to_query(display, Display())
    replaced = st.session_state.get("address", query)
    if replaced != query:
        st.session_state["replaced"] = [*_recently_replaced(), (time.monotonic(), replaced)]
    st.session_state.update(experiment=experiment, display=display, address=query)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def _is_stale(query: dict[str, str]) -> bool:
    """Return whether the browser sent an address before it received the one that replaced it.

    Taken for a change by the user, it would undo the choices made since.
    """
    return any(query == replaced for _, replaced in _recently_replaced())


def _recently_replaced() -> list[tuple[float, dict[str, str]]]:
    """Return the addresses that were replaced within `STALE_SECONDS`, each with its time."""
    since = time.monotonic() - STALE_SECONDS
    return [entry for entry in st.session_state.get("replaced", []) if entry[0] > since]


def notes() -> tuple[str, ...]:
    """Return what could not be used of the address that this session opened."""
    return tuple(st.session_state.get("notes", ()))
