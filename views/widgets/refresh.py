"""Elements that redraw themselves at regular intervals."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import streamlit as st

REFUSED = "The fragment with id"
"""Beginning of Streamlit's message on a redraw that was requested under a name of an earlier run, as is expected."""


def redraw_periodically(draw: Callable[..., None], seconds: float, *arguments: Any) -> None:
    """Draw elements that contain no controls, and redraw them at regular intervals, without the rest of the page.

    They are drawn in a fragment inside a container of its own. Without the container, if the fragment is first redrawn
    while the page's messages are still on their way, Streamlit removes the fragment's position together with its
    content, and the browser cannot place what follows on the page (seen with twenty sessions: "Bad delta path index").

    The fragment's name differs with every run of the page. If a fragment is requested under the name that it had in
    the run before, Streamlit drops what the present run still has to send (`AppSession.request_rerun` says how), the
    next redraw among it, and the browser waits forever; a request under an unknown name is refused. For the same
    reason the fragment contains no controls: a click on one would be refused as well.

    Args:
        draw: draws the elements.
        seconds: interval between two redraws.
        arguments: of `draw`.
    """
    run = st.session_state["fragment_runs"] = st.session_state.get("fragment_runs", 0) + 1

    def fragment() -> None:
        draw(*arguments)

    fragment.__qualname__ = f"{draw.__qualname__}:{run}"
    with st.container():
        st.fragment(fragment, run_every=seconds)()


def _unexpected(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(REFUSED)


logging.getLogger("streamlit.runtime.app_session").addFilter(_unexpected)
