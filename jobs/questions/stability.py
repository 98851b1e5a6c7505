"""The jobs of a learning-rate sweep (A3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from normscape.jobs.job_spec import Job
from normscape.landscape.stability import sweep
from normscape.specs import RunSpec, SurfaceSpec


def trainings(run: RunSpec, seeds: int) -> tuple[Job, ...]:
    """Return the trainings of a network at every rate of the sweep, with consecutive seeds each."""
    return tuple(Job("run", one) for one in sweep(run, seeds))


def trainings_by_rate(runs: Iterable[RunSpec], seeds: int) -> tuple[list[Job], ...]:
    """Return the trainings of several networks, a stage for each rate: those of one rate end before the next begins."""
    stages: dict[float, list[Job]] = {}
    for run in runs:
        for job in trainings(run, seeds):
            stages.setdefault(job.run.training.learning_rate, []).append(job)
    return tuple(stages.values())


def constant_job(run: RunSpec) -> Job:
    """Return the job of the loss of the best constant prediction, which needs the training samples."""
    return Job("constant-loss", run)


def sharpness_job(run: RunSpec, surface: SurfaceSpec, step: int) -> Job:
    """Return the job of λ_max after a step of a network's own training."""
    return Job("sharpness", run, replace(surface.evaluation, checkpoint=step))
