"""The jobs of the page Along training: one measurement per network, seed and checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Run
from normscape.specs import RunSpec, SmoothnessSpec
from normscape.views.session.job_queue import job_queue
from normscape.views.session.results import Variants


def smoothness_jobs(variants: Variants, seeds: int) -> dict[str, list[list[Job]]]:
    """Return the jobs of every network, by label: a list for every seed, with one job for every checkpoint."""
    jobs: dict[str, list[list[Job]]] = {}
    for label, (run, surface) in variants.items():
        runs = [replace(run, training=replace(run.training, seed=run.training.seed + k)) for k in range(seeds)]
        precision = surface.evaluation.precision
        jobs[label] = [[_job(one, step, precision) for step in one.checkpoint_steps] for one in runs]
    return jobs


def smoothness_request(jobs: Mapping[str, list[list[Job]]]) -> Request:
    """Return the request of all jobs, training first."""
    measurements = [job for columns in jobs.values() for column in columns for job in column]
    runs = tuple(dict.fromkeys(Job("run", job.run) for job in measurements))
    return Request("along training", (Stage(runs), Stage(tuple(dict.fromkeys(measurements)))))


def has_checkpoint(job: Job) -> bool:
    """Return whether training kept the weights that a job measures; a diverged run lacks the later ones."""
    run: Run | None = job_queue().result(Job("run", job.run))
    step = job.question.checkpoint if isinstance(job.question, SmoothnessSpec) else None
    return run is not None and step in [checkpoint.step for checkpoint in run.checkpoints]


def _job(run: RunSpec, step: int, precision: str) -> Job:
    return Job("smoothness", run, SmoothnessSpec(step, precision))
