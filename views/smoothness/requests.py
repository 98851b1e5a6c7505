"""Probes along training: what is asked for them, and what they say in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Run
from normscape.landscape.smoothness import Smoothness
from normscape.specs import RunSpec, SmoothnessSpec
from normscape.views.session.job_queue import job_queue
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import number


def probes_of(variants: Variants, seeds: int) -> dict[str, list[list[Job]]]:
    """Return the jobs of every network: a list for every seed, one job for every checkpoint."""
    jobs: dict[str, list[list[Job]]] = {}
    for label, (run, surface) in variants.items():
        runs = [replace(run, training=replace(run.training, seed=run.training.seed + k)) for k in range(seeds)]
        precision = surface.evaluation.precision
        jobs[label] = [[_probe(one, step, precision) for step in one.checkpoint_steps] for one in runs]
    return jobs


def _probe(run: RunSpec, step: int, precision: str) -> Job:
    return Job("smoothness", run, SmoothnessSpec(step, precision))


def request_of_probes(jobs: Mapping[str, list[list[Job]]]) -> Request:
    """Return the request of all probes, training first."""
    every = [job for seeds in jobs.values() for course in seeds for job in course]
    runs = tuple(dict.fromkeys(Job("run", job.run) for job in every))
    return Request("along training", (Stage(runs), Stage(tuple(dict.fromkeys(every)))))


def kept(job: Job) -> bool:
    """Say whether training has kept the weights that a job is about: it may have diverged before."""
    run: Run | None = job_queue().result(Job("run", job.run))
    step = job.question.checkpoint if isinstance(job.question, SmoothnessSpec) else None
    return run is not None and step in [one.step for one in run.checkpoints]


def compared(courses: Mapping[str, Sequence[Sequence[Smoothness]]]) -> list[str]:
    """Say for every further network how it differs from the first, at the steps that both have of equal seeds."""
    labels = list(courses)
    return [_difference(labels[0], courses[labels[0]], label, courses[label]) for label in labels[1:]]


def _difference(
    one: str, first: Sequence[Sequence[Smoothness]], other: str, second: Sequence[Sequence[Smoothness]]
) -> str:
    pairs = [
        (a, b)
        for left, right in zip(first, second, strict=True)
        for a in left
        for b in right
        if a.step == b.step and np.isfinite([a.along.smoothness, b.along.smoothness]).all() and a.along.smoothness > 0
    ]
    if not pairs:
        return f"**{other}** and **{one}** have no finite step in common."
    ratios = np.array([b.along.smoothness / a.along.smoothness for a, b in pairs])
    changes = np.array([b.along.predictiveness[1] / a.along.predictiveness[1] for a, b in pairs])
    low, high = number(float(ratios.min()), 2), number(float(ratios.max()), 2)
    return (
        rf"**{other}** against **{one}**: effective $\beta$ is smaller at {(ratios < 1).sum()} of {len(pairs)} steps, "
        f"{number(float(np.median(ratios)), 2)} times as large at the median (from {low} to {high}); the gradient's "
        f"largest change is {number(float(np.median(changes)), 2)} times as large at the median."
    )


def rows(course: Sequence[Smoothness]) -> dict[str, str]:
    """Return a network's facts: medians over the steps of one training."""

    def median(values: list[float]) -> str:
        finite = [value for value in values if np.isfinite(value)]
        return number(float(np.median(finite))) if finite else "n/a"

    return {
        "Loss: largest - smallest, median": median([f.along.variation[1] - f.along.variation[0] for f in course]),
        "Gradient's largest change, median": median([f.along.predictiveness[1] for f in course]),
        r"Effective $\beta$ along $-\nabla f$, median": median([f.along.smoothness for f in course]),
        r"Effective $\beta$ at random, median": median([f.random.smoothness for f in course]),
        r"$\|g\|$, median": median([f.gradient_norm for f in course]),
        r"Steps cut where they are as long as $\theta$": f"{sum(f.capped for f in course)} of {len(course)}",
    }
