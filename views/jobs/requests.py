"""Requests of pages: those that run, with their remaining time, and those that failed or were stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import streamlit as st

from normscape.jobs import Request, RequestStatus
from normscape.views.jobs.rows import Row, row
from normscape.views.jobs.titles import PAGES, RequestTitle, request_titles
from normscape.views.session.job_queue import (
    is_connected,
    job_queue,
    note_start,
    session_id,
    starters,
    visitor_of,
)
from normscape.views.session.progress import failures, progress_of, requested_by, show_worker_errors
from normscape.views.texts.escape import printable
from normscape.views.texts.public import is_public
from normscape.views.widgets.moments import moment
from normscape.views.widgets.numbers import duration
from normscape.views.widgets.recent_cards import experiment_at, picture_of

MOST_LISTED = 20
RECENT_SECONDS = 3600
STOPPED_TEXT = "Stopped here, or replaced when the experiment on their page changed. Finished results are kept."
STOP_HELP = "Finished results are kept. You can resume later."
SHARED_STOP_HELP = "Only you stop waiting: it keeps running for the others."
RESUME_HELP = "Continues where it stopped."
RETRY_HELP = "Runs what failed again."
CLEAR_HELP = "Removes it from this list. Finished results are kept."
NOTHING = "**Nothing is running.** Open a comparison and change a setting: its progress appears here."
ELSEWHERE = "in another browser tab or by another visitor; only that page can stop it"
CLOSED = "Its page is closed; it keeps running."
NEXT = {"Open Surfaces": "views/surface/page.py", "Browse the Gallery": "views/gallery/page.py"}  # pages by label


def show_requests() -> None:
    """Show the requests that run, the errors of those that failed, and those that were stopped.

    Visitors of a public server see failed and stopped requests of their own only; on any other server, those that were
    stopped are shown to others once the pages that started them are closed.
    """
    queue = job_queue()
    show_worker_errors()
    requests = queue.requests()
    running = [entry for entry in requests if not entry.done]
    shown = [entry for entry in requests if _is_own(entry)] if is_public() else requests
    stopped = [entry for entry in requests if _is_stopped_here(entry) and _share(entry.request) < 1.0][:MOST_LISTED]
    failed = [(entry, errors) for entry in shown if entry.finished and (errors := failures(entry.request))]
    failed = failed[:MOST_LISTED]
    titles = request_titles([entry.request for entry in (*running, *stopped, *(one for one, _ in failed))])
    st.subheader("Running", anchor=False)
    if not running:
        _nothing_running()
    with st.container(key="rows-running", gap=None):
        for entry in running:
            _running(entry, titles[entry.request.key])
    if failed:
        st.subheader("Failed", anchor=False)
        with st.container(key="rows-failed", gap=None):
            for entry, errors in failed:
                _failed(entry, titles[entry.request.key], errors)
    if stopped:
        _stopped(stopped, titles)


def _nothing_running() -> None:
    """Say what a visitor can do next."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="nothing-running"):
        st.markdown(NOTHING)
        with st.container(horizontal=True, gap="small", key="start-jobs", width="content"):
            for label, path in NEXT.items():
                st.page_link(path, label=label)


def _running(entry: RequestStatus, title: RequestTitle) -> None:
    """Show the progress of a request, with a button that stops it for a session that waits for it."""
    key, others = entry.request.key, {name for name in entry.sessions if is_connected(name)} - {session_id()}
    own = session_id() in entry.sessions
    share, sentence = progress_of(entry.request)
    text, actions = _row(entry, title, running=True)
    text.progress(share, text=f"{sentence} {_origin(entry, own, bool(others))}")
    if own or not (others or is_public()):
        help_text = SHARED_STOP_HELP if others else STOP_HELP
        actions.button("Stop", f"stop-here:{key[:12]}", help_text, on_click=_stop, args=(entry.request,))


def _origin(entry: RequestStatus, own: bool, others: bool) -> str:
    """Return when a request was started and, if that is not this session alone, who waits for it."""
    if own:
        return f"Started {_ago(entry)}{', ' + requested_by(entry.sessions) if others else ''}."
    return f"Started {_ago(entry)} {ELSEWHERE}." if others else f"Started {_ago(entry)}. {CLOSED}"


