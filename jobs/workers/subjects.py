"""The subjects of measurements: functions from worker inputs, a job and a piece to the arguments of a measurement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from normscape.jobs.job_spec import Job
from normscape.jobs.workers.inputs import WorkerInputs
from normscape.landscape import objective_of
from normscape.landscape.measurement import Piece

Subject = Callable[[WorkerInputs, Job, Piece], tuple[Any, ...]]


def training(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return a trainer, and the number of steps to the end of training."""
    return inputs.trainer(job, piece), job.run.last_step


def points(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the slice, the grid, and the piece that says which of its points are evaluated."""
    return *slice_and_grid(inputs, job, piece), piece


def run_spec(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run's spec and the question."""
    return job.run, job.question


def run(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run and the question."""
    return inputs.run(job.run, job.checkpoint), job.question


def run_and_others(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run, the question, and the runs of the checkpoints that its plane passes through."""
    return *run(inputs, job, piece), inputs.runs(_question(job).plane.others)


def run_and_plane(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run, the question, and its plane."""
    return *run(inputs, job, piece), inputs.slice(job).plane


def runs(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run and the further runs of the question, and the question."""
    return inputs.run(job.run), inputs.runs(_question(job).others), job.question


def runs_and_curve(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the run and the further runs of the question, the question, and the state of its curve."""
    return *runs(inputs, job, piece), inputs.curve(job)


def curve_trainer(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the trainer of a curve."""
    return (inputs.curve_trainer(job, piece),)


def objective(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the objective of an evaluation."""
    return (objective_of(inputs.run(job.run), _question(job)),)


def matrix(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the objective whose Hessian is measured, and the question."""
    return objective_of(inputs.run(job.run), _question(job).matrix.evaluation), job.question


def plane_slice(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the slice."""
    return (inputs.slice(job),)


def slice_and_grid(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the slice and the grid."""
    return inputs.slice(job), _question(job).grid


def slice_and_point(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the slice, and the question with one of its points."""
    return inputs.slice(job), job.question


def slice_and_range(inputs: WorkerInputs, job: Job, piece: Piece) -> tuple[Any, ...]:
    """Return the slice and the range of α."""
    return inputs.slice(job), _question(job).range


def _question(job: Job) -> Any:
    return job.question
