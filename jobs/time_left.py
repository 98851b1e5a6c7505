"""The time that a request still takes, estimated from what its jobs have taken so far.

A network's speed is known from its own pieces. Before a point is measured, training steps give it: a point takes longer
than a step by the ratio of their model times (`landscape/budget.py`). Other jobs are multiples of a point. A grid
contains the points of the coarser ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from normscape.jobs.job_spec import Job
from normscape.jobs.refinement import Errors, open_stages, refining_stages
from normscape.jobs.snapshot import JobStatus
from normscape.jobs.staged_request import Request
from normscape.landscape.budget import MOST_POINTS, gradient_seconds
from normscape.specs import EvaluationSpec, GridSpec, RunSpec, SurfaceSpec

POINTS: Mapping[str, float] = {
    "losses": 0.5,
    "plane": 1.0,
    "center": 10.0,
    "direct-loss": 1.0,
    "checks": 60.0,
    "sharpness": 40.0,
    "scale-free-sharpness": 30.0,
    "connectivity, steps": 0.1,
}
"""Assumed cost of a job in points of a surface, until a job of its kind has been measured; 1 for other kinds."""

STEPS_FOR_SPEED = 10
"""Training steps after which their speed counts: a worker's first steps wait for its data, and take longer."""


class TimeLeft(NamedTuple):
    """Remaining and past seconds of all jobs whose speed is known."""

    seconds: float
    complete: bool  # whether those are all jobs
    spent: float = 0.0  # by workers, divided among them

    @property
    def share(self) -> float:
        """The finished share of the time, in [0, 1]."""
        return self.spent / max(self.spent + self.seconds, 1e-9)


def expected_statuses(request: Request, status_of: Callable[[Job], JobStatus], errors: Errors) -> tuple[JobStatus, ...]:
    """Return the statuses of the jobs that a request is expected to need, each once.

    When refinement has ended, finer grids are left out. Before a grid opens, it counts `MOST_POINTS` at most, as in the
    estimate of the whole time, since refining usually ends there; without an accuracy it counts in full.

    Args:
        request: its stages.
        status_of: returns the status of a job.
        errors: of its levels, as far as they are measured.
    """
    levels = refining_stages(request)
    done = [all(status_of(job).done for job in stage.jobs) for stage in request.stages]
    opened = open_stages(request, done, errors)
    ended = any(number > levels[-1] for number in opened) if levels else False
    before = {job for number, stage in enumerate(request.stages) if number in opened for job in stage.jobs}
    closed = {job for number in levels for job in request.stages[number].jobs} - before
    needed = [status_of(job) for job in request.jobs if not (ended and job in closed)]
    if not request.accuracy:
        return tuple(needed)
    return tuple(_expected(status) if status.job in closed else status for status in needed)


def _expected(status: JobStatus) -> JobStatus:
    """Return the status of a grid that may not be needed, with as many points as grids usually take."""
    return replace(status, total=min(status.total, max(MOST_POINTS, status.completed)))


def time_left(statuses: Sequence[JobStatus], workers: int) -> TimeLeft | None:
    """Return how long the unfinished jobs take; None while no speed is known.

    Trainings are chains of steps, which run side by side.

    Args:
        statuses: of all jobs of a request.
        workers: that share the jobs; none while the cluster starts, which counts as one.
    """
    workers = max(1, workers)
    speeds = _Speeds(statuses)
    left = [(status, speeds.seconds(status)) for status in _without_coarser_grids(statuses)]
    known = [(status, seconds) for status, seconds in left if seconds is not None]
    if not known:
        return None
    chains = [seconds for status, seconds in known if status.job.kind == "run"]
    shared = sum(seconds for status, seconds in known if status.job.kind != "run")
    seconds = max(max(chains, default=0.0), (sum(chains) + shared) / workers)
    spent = sum(status.worker_seconds for status in statuses) / workers
    return TimeLeft(seconds, len(known) == len(left), spent)


def _without_coarser_grids(statuses: Sequence[JobStatus]) -> list[JobStatus]:
    """Return the unfinished jobs; of grids that contain each other the finest, with what is known of its points."""
    jobs: dict[object, JobStatus] = {}
    for status in statuses:
        key, known = _apart_from_points(status.job), status.total if status.done else status.completed
        before = jobs.get(key)
        if before is not None:
            known = max(known, before.completed)
        finest = status if before is None or status.total >= before.total else before
        jobs[key] = replace(finest, completed=min(known, finest.total))
    return [status for status in jobs.values() if not status.done]


def _apart_from_points(job: Job) -> object:
    if job.kind in ("losses", "surface") and isinstance(job.question, SurfaceSpec):
        return job.kind, job.run, replace(job.question, grid=replace(job.question.grid, points=GridSpec().points))
    return job


class _Speeds:
    """Seconds of one worker for a unit of every job: a step, a point, or the job."""

    def __init__(self, statuses: Sequence[JobStatus]) -> None:
        self._statuses = [
            status
            for status in statuses
            if status.worker_seconds and status.computed >= (STEPS_FOR_SPEED if status.job.kind == "run" else 1)
        ]

    def seconds(self, status: JobStatus) -> float | None:
        """Return the seconds of one worker to the end of a job; None if nothing says how fast it is."""
        speed = self._unit(status)
        return None if speed is None else speed * (status.total - status.completed)

    def _unit(self, status: JobStatus) -> float | None:
        kind, run = _kind(status.job), status.job.run
        for measured in ((run, True), (run, False)):  # the networks of a comparison differ
            speed = self._measured(kind, *measured, samples=_samples(status.job))
            if speed is not None:
                return speed
            point = self._point(*measured, samples=_samples(status.job))
            if kind != "run" and point is not None:
                return point * POINTS.get(kind, 1.0)
        return None

    def _point(self, run: RunSpec, own: bool, *, samples: int) -> float | None:
        """Return the seconds of a loss with its gradient on so many samples."""
        for kind, cost in (("surface", 1.0), ("losses", POINTS["losses"])):
            if (speed := self._measured(kind, run, own, samples=samples)) is not None:
                return speed / cost
        step, size = self._measured("run", run, own, samples=0), _step_samples(run)
        if step is None or size is None:
            return None
        return step * gradient_seconds(run, samples) / gradient_seconds(run, size)

    def _measured(self, kind: str, run: RunSpec, own: bool, *, samples: int) -> float | None:
        """Return the seconds per unit of all jobs of a kind, of one network or of all, for so many samples."""
        chosen = [each for each in self._statuses if _kind(each.job) == kind and (not own or each.job.run == run)]
        units = sum(each.computed * (_samples(each.job) / samples if samples else 1.0) for each in chosen)
        return sum(each.worker_seconds for each in chosen) / units if units else None


def _kind(job: Job) -> str:
    """Return the kind of a job's units: those of a job that trains first are its steps."""
    return f"{job.kind}, steps" if job.steps else job.kind


def _samples(job: Job) -> int:
    """Return the evaluation samples of a job; 0 for trainings."""
    if job.kind == "run":
        return 0
    evaluation = getattr(job.question, "evaluation", job.question)
    return evaluation.samples if isinstance(evaluation, EvaluationSpec) else EvaluationSpec().samples


def _step_samples(run: RunSpec) -> int | None:
    """Return the samples of a training step; None if it takes all of a data set whose size the spec leaves open."""
    size = run.data.size
    if run.training.optimizer == "gradient-descent":
        return size
    return run.training.batch_size if size is None else min(run.training.batch_size, size)
