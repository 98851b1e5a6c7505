"""Progress of the steps that take long: which step is measured now, how far it is, and about how long it takes."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

import streamlit as st

from normscape.jobs import JobStatus, Request
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import NUMBERS
from normscape.views.session.job_queue import job_queue
from normscape.views.widgets.numbers import duration
from normscape.views.widgets.refresh import redraw_periodically

REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION = 1.0, 0.15
"""Seconds between redraws: the minimum, and per waiting session, since one process serves all sessions."""

MOST = 0.95
"""Share of a job that its elapsed time counts for at most: only the result completes it."""


def current_step(request: Request, steps: Collection[Step]) -> Step | None:
    """Return the first step that is being measured; None while networks train, and when all steps are finished."""
    for step in steps:
        if any(status.state == "running" for status in _statuses(request, step)):
            return step
    return None


def show(request: Request, steps: Collection[Step], seconds: Mapping[str, float]) -> None:
    """Show which of the steps is measured now, or which are waiting, and redraw it until the page reruns.

    Args:
        request: that measures the steps.
        steps: those that take long.
        seconds: estimated time by kind of the step.
    """
    interval = max(REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION * job_queue().waiting_sessions)
    redraw_periodically(_draw, interval, request, tuple(steps), seconds)


def _draw(request: Request, steps: Sequence[Step], seconds: Mapping[str, float]) -> None:
    step = current_step(request, steps)
    if step is not None:
        st.caption(sentence(step, _statuses(request, step), seconds[step.kind]))
        return
    waiting = [step for step in steps if not all(status.done for status in _statuses(request, step))]
    if waiting:
        numbers = ", ".join(str(NUMBERS[step.kind]) for step in waiting)
        total = duration(sum(seconds[step.kind] for step in waiting))
        st.caption(f"Next: {'step' if len(waiting) == 1 else 'steps'} {numbers} (about {total}).")


def sentence(step: Step, statuses: Sequence[JobStatus], seconds: float) -> str:
    """Return how far a step is, as a sentence; the bar at the top of the page shows the share of all steps.

    A measurement reports nothing before its end, so that the time left follows from that since it was first seen.

    Args:
        step: the step.
        statuses: of its jobs, one per network.
        seconds: estimated time of all of them.
    """
    each = max(seconds / max(1, len(statuses)), 1e-9)
    shares = [1.0 if one.done else min(_elapsed(one) / each, MOST) for one in statuses]
    share = sum(shares) / max(1, len(shares))
    done = sum(one.done for one in statuses)
    late = any(not one.done and _elapsed(one) > each for one in statuses)
    left = "takes longer than estimated" if late else f"about {duration(max(1.0, seconds * (1 - share)))} left"
    return (
        f"Measuring step {NUMBERS[step.kind]} ({step.short[0].lower()}{step.short[1:]}): {done} of {len(statuses)} "
        f"{'network' if len(statuses) == 1 else 'networks'} finished, {left}."
    )


def _elapsed(status: JobStatus) -> float:
    """Return the seconds since this session first saw a job running."""
    if status.state != "running":
        return 0.0
    first: dict[object, float] = st.session_state.setdefault("running since", {})
    return time.monotonic() - first.setdefault(status.job, time.monotonic())


def _statuses(request: Request, step: Step) -> list[JobStatus]:
    return [job_queue().status(job) for job in request.jobs if job.kind == step.kind]
