"""Work in progress: how far it is, a way to stop it, and the page anew when there is more to see."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import streamlit as st

from normscape.jobs import Job, JobStatus, Request, job_name
from normscape.landscape import Run
from normscape.views.session.job_queue import asked_by_browser, is_connected, job_queue, session_id
from normscape.views.widgets.refresh import redraw_periodically

EVERY, EVERY_EACH = 0.4, 0.15
"""Seconds between two looks: at least, and for each session that waits; all of them look through one process."""

SELDOM, SELDOM_EACH = 3.0, 1.0
"""Seconds that a picture stays at least: a browser without a graphics processor takes about as long to draw it; and
for each session that waits: all pages are made by the process that feeds the workers."""


ARRIVED = 1.0
"""Seconds that a page has to reach the browser before it is made anew: Streamlit throws away what is still on its way,
and with it the values that controls were given, so that they would start from their first options."""


def stopped(request: Request) -> bool:
    """Say whether this session has stopped a request."""
    return request.key in st.session_state.get("stopped", ())


def waiting(request: Request, over: bool, told: Collection[str] = ()) -> None:
    """Show how far a request is and how to stop it, and start the page anew when there is more to see.

    Args:
        request: what was asked; nothing is shown when it is over, but what failed, and a way to try it again.
        over: whether it was over before the page looked at its results: a request that ends while a page is made
            is not over for that page, which has yet to be made anew.
        told: failures that the page shows itself.
    """
    if stopped(request):
        _offer_to_go_on(request)
    elif not over:
        sessions = job_queue().waiting_sessions
        seldom = max(SELDOM, SELDOM_EACH * sessions)
        every = max(EVERY, EVERY_EACH * sessions)
        with st.container(horizontal=True, vertical_alignment="center"):
            redraw_periodically(_watch, every, request, milestones(request), time.monotonic(), seldom)
            st.button(
                "Stop",
                key=f"stop:{request.key[:12]}",
                help="What is done stays; the rest can be asked for again.",
                on_click=_stop,
                args=(request,),
            )
    elif failed := failures(request):
        for sentence in failed:
            if sentence not in told:
                st.error(sentence)
        _offer_to_try_again(request)


def failures(request: Request) -> tuple[str, ...]:
    """Return what went wrong; that a network diverged before the step that is looked at is a result, and no failure."""
    failed = [status for status in map(job_queue().status, request.jobs) if status.state == "failed"]
    return tuple(dict.fromkeys(str(status.error) for status in failed if not _diverged(status.job)))


def _diverged(job: Job) -> bool:
    run: Run | None = job_queue().result(Job("run", job.run))
    return run is not None and run.diverged_at is not None


def milestones(request: Request) -> tuple[int, ...]:
    """Return what a page would draw differently when it changes: how many jobs are over, by stage."""
    queue = job_queue()
    counts = [sum(queue.status(job).done for job in stage.jobs) for stage in request.stages]
    whole = [int(count == len(stage.jobs)) for count, stage in zip(counts, request.stages, strict=True)]
    first = next((stage.jobs for stage in request.stages if stage.refines), ())
    eighths = [8 * status.completed // status.total for status in map(queue.status, first)]  # of one that takes long
    return (*whole, min(eighths, default=0), int(queue.done(request)))


def _stop(request: Request) -> None:
    job_queue().cancel(request.key, session_id(), is_connected)
    st.session_state["stopped"] = {*st.session_state.get("stopped", ()), request.key}


def _watch(request: Request, seen: tuple[int, ...], made: float, seldom: float) -> None:
    queue = job_queue()
    share, sentence = reading(request)
    st.progress(share, text=sentence)
    if queue.connection_error:
        st.error(queue.connection_error)
    age = time.monotonic() - made
    if not asked_by_browser() or age < ARRIVED:
        return
    if queue.done(request) or (milestones(request) != seen and age > seldom):
        st.rerun()


def reading(request: Request) -> tuple[float, str]:
    """Return the share of all known work that is done, in [0, 1], and a sentence about it."""
    queue = job_queue()
    statuses = [queue.status(job) for job in request.jobs]
    open_ones = [status for status in statuses if not status.done]
    running = [status for status in open_ones if status.state == "running"] or open_ones
    share = sum(1.0 if s.done else s.completed / s.total for s in statuses) / max(1, len(statuses))
    if not queue.connected:
        return share, "Starting the workers"
    names = dict.fromkeys(job_name(status.job) for status in running)
    left = sum(status.seconds_left for status in open_ones if status.seconds_left is not None)
    known = f": {_counted(running)}about {left:.0f} s left for what has begun" if left >= 1 else ""
    return min(share, 1.0), f"Now: {', '.join(names) or 'the last points'}{known}"


def _counted(running: Sequence[JobStatus]) -> str:
    """Say how many steps or points are done of what is under way, and how many a second."""
    counted = [status for status in running if status.rate is not None and status.total > 1]
    if not counted:
        return ""
    done, total = sum(status.completed for status in counted), sum(status.total for status in counted)
    rate = total / sum(status.total / status.rate for status in counted if status.rate)
    return f"{done} of {total}, {rate:.3g} a second, "


def _offer_to_go_on(request: Request) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info("Stopped. What was done until then is kept.")
        if st.button("Go on", key=f"go-on:{request.key[:12]}"):
            st.session_state["stopped"] = {key for key in st.session_state["stopped"] if key != request.key}
            st.rerun()


def _offer_to_try_again(request: Request) -> None:
    if st.button("Try again", key=f"again:{request.key[:12]}", help="Has what failed done anew."):
        job_queue().retry(request)
        st.rerun()
