"""Saved pictures: renders from the browser become a PNG, and an uploaded file becomes its experiment again."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from normscape.exports.metadata import MAX_BYTES
from normscape.exports.reading.experiment import ENDINGS, experiment_of
from normscape.specs import Display, Experiment, from_query, to_query
from normscape.specs.serialization.query import reasons
from normscape.views.session import address
from normscape.views.texts.escape import printable, printable_error
from normscape.views.widgets.linked_surfaces import Renders, SavedPicture, received_renders

DELIVERY_SECONDS = 10.0
"""How long script runs pass a picture to the browser, since a run may be interrupted; the browser saves it once."""


def store_renders() -> None:
    """Store the renders that the browser sent; ignore invalid ones."""
    if (renders := received_renders()) is not None:
        st.session_state["renders"] = renders


def requested_picture(compose: Callable[[Renders], SavedPicture | None]) -> SavedPicture | None:
    """Return the picture that the user saves, None if there is no such request."""
    renders = st.session_state.pop("renders", None)
    if renders is not None and (picture := compose(renders)) is not None:
        st.session_state["saved-picture"] = (picture, time.monotonic())
    saved = st.session_state.get("saved-picture")
    return saved[0] if saved is not None and time.monotonic() - saved[1] < DELIVERY_SECONDS else None


def saved_picture(name: str, make: Callable[[], bytes]) -> SavedPicture | None:
    """Return a picture for the browser to save, or show why there is none."""
    try:
        return SavedPicture(number(), name, make())
    except ValueError as error:  # the browser may send anything, or images of an earlier comparison
        st.error(f"The picture could not be made: {printable_error(error)}")
        return None


def number() -> int:
    """Return the number of the session's next picture."""
    count: int = st.session_state.get("pictures", 0) + 1
    st.session_state["pictures"] = count
    return count


def uploader() -> None:
    """Show the upload that opens the experiment, and the camera, of a saved file."""
    opened = st.session_state.get("opened-pictures", 0)
    with st.container(key="open-picture"):
        st.file_uploader(
            "Open a saved file",
            list(ENDINGS),
            key=f"picture-{opened}",
            max_upload_size=MAX_BYTES >> 20,
            on_change=_reopen,
            args=(f"picture-{opened}",),
            help="Pictures, interactive pages, NPZ, HDF5, GLB and VTS files that were saved here carry their "
            "experiment: drop one here or anywhere on the page *Surfaces*. Surfaces of other tools open on *Files*.",
        )


def show_outcome() -> None:
    """Confirm that an uploaded picture has been opened, or show why not; it may have been dropped on the page."""
    if name := st.session_state.pop("picture-opened", None):
        st.toast(f"Opened the experiment of {printable(name)}.", icon=":material/check:", duration="long")
    if message := st.session_state.get("picture-error"):
        st.error(printable(message))


def _reopen(key: str) -> None:
    """Adopt the experiment of an uploaded picture, or show why it has none."""
    file = st.session_state.get(key)
    st.session_state["picture-error"] = None
    if file is None:
        return
    try:
        experiment, display = accepted(*experiment_of(file.getvalue()))
    except ValueError as error:
        st.session_state["picture-error"] = str(error)
        return
    address.adopt(experiment)
    address.publish(experiment, display)
    st.session_state["opened-pictures"] = st.session_state.get("opened-pictures", 0) + 1
    st.session_state["picture-opened"] = file.name


def accepted(experiment: Experiment, display: Display) -> tuple[Experiment, Display]:
    """Return a file's experiment and display if an address with them opens them.

    Raises:
        ValueError: it does not, since a network, a norm or a data set is unknown here.
    """
    for spec, default in ((experiment, Experiment()), (display, Display())):
        read, notes = from_query(to_query(spec, default), default, address.NAMES)
        if notes or read != spec:
            raise ValueError(f"The experiment of this file cannot be opened here. {reasons(notes)}".strip())
    return experiment, display
