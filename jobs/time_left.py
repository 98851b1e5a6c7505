"""The time that a request still takes, estimated from what its jobs have taken so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from normscape.jobs.snapshot import JobStatus

POINTS: Mapping[str, float] = {
    "losses": 0.35,
    "plane": 1.0,
    "center": 4.0,
    "direct-loss": 1.0,
    "checks": 20.0,
    "sharpness": 60.0,
    "scale-free-sharpness": 60.0,
}
"""Assumed cost of a job in points of a surface, until a job of its kind has been measured; 1 for other kinds."""


class TimeLeft(NamedTuple):
    """Remaining seconds of all jobs whose speed is known."""

    seconds: float
    complete: bool  # whether those are all jobs


def time_left(statuses: Sequence[JobStatus], workers: int) -> TimeLeft | None:
    """Return how long the unfinished jobs take; None while no speed is known.

    Trainings are chains of steps, which run side by side. Grids that may turn out not to be needed count in full.

    Args:
        statuses: of all jobs of a request.
        workers: that share the jobs; none while the cluster starts, which counts as one.
    """
    workers = max(1, workers)
    speeds = {kind: _seconds_per_unit(statuses, kind) for kind in {status.job.kind for status in statuses}}
    chains, shared, complete, known = [], 0.0, True, False
    for status in statuses:
        if status.done:
            continue
        seconds = _seconds(status, speeds)
        known |= seconds is not None
        complete &= seconds is not None
        if status.job.kind == "run":
            chains.append(seconds or 0.0)
        else:
            shared += seconds or 0.0
    if not known:
        return None
    training = max(max(chains), sum(chains) / workers) if chains else 0.0
    return TimeLeft(training + shared / workers, complete)


def _seconds_per_unit(statuses: Sequence[JobStatus], kind: str) -> float | None:
    """Return the seconds of one worker for a step, a point or a job of a kind, from all that have been measured."""
    measured = [status for status in statuses if status.job.kind == kind and status.computed]
    units = sum(status.computed for status in measured)
    return sum(status.worker_seconds for status in measured) / units if units else None


def _seconds(status: JobStatus, speeds: Mapping[str, float | None]) -> float | None:
    """Return the seconds of one worker to the end of a job."""
    kind, point = status.job.kind, speeds.get("surface")
    if point is None and (loss := speeds.get("losses")) is not None:
        point = loss / POINTS["losses"]
    speed = speeds[kind]
    if speed is None and kind != "run" and point is not None:
        speed = point * POINTS.get(kind, 1.0)
    if status.computed and status.worker_seconds:
        speed = status.worker_seconds / status.computed  # its own: the networks of a comparison differ
    return None if speed is None else speed * (status.total - status.completed)
