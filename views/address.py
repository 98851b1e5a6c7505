"""The address: every choice of a page, readable, shareable, and read back on opening."""

import time
from urllib.parse import urlencode

import streamlit as st

from landscape import DATA
from models import REGISTRIES
from specs import Display, Experiment, from_query, to_query
from views.presets import DEFAULT

GIVEN = ("field:compare", "field:values:", "field:run.", "field:surface.", "field:display.")
"""Controls whose values are set from the session; the others have defaults of their own."""

ARRIVED = 3.0
"""Seconds after which what a page that is made to its end had to say is with the browser."""

NAMES = {**REGISTRIES, "data": tuple(DATA)}


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
    st.session_state["page"] = page
    if "experiment" not in st.session_state or query != st.session_state["address"]:
        experiment, about_experiment = from_query(query, DEFAULT, NAMES)
        display, about_display = from_query(query, Display(), NAMES)
        adopt(experiment)
        st.session_state.update(address=query, display=display, notes=about_experiment + about_display)
    return st.session_state["experiment"], st.session_state["display"]


def adopt(experiment: Experiment) -> None:
    """Make an experiment the session's own: widgets forget what they showed and start from it."""
    for key in _fields():
        del st.session_state[key]
    st.session_state["experiment"] = experiment
    st.session_state["sent"] = None


def hold() -> None:
    """Give the controls their values once more, until the browser has them.

    A value that is set here reaches the browser with one run's messages. If another run begins before these are on
    their way, as happens on a busy machine, Streamlit throws them away and does not set the value again: the control
    then starts from its first option, and sends that back as if somebody had chosen it.
    """
    sent = st.session_state.get("sent")
    if sent is not None and time.monotonic() - sent > ARRIVED:
        return
    for key in _fields():
        if key.startswith(GIVEN):
            st.session_state[key] = st.session_state[key]


def sent() -> None:
    """Note that a page is made to its end."""
    if st.session_state.get("sent") is None:
        st.session_state["sent"] = time.monotonic()


def _fields() -> list[str]:
    return [str(key) for key in st.session_state if str(key).startswith("field:")]


def of(experiment: Experiment, display: Display) -> str:
    """Return the address of an experiment, from the root on."""
    return "/?" + urlencode(to_query(experiment, DEFAULT) | to_query(display, Display()), safe=",")


def publish(experiment: Experiment, display: Display) -> None:
    """Write the choices into the address, in place of what was there."""
    query = to_query(experiment, DEFAULT) | to_query(display, Display())
    st.session_state.update(experiment=experiment, display=display, address=query)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def notes() -> tuple[str, ...]:
    """Return what could not be used of the address that this session opened."""
    return tuple(st.session_state.get("notes", ()))
