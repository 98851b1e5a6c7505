"""When a page that waits for results is polled and redrawn."""

from __future__ import annotations

import time
from typing import NamedTuple

from normscape.jobs import Request
from normscape.views.session.job_queue import job_queue

POLL_SECONDS, POLL_SECONDS_PER_SESSION = 0.4, 0.15
"""Seconds between polls: the minimum, and per waiting session, since one process serves all sessions."""

REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION = 3.0, 1.0
"""Seconds between redraws of the page: the minimum, about what a browser without a GPU takes for one, and per waiting
session, since the process that feeds the workers also runs the pages."""

POLL_SHARE, MOST_POLL_SECONDS, REDRAW_SHARE = 0.01, 2.0, 0.1
"""What a page has waited, times these, is the least time between polls, and between redraws for partial results: those
of long computations are drawn less often, since drawing takes processor time from them."""


class Milestones(NamedTuple):
    """What has arrived of a request."""

    whole: tuple[int, ...]  # stages, and all of it
    part: tuple[int, ...]  # eighths of the first surfaces, and training steps


class Drawn(NamedTuple):
    """What a page shows of a request, and how long it stays."""

    at: float  # time.monotonic()
    milestones: Milestones
    trained: int  # networks
    seconds: float  # at least, unless nothing had arrived
    seconds_for_part: float  # the same, while no stage has been completed since


def poll_seconds(waited: float) -> float:
    """Return the seconds between polls of a page that has waited so long, in seconds."""
    by_sessions = POLL_SECONDS_PER_SESSION * job_queue().waiting_sessions
    return max(POLL_SECONDS, by_sessions, min(POLL_SHARE * waited, MOST_POLL_SECONDS))


def drawn_now(request: Request, waited: float) -> Drawn:
    """Return what a page that is being drawn shows of a request, for which it has waited so long, in seconds."""
    seconds = max(REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION * job_queue().waiting_sessions)
    return Drawn(time.monotonic(), milestones(request), _trained(request), seconds, REDRAW_SHARE * waited)


def is_outdated(drawn: Drawn, request: Request, age: float) -> bool:
    """Return whether what a page shows is to be replaced by what has arrived since.

    Args:
        drawn: what it shows.
        request: what it waits for.
        age: seconds since it was drawn.
    """
    if job_queue().done(request) or _trained(request) != drawn.trained:
        return True
    now = milestones(request)
    if now == drawn.milestones:
        return False
    if not any((*drawn.milestones.whole, *drawn.milestones.part)):
        return True  # the first result of all
    return age >= (drawn.seconds if now.whole != drawn.milestones.whole else max(drawn.seconds, drawn.seconds_for_part))


def milestones(request: Request) -> Milestones:
    """Return values whose change calls for a redraw."""
    queue = job_queue()
    counts = [sum(queue.status(job).done for job in stage.jobs) for stage in request.stages]
    whole = [int(count == len(stage.jobs)) for count, stage in zip(counts, request.stages, strict=True)]
    first = next((stage.jobs for stage in request.stages if stage.refines), ())
    eighths = [8 * status.completed // status.total for status in map(queue.status, first)]
    # surfaces have training curves in their place until they arrive
    runs = [job for job in request.jobs if job.kind == "run"] if first else []
    steps = sum(status.completed for status in map(queue.status, runs))
    return Milestones((*whole, int(queue.done(request))), (min(eighths, default=0), steps))


def _trained(request: Request) -> int:
    """Return how many networks are trained: then a page must not say any longer that they train."""
    return sum(job_queue().status(job).done for job in request.jobs if job.kind == "run")
