"""The jobs of a learning-rate sweep, and their available results (A3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from normscape.jobs import Job, Request, Stage, settings
from normscape.landscape import Run, Sharpness, estimate_gradient_seconds
from normscape.landscape.stability import TrainingOutcome, classify_run, stability_threshold, sweep
from normscape.specs import EvaluationSpec, RunSpec, SurfaceSpec
from normscape.views.session.job_queue import job_queue
from normscape.views.session.results import Variants


def sweep_request(variants: Variants, seeds: int, address: str = "") -> Request:
    """Return the request of every network's own training, λ_max at its checkpoints, and the sweep.

    Args:
        variants: the compared networks.
        seeds: trainings per learning rate.
        address: of the page.
    """
    pairs = variants.values()
    own = [job for run, _ in pairs for job in (Job("run", run), _constant_job(run))]
    sharpness = [job for run, surface in pairs for job in sharpness_jobs(run, surface).values()]
    stages = (own, sharpness, *trainings_by_rate([run for run, _ in pairs], seeds))
    return Request("learning rates", tuple(Stage(tuple(dict.fromkeys(one))) for one in stages), address=address)


def trainings_by_rate(runs: Iterable[RunSpec], seeds: int) -> tuple[list[Job], ...]:
    """Return the trainings of a sweep, a stage for each rate: those of one rate end before the next begins."""
    stages: dict[float, list[Job]] = {}
    for run in runs:
        for one in sweep(run, seeds):
            stages.setdefault(one.training.learning_rate, []).append(Job("run", one))
    return tuple(stages.values())


def sweep_seconds(variants: Variants, seeds: int) -> float:
    """Estimate the time of the trainings of a sweep on all workers, in seconds, without those in the store."""
    total = sum(_pending(run, seeds) * _training_seconds(run, surface.evaluation) for run, surface in variants.values())
    return total / settings().workers


def _pending(run: RunSpec, seeds: int) -> int:
    return sum(job_queue().result(Job("run", one)) is None for one in sweep(run, seeds))


def _training_seconds(run: RunSpec, evaluation: EvaluationSpec) -> float:
    batch = run.training.batch_size or evaluation.samples
    return run.training.steps * estimate_gradient_seconds(run, replace(evaluation, samples=batch))


def sharpness_jobs(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, Job]:
    """Return the jobs of λ_max at the checkpoints of a network's own training, by step."""
    steps = run.checkpoint_steps
    return {step: Job("sharpness", run, replace(surface.evaluation, checkpoint=step)) for step in steps}


def training_outcomes(run: RunSpec, seeds: int) -> tuple[TrainingOutcome, ...]:
    """Return the outcomes of the finished trainings of a sweep; none before the loss of a constant is known."""
    constant: float | None = job_queue().result(_constant_job(run))
    runs: list[Run | None] = [job_queue().result(Job("run", one)) for one in sweep(run, seeds)]
    return () if constant is None else tuple(classify_run(one, constant) for one in runs if one is not None)


def _constant_job(run: RunSpec) -> Job:
    """Return the job of the loss of the best constant prediction, which needs the training samples."""
    return Job("constant-loss", run)


def predicted_rates(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, float]:
    """Return the available thresholds of stability at checkpoints of a network's own training, by step."""
    results: dict[int, Sharpness | None] = {
        k: job_queue().result(job) for k, job in sharpness_jobs(run, surface).items()
    }
    rates = {k: stability_threshold(run.training, one.value) for k, one in results.items() if one is not None}
    return {k: rate for k, rate in rates.items() if math.isfinite(rate)}