def _failed(entry: RequestStatus, title: RequestTitle, errors: Sequence[str]) -> None:
    """Show the errors of a request, with a button that runs its failed jobs again."""
    text, actions = _row(entry, title)
    text.error(printable(" ".join(errors)))
    actions.button("Retry", f"retry-here:{entry.request.key[:12]}", RETRY_HELP, on_click=_retry, args=(entry.request,))


def _stopped(entries: Sequence[RequestStatus], titles: Mapping[str, RequestTitle]) -> None:
    """Show stopped requests, with buttons that resume them or remove them from the list."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Stopped", anchor=False)
        if len(entries) > 1:
            every = [entry.request for entry in entries]
            st.button("Clear all", type="tertiary", help=CLEAR_HELP, on_click=_clear, args=every)
    st.caption(STOPPED_TEXT)
    with st.container(key="rows-stopped", gap=None):
        for entry in entries:
            request = entry.request
            text, actions = _row(entry, titles[request.key])
            text.caption(f"{_share(request):.0%} finished. Started {_ago(entry)}.")
            with actions:
                st.button("Resume", f"resume-here:{request.key[:12]}", RESUME_HELP, on_click=_resume, args=(request,))
                st.button("Clear", f"clear:{request.key[:12]}", CLEAR_HELP, on_click=_clear, args=(request,))


def _row(entry: RequestStatus, title: RequestTitle, *, running: bool = False) -> Row:
    """Show the picture and the title of a request, and return the places of its progress and of its buttons."""
    link = entry.request.address
    experiment = experiment_at(link) if link else None
    picture = None if experiment is None else picture_of(experiment, link, running=running)[0]
    page = PAGES.get(urlsplit(link).path, "") if link else ""
    places = row(f"request-{entry.request.key[:12]}", picture, f"Surfaces of {title.compared}", page)
    places.text.markdown(_heading(entry, title))
    if title.compared:
        places.text.caption(printable(title.compared))
    return places


def _share(request: Request) -> float:
    """Return the finished share of a request, every job with equal weight."""
    statuses = [job_queue().status(job) for job in request.jobs]
    done = [1.0 if one.state == "finished" else one.completed / max(1, one.total) for one in statuses]
    return sum(done) / max(1, len(done))


def _stop(request: Request) -> None:
    job_queue().cancel(request.key, session_id(), is_connected)
    _mark_stopped(request.key, stopped=True)


def _resume(request: Request) -> None:
    _mark_stopped(request.key, stopped=False)
    job_queue().submit(request, session_id())
    note_start(request.key)


def _retry(request: Request) -> None:
    job_queue().retry(request)
    _resume(request)


def _clear(*requests: Request) -> None:
    for request in requests:
        job_queue().forget(request)


def _mark_stopped(key: str, *, stopped: bool) -> None:
    """Set whether the pages of this session submit a request again."""
    others = {one for one in st.session_state.get("stopped", ()) if one != key}
    st.session_state["stopped"] = others | {key} if stopped else others


def _heading(entry: RequestStatus, title: RequestTitle) -> str:
    """Return the title of a request, linked to its page if it has one."""
    text, link = printable(title.title), entry.request.address
    return f"[**{text}**]({link})" if link else f"**{text}**"


def _is_own(entry: RequestStatus) -> bool:
    """Return whether this session waits for a request or has stopped it."""
    return session_id() in entry.sessions or entry.request.key in st.session_state.get("stopped", ())


def _is_stopped_here(entry: RequestStatus) -> bool:
    """Return whether a request is stopped and the visitor may resume it: it is theirs, or nobody's who is there."""
    if not entry.cancelled or _is_own(entry):
        return entry.cancelled
    sessions, visitor = starters(entry.request.key), visitor_of(session_id())
    return visitor in map(visitor_of, sessions) or not (is_public() or any(map(is_connected, sessions)))


def _ago(entry: RequestStatus) -> str:
    """Return when a request was started: for an hour how long ago that is, and then the moment."""
    seconds = time.time() - entry.submitted_at
    return f"{duration(seconds)} ago" if seconds < RECENT_SECONDS else moment(entry.submitted_at)
