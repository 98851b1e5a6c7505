"""The job queue of this server, and the browser session that uses it."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from normscape.jobs import Queue, settings


@st.cache_resource(show_spinner=False)
def job_queue() -> Queue:
    """Return the queue that all browser sessions of this server share; the first call starts the workers."""
    return Queue(settings())


def session_id() -> str:
    """Return the identifier of the browser session that the script runs for."""
    context = get_script_run_ctx()
    return "nobody" if context is None else context.session_id


def is_fragment_rerun() -> bool:
    """Return whether the browser reruns only a fragment, so that it already has the whole page."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_connected(session: str) -> bool:
    """Return whether a browser session is still connected; always true without a server."""
    return not Runtime.exists() or Runtime.instance().is_active_session(session)
