"""Progress of requests: submit, stop, resume and retry them, and redraw the page as results arrive."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import NamedTuple

import streamlit as st

from normscape.jobs import Job, JobStatus, Request, expected_statuses, job_name, time_left
from normscape.landscape import Run
from normscape.specs import Experiment
from normscape.views.session import address
from normscape.views.session.job_queue import is_connected, is_fragment_rerun, job_queue, note_start, session_id
from normscape.views.session.redraws import Drawn, drawn_now, is_outdated, poll_seconds
from normscape.views.session.stated_time import stated
from normscape.views.texts.escape import printable, printable_error
from normscape.views.widgets.numbers import duration
from normscape.views.widgets.refresh import redraw_periodically

MAX_NAMES = 2
"""Number of measurements that the progress names."""

DELIVERY_SECONDS = 1.0
"""Seconds before a page may rerun: Streamlit discards messages that have not reached the browser, including the initial
values of controls, which would then start from their first option."""


class Submitted(NamedTuple):
    """A request that a session waits for."""

    experiment: Experiment | None
    since: float  # time.monotonic()


def submit(request: Request) -> bool:
    """Submit a request unless this session has stopped it; return whether it is finished.

    Read the results afterwards: then those of a finished request are complete. Requests of this session about another
    experiment than its present one are withdrawn; what they have measured is kept.
    """
    if not is_stopped(request):
        job_queue().submit(request, session_id())
        note_start(request.key)
        _withdraw_superseded(request)
    return job_queue().done(request)


def _withdraw_superseded(request: Request) -> None:
    submitted: dict[str, Submitted] = st.session_state.setdefault("submitted", {})
    experiment = st.session_state.get("experiment")
    before = submitted.get(request.key)
    since = time.monotonic() if before is None or before.experiment != experiment else before.since
    submitted[request.key] = Submitted(experiment, since)
    for key in [key for key, one in submitted.items() if one.experiment != experiment]:
        del submitted[key]
        job_queue().cancel(key, session_id(), is_connected)


def is_stopped(request: Request) -> bool:
    """Return whether this session has stopped a request."""
    return request.key in st.session_state.get("stopped", ())


def show_progress(request: Request, finished: bool, shown: Collection[str] = ()) -> None:
    """Show the progress of a request with a button that stops it, and rerun the page when results arrive.

    A stopped request gets a button that resumes it, a finished one its errors and a button that reruns failed jobs.

    Args:
        request: the request.
        finished: whether it was finished before the page read its results. If it finishes later, the page reruns.
        shown: error messages that the page shows itself.
    """
    if is_stopped(request):
        _resume_button(request)
    elif not finished:
        waited = _waited(request)
        with st.container(horizontal=True, vertical_alignment="center"):
            redraw_periodically(_watch, poll_seconds(waited), request, drawn_now(request, waited))
            st.button(
                "Stop",
                key=f"stop:{request.key[:12]}",
                help="Finished results are kept. You can resume later.",
                on_click=_stop,
                args=(request,),
            )
    elif messages := failures(request):
        for message in messages:
            if message not in shown:
                st.error(printable_error(message))
        _retry_button(request)
    else:
        st.empty()  # in the place of the bar, which would stay until the end of this run and move what follows


def failures(request: Request) -> tuple[str, ...]:
    """Return the error messages of failed jobs, except those of diverged networks, whose divergence is a result."""
    failed = [status for status in map(job_queue().status, request.jobs) if status.state == "failed"]
    return tuple(dict.fromkeys(str(status.error) for status in failed if not _diverged(status.job)))


def _diverged(job: Job) -> bool:
    run: Run | None = job_queue().result(Job("run", job.run))
    return run is not None and run.diverged_at is not None


def _stop(request: Request) -> None:
    job_queue().cancel(request.key, session_id(), is_connected)
    st.session_state["stopped"] = {*st.session_state.get("stopped", ()), request.key}


def _waited(request: Request) -> float:
    """Return the seconds for which the session has waited for a request."""
    submitted: dict[str, Submitted] = st.session_state.get("submitted", {})
    return time.monotonic() - submitted[request.key].since if request.key in submitted else 0.0


def _watch(request: Request, drawn: Drawn) -> None:
    """Show the progress bar, and rerun the page if it is finished or has new results and is old enough."""
    share, text = progress_of(request)
    st.progress(share, text=text)
    show_worker_errors()
    age = time.monotonic() - drawn.at
    if is_fragment_rerun() and age >= DELIVERY_SECONDS and is_outdated(drawn, request, age):
        address.redraw()


def show_worker_errors() -> None:
    """Say why there are no workers, and that workers have stopped responding."""
    snapshot = job_queue().snapshot
    if snapshot.connection_error:
        st.error(printable_error(snapshot.connection_error))
    if count := snapshot.unresponsive:
        who = "A worker stopped" if count == 1 else f"{count} workers stopped"
        st.warning(printable(f"{who} responding. Unfinished work is sent to other workers."))


def progress_of(request: Request) -> tuple[float, str]:
    """Return the finished share of all known work, in [0, 1], and a sentence about it."""
    queue = job_queue()
    submitted = queue.snapshot.requests.get(request.key)
    statuses = expected_statuses(request, queue.status, {} if submitted is None else submitted.errors)
    open_ones = [status for status in statuses if not status.done]
    share = sum(1.0 if s.done else s.completed / s.total for s in statuses) / max(1, len(statuses))
    if not queue.connected:
        return share, "Starting the workers."
    running = [status for status in open_ones if status.state == "running"] or open_ones
    left = time_left(statuses, queue.snapshot.workers)
    if left is not None and left.complete:
        share = left.share  # the bar and the sentence say the same
    known = None if left is None or left.seconds < 1 else left.seconds
    shown = stated(request.key, known, min(share, 1.0), finished=not open_ones)
    others = sum(not one.done for one in queue.requests() if one.request.key != request.key)
    time_sentence = _left(shown.seconds, others, complete=left is not None and left.complete)
    return shown.share, f"{time_sentence} {_doing(running)}".strip()  # a narrow place cuts the end


def _doing(running: Sequence[JobStatus]) -> str:
    """Return what runs, with the steps of training or the points of the grid."""
    kinds = list(dict.fromkeys(status.job.kind for status in running))
    loading = [status.job.run.weights is not None for status in running if status.job.kind == "run"]
    if kinds == ["run"] and all(loading):
        return "Loading published weights."
    if kinds == ["run"]:
        several = f" {len(running)} networks" if running[1:] else ""
        return f"Training{several}: {_steps(running)}."
    ordered = sorted(running, key=lambda status: status.job.kind != "run")  # what the others wait for comes first
    names = list(dict.fromkeys(_name(status.job) for status in ordered))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    verb = "Running" if "run" in kinds else "Measuring"
    return f"{verb}: {', '.join(names[:MAX_NAMES])}{more}." if names else "Finishing."


def _name(job: Job) -> str:
    """Return the name of a job; published weights are loaded and not trained."""
    return "loading published weights" if job.kind == "run" and job.run.weights is not None else job_name(job)


def _steps(running: Sequence[JobStatus]) -> str:
    """Return the steps of trainings: "59 of 300 steps", of several trainings "18 to 59 of 300 steps"."""
    parts = []
    for total in dict.fromkeys(status.total for status in running):
        counts = [status.completed for status in running if status.total == total]
        low, high = min(counts), max(counts)
        parts.append(f"{low} of {total}" if low == high else f"{low} to {high} of {total}")
    return f"{', '.join(parts)} steps"


def _left(seconds: float | None, others: int, *, complete: bool) -> str:
    """Return a bound on the time left, as a sentence; it is longer than *Detail* states while other requests run."""
    if seconds is None:
        return ""
    shared = f", shared with {others} other job{'' if others == 1 else 's'}" if others else ""
    return f"Up to about {duration(seconds)} left{'' if complete else ' for this part'}{shared}."


def requested_by(sessions: Collection[str]) -> str:
    """Return who waits for a request: this session, and the number of other connected sessions."""
    others = sum(is_connected(name) for name in sessions if name != session_id())
    waiting = ["you"] if session_id() in sessions else []
    waiting += [f"{others} other{'' if others == 1 else 's'}"] if others else []
    return f"requested by {' and '.join(waiting)}" if waiting else "its page is closed"


def _resume_button(request: Request) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Stopped. Finished results are kept.", width="content")
        if st.button("Resume", key=f"resume:{request.key[:12]}"):
            st.session_state["stopped"] = {key for key in st.session_state["stopped"] if key != request.key}
            st.rerun()


def _retry_button(request: Request) -> None:
    if st.button("Retry", key=f"retry:{request.key[:12]}", help="Reruns the failed jobs."):
        job_queue().retry(request)
        st.rerun()
