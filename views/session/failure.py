"""A page that fails: one sentence and a way back on the page, and the details in the server's log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.errors import FragmentHandledException

LOGGER = logging.getLogger(__name__)

SENTENCE = "This page has failed. The log of the server has the details."

WAY_BACK = "Open the first experiment"


@contextmanager
def failure_shown() -> Iterator[None]:
    """Show one sentence and a way back for any exception of the block; the exception goes to the log."""
    try:
        yield
    except FragmentHandledException:  # Streamlit has shown it in its place
        raise
    except Exception:
        LOGGER.exception("A page has failed.")
        st.error(SENTENCE)
        st.button(WAY_BACK, on_click=_start_over)


def _start_over() -> None:
    """Forget everything of this session, its address included."""
    st.session_state.clear()
    st.query_params.clear()
