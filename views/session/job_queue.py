"""The job queue of this server, the browser session that uses it, and the visitor behind the session."""

from __future__ import annotations

import hashlib

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from normscape.jobs import Queue, settings

COOKIE = "_streamlit_xsrf"

MOST_SESSIONS = 10_000
"""Sessions whose visitors are kept, and requests whose starters are."""


@st.cache_resource(show_spinner=False)
def job_queue() -> Queue:
    """Return the queue that all browser sessions of this server share; the first call starts the workers."""
    return Queue(settings())


def session_id() -> str:
    """Return the identifier of the browser session that the script runs for."""
    context = get_script_run_ctx()
    return "nobody" if context is None else context.session_id


def register_visitor() -> None:
    """Note which visitor the session of this script run belongs to."""
    known = _visitors()
    known[session_id()] = _visitor()
    while len(known) > MOST_SESSIONS:
        del known[next(iter(known))]


def visitor_of(session: str) -> str:
    """Return the visitor of a browser session; a session that was never registered is its own."""
    return _visitors().get(session, session)


@st.cache_resource(show_spinner=False)
def _visitors() -> dict[str, str]:
    """Return the visitors by session, the earliest session first."""
    return {}


def note_start(key: str) -> None:
    """Note that the session of this script run has started a request, or waits for it."""
    known = _starters()
    known.setdefault(key, {})[session_id()] = None
    while len(known) > MOST_SESSIONS:
        del known[next(iter(known))]


def starters(key: str) -> tuple[str, ...]:
    """Return the sessions that have started a request since this server runs, also after they have stopped it."""
    return tuple(_starters().get(key, ()))


@st.cache_resource(show_spinner=False)
def _starters() -> dict[str, dict[str, None]]:
    """Return the sessions by the request that they have started, the earliest request first."""
    return {}


def _visitor() -> str:
    """Return who visits: a browser by its cookie, without a cookie an address, and without both the session.

    The cookie is the one that Streamlit sets against forged requests. It is the same in all tabs and after a reload,
    until the browser is closed.
    """
    cookie, address = st.context.cookies.get(COOKIE), st.context.ip_address
    if isinstance(cookie, str) and cookie:  # tests of Streamlit have an object in its place
        return hashlib.sha256(_token(cookie).encode()).hexdigest()
    return address if isinstance(address, str) else session_id()


def _token(cookie: str) -> str:
    """Return the token of a cookie "2|mask|masked token|time", whose mask is drawn again with every response."""
    parts = cookie.split("|")
    try:
        mask, masked = bytes.fromhex(parts[1]), bytes.fromhex(parts[2])
    except (IndexError, ValueError):
        return cookie
    return bytes(byte ^ mask[k % len(mask)] for k, byte in enumerate(masked)).hex() if mask else cookie


def is_fragment_rerun() -> bool:
    """Return whether the browser reruns only a fragment, so that it already has the whole page."""
    context = get_script_run_ctx()
    return context is not None and bool(context.fragment_ids_this_run)


def is_connected(session: str) -> bool:
    """Return whether a browser session is still connected; always true without a server."""
    return not Runtime.exists() or Runtime.instance().is_active_session(session)
