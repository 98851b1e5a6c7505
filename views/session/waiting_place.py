"""The place of a figure before its first network: what is done for each network now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from normscape.jobs import Job, JobStatus, kind_name
from normscape.views.session.job_queue import job_queue
from normscape.views.texts.escape import printable
from normscape.views.widgets.refresh import redraw_periodically

REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION = 1.0, 0.3
"""Seconds between redraws: the minimum, and per waiting session, since one process serves all sessions."""

STOPPED = "Nothing is measured. Resume to see the figure."


def waiting_place(
    jobs: Mapping[str, Sequence[Job]], name: str, height: int, *, stopped: bool, key: str = "figure"
) -> None:
    """Show a frame of the size of a figure that says what is done for each network.

    Args:
        jobs: what the figure needs of each network, in the order in which it runs, by label.
        name: of what the figure shows; follows "appears here".
        height: of the figure in pixels.
        stopped: whether nothing more will come.
        key: of the place; unique on the page.
    """
    with st.container(
        height=height,
        border=True,
        horizontal_alignment="center",
        vertical_alignment="center",
        key=f"waiting-{key}",
    ):
        if stopped:
            st.caption(STOPPED, width="content")
            return
        interval = max(REDRAW_SECONDS, REDRAW_SECONDS_PER_SESSION * job_queue().waiting_sessions)
        redraw_periodically(_draw, interval, dict(jobs), name)


def _draw(jobs: Mapping[str, Sequence[Job]], name: str) -> None:
    lines = [
        f"- **{printable(label)}**: {state([job_queue().status(job) for job in own])}" for label, own in jobs.items()
    ]
    st.caption("\n".join([f"The {name} appears here, network by network.", "", *lines]), width="content")


def state(statuses: Sequence[JobStatus]) -> str:
    """Return what is done for a network: the first unfinished job, with the steps of a training.

    Args:
        statuses: of its jobs, in the order in which they run.
    """
    first = next((one for one in statuses if not one.done), None)
    if first is None:
        return "measured"
    if first.job.kind == "run":
        running = first.state == "running"
        return f"training, {first.completed} of {first.total} steps" if running else "waiting to train"
    doing = kind_name(first.job.kind)
    done = sum(one.done for one in statuses if one.job.kind == first.job.kind)
    count = sum(one.job.kind == first.job.kind for one in statuses)
    of = f", {done} of {count}" if count > 1 else ""
    return f"measuring the {doing}{of}" if first.state == "running" or done else f"trained, next: the {doing}"
