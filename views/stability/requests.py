"""The jobs of a learning-rate sweep, and their available results (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from normscape.jobs import Job, Request, Stage, settings
from normscape.jobs.questions.stability import constant_job, sharpness_job, trainings, trainings_by_rate
from normscape.landscape import Run, Sharpness, estimate_gradient_seconds
from normscape.landscape.stability import TrainingOutcome, classify_run, stability_threshold
from normscape.specs import EvaluationSpec, RunSpec, SurfaceSpec
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue


def sweep_request(variants: Variants, seeds: int, address: str = "") -> Request:
    """Return the request of every network's own training, λ_max at its checkpoints, and the sweep.

    Args:
        variants: the compared networks.
        seeds: trainings per learning rate.
        address: of the page.
    """
    pairs = variants.values()
    own = [job for run, _ in pairs for job in (Job("run", run), constant_job(run))]
    sharpness = [job for run, surface in pairs for job in sharpness_jobs(run, surface).values()]
    stages = (own, sharpness, *trainings_by_rate([run for run, _ in pairs], seeds))
    return Request("learning rates", tuple(Stage(tuple(dict.fromkeys(one))) for one in stages), address=address)


def sweep_seconds(variants: Variants, seeds: int) -> float:
    """Estimate the time of the trainings of a sweep on all workers, in seconds, without those in the store."""
    total = sum(_pending(run, seeds) * _training_seconds(run, surface.evaluation) for run, surface in variants.values())
    return total / settings().workers


def _pending(run: RunSpec, seeds: int) -> int:
    return sum(job_queue().result(job) is None for job in trainings(run, seeds))


def sweep_seeds(variants: Variants, seeds: int) -> Mapping[str, tuple[int, ...]]:
    """Return the training seeds of a sweep by label."""
    return {
        label: tuple(dict.fromkeys(job.run.training.seed for job in trainings(run, seeds)))
        for label, (run, _) in variants.items()
    }


def running(variants: Variants, seeds: int) -> frozenset[tuple[str, float, int]]:
    """Return label, rate and seed of the trainings of a sweep that are under way."""
    return frozenset(
        (label, job.run.training.learning_rate, job.run.training.seed)
        for label, (run, _) in variants.items()
        for job in trainings(run, seeds)
        if job_queue().status(job).state == "running"
    )


def _training_seconds(run: RunSpec, evaluation: EvaluationSpec) -> float:
    batch = run.training.batch_size or evaluation.samples
    return run.training.steps * estimate_gradient_seconds(run, replace(evaluation, samples=batch))


def sharpness_jobs(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, Job]:
    """Return the jobs of λ_max at the checkpoints of a network's own training, by step."""
    steps = run.checkpoint_steps
    return {step: sharpness_job(run, surface, step) for step in steps}


def training_outcomes(run: RunSpec, seeds: int) -> tuple[TrainingOutcome, ...]:
    """Return the outcomes of the finished trainings of a sweep; none before the loss of a constant is known."""
    constant: float | None = job_queue().result(constant_job(run))
    runs: list[Run | None] = list(map(job_queue().result, trainings(run, seeds)))
    return () if constant is None else tuple(classify_run(one, constant) for one in runs if one is not None)


def predicted_rates(run: RunSpec, surface: SurfaceSpec) -> Mapping[int, float]:
    """Return the available thresholds of stability at checkpoints of a network's own training, by step."""
    results: dict[int, Sharpness | None] = {
        k: job_queue().result(job) for k, job in sharpness_jobs(run, surface).items()
    }
    rates = {k: stability_threshold(run.training, one.value) for k, one in results.items() if one is not None}
    return {k: rate for k, rate in rates.items() if math.isfinite(rate)}
