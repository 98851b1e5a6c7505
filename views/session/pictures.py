"""Pictures that are kept: what the browser drew, on its way to one PNG, and a PNG on its way back to an experiment."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from normscape.exports.metadata import MAX_BYTES, read_experiment
from normscape.specs import Display, Experiment, from_query, to_query
from normscape.views.session import address
from normscape.views.widgets.linked_surfaces import Renders, SavedPicture, received_renders

ON_ITS_WAY = 10.0
"""Seconds that a picture is handed to the browser with every making of the page: one of them may be interrupted. The
browser keeps it once."""

PICTURES = ["png"]


def take() -> None:
    """Take over what the browser drew; what is no picture changes nothing."""
    if (found := received_renders()) is not None:
        st.session_state["drawn"] = found


def asked_for(compose: Callable[[Renders], SavedPicture | None]) -> SavedPicture | None:
    """Return the picture that somebody wants to keep, None if nobody does."""
    found = st.session_state.pop("drawn", None)
    if found is not None and (made := compose(found)) is not None:
        st.session_state["kept"] = (made, time.monotonic())
    kept = st.session_state.get("kept")
    return kept[0] if kept is not None and time.monotonic() - kept[1] < ON_ITS_WAY else None


def number() -> int:
    """Return a number that no picture of this session has had."""
    count: int = st.session_state.get("pictures", 0) + 1
    st.session_state["pictures"] = count
    return count


def uploader() -> None:
    """Show where a saved picture is dropped to open its experiment, with the same camera."""
    opened = st.session_state.get("opened-pictures", 0)
    with st.container(key="open-picture"):
        st.file_uploader(
            "Open a saved picture",
            PICTURES,
            key=f"picture-{opened}",
            max_upload_size=MAX_BYTES >> 20,
            on_change=_reopen,
            args=(f"picture-{opened}",),
            help="A picture that was saved here carries its experiment. Drop it here, or anywhere on the page "
            "*Surfaces*, and the page shows that experiment, seen from the same side.",
        )
        if trouble := st.session_state.get("picture-trouble"):
            st.error(trouble)


def _reopen(key: str) -> None:
    """Make the experiment of a picture the session's own; a picture without one gets a sentence and changes nothing."""
    file = st.session_state.get(key)
    st.session_state["picture-trouble"] = None
    if file is None:
        return
    try:
        experiment, display = _known(*read_experiment(file.getvalue()))
    except ValueError as error:
        st.session_state["picture-trouble"] = str(error)
        return
    address.adopt(experiment)
    address.publish(experiment, display)
    st.session_state["opened-pictures"] = st.session_state.get("opened-pictures", 0) + 1


def _known(experiment: Experiment, display: Display) -> tuple[Experiment, Display]:
    """Return what a picture says if this version has everything that it names.

    Raises:
        ValueError: a network, a norm or a data set is unknown here.
    """
    read, notes = from_query(to_query(experiment, Experiment()), Experiment(), address.NAMES)
    if notes or read != experiment:
        raise ValueError(f"This picture's experiment cannot be opened here. {' '.join(notes)}")
    return experiment, display
