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


def asked_by_browser() -> bool:
    """Say whether it is the browser that has a part of the page drawn anew, so that it has the whole page already."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_connected(session: str) -> bool:
    """Whether a browser session is still connected; without a server there is only this one."""
    return not Runtime.exists() or Runtime.instance().is_active_session(session)
