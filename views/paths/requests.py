"""The jobs of the page Paths, and their available results (D12, D13)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normscape.figures.paths import PathMap
from normscape.jobs import Job, Request, Stage, settings
from normscape.jobs.questions.paths import connectivity_job, losses_job, second, trajectory_job
from normscape.landscape import estimate_gradient_seconds
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.matching import matching_refusal
from normscape.landscape.paths.trajectory import SIDE, Trajectory, slice_around
from normscape.landscape.surface.grid import axes
from normscape.specs import (
    ConnectivitySpec,
    RunSpec,
    SurfaceSpec,
)
from normscape.specs.experiment import Variants
from normscape.views.session.job_queue import job_queue

SEGMENT_LOSSES = 60
"""Losses of a segment, in all kinds of statistics, in units of its points."""


@dataclass(frozen=True)
class Chosen:
    """The path between two trainings that is compared with the segment."""

    matching: str = "none"
    curve: str = "segment"


def request(
    variants: Variants, known: Mapping[str, Trajectory], address: str = "", chosen: Chosen | None = None
) -> Request:
    """Return the request of trajectories, the loss around those that are known, and paths to a second training.

    Args:
        variants: the compared networks.
        known: the available trajectories, by label.
        chosen: which paths are measured beside the segments.
        address: of the page.
    """
    pairs = tuple(variants.values())
    stages: list[Iterable[Job]] = [
        [Job("run", run) for run, _ in pairs],
        *([job] for job in trajectory_jobs(variants).values()),  # a stage each: maps are drawn network by network
        *([losses_job(*variants[label], own)] for label, own in known.items()),
        [Job("run", second(run)) for run, _ in pairs],
        *([connectivity_job(*pair)] for pair in pairs),
        [job for pair in pairs for job in path_jobs(*pair, chosen or Chosen())],
    ]
    return Request("paths", tuple(Stage(tuple(dict.fromkeys(one))) for one in stages), address=address)


def share_a_plane(variants: Variants) -> bool:
    """Return whether the compared networks differ in nothing but their training, so that one plane has all paths."""
    return len(variants) > 1 and len({(run.model, run.data) for run, _ in variants.values()}) == 1


def trajectory_jobs(variants: Variants) -> dict[str, Job]:
    """Return the jobs of trajectories by label; of networks that share a plane it is one, of the first.

    Which checkpoint the page shows has no effect on them.
    """
    (label, (first, surface)), *others = variants.items()
    if share_a_plane(variants):
        runs = tuple(run for _, (run, _) in others)
        return {label: trajectory_job(first, surface, runs)}
    return {name: trajectory_job(*pair) for name, pair in variants.items()}


def first_jobs(variants: Variants) -> dict[str, tuple[Job, ...]]:
    """Return what the paths need of every network, in the order in which it runs, by label."""
    own = trajectory_jobs(variants)
    (shared,) = own.values() if share_a_plane(variants) else (None,)
    return {label: (Job("run", run), shared or own[label]) for label, (run, _) in variants.items()}


def segment_jobs(variants: Variants) -> dict[str, tuple[Job, ...]]:
    """Return what the segments need of every network, in the order in which it runs, by label."""
    return {
        label: (Job("run", run), Job("run", second(run)), connectivity_job(run, surface))
        for label, (run, surface) in variants.items()
    }


def trajectories(variants: Variants) -> dict[str, Trajectory]:
    """Return the available trajectories, by label."""
    return _available(trajectory_jobs(variants))


def by_network(variants: Variants, known: Mapping[str, Trajectory]) -> dict[str, Trajectory]:
    """Return a trajectory with one path for every network, by label; those that share a plane are taken apart."""
    if not share_a_plane(variants):
        return dict(known)
    return {
        label: replace(own, paths=(path,), length=math.nan)  # which is that of the first
        for own in known.values()
        for label, path in zip(variants, own.paths, strict=True)
    }


def maps(variants: Variants, known: Mapping[str, Trajectory]) -> dict[str, PathMap]:
    """Return every known path with the loss around it, as far as it is measured."""
    found = {}
    for label, own in known.items():
        run, surface = variants[label]
        spec = slice_around(run, surface.evaluation, own)
        alpha, beta = axes(spec.grid)
        job = losses_job(*variants[label], own)
        arrays = job_queue().result(job) or job_queue().partial(job)
        loss = None
        if arrays is not None and "loss" in arrays:
            evaluated = np.asarray(arrays.get("evaluated", np.ones(SIDE * SIDE, dtype=bool)))
            loss = np.where(evaluated, arrays["loss"], np.nan).reshape(len(beta), len(alpha))
        labels = tuple(variants) if len(own.paths) > 1 else (label,)
        found[label] = PathMap(own, labels, alpha, beta, loss)
    return found


def path_jobs(run: RunSpec, surface: SurfaceSpec, chosen: Chosen) -> tuple[Job, ...]:
    """Return the jobs of the segment, of the segment with matched units and of the curve, as far as chosen.

    Units are matched where they can be; own networks may be of layers whose units cannot.
    """
    matching = chosen.matching if chosen.matching == "none" or matching_refusal(run) is None else "none"
    jobs = [connectivity_job(run, surface), connectivity_job(run, surface, matching=matching)]
    jobs.append(connectivity_job(run, surface, matching=matching, curve=chosen.curve))
    return tuple(dict.fromkeys(jobs))


def segments(variants: Variants) -> dict[str, Connectivity]:
    """Return the available segments, by label."""
    return _available({label: connectivity_job(*pair) for label, pair in variants.items()})


def paths(variants: Variants, chosen: Chosen) -> dict[str, tuple[Connectivity, ...]]:
    """Return the available paths of every network that has at least two, the segment first, by label."""
    found = {}
    for label, pair in variants.items():
        results = [job_queue().result(job) for job in path_jobs(*pair, chosen)]
        if results[0] is not None and any(one is not None for one in results[1:]):
            found[label] = tuple(one for one in results if one is not None)
    return found


def path_seconds(variants: Variants, chosen: Chosen) -> float:
    """Estimate the time of the chosen paths that are not stored, without their trainings, in seconds."""
    total = 0.0
    for run, surface in variants.values():
        missing = [job for job in path_jobs(run, surface, chosen)[1:] if job_queue().result(job) is None]
        total += len(missing) * SEGMENT_LOSSES * estimate_gradient_seconds(run, surface.evaluation)
        for question in (job.question for job in missing):
            if isinstance(question, ConnectivitySpec) and question.curve != "segment":
                batch = replace(surface.evaluation, samples=question.curve_batch_size)
                total += question.curve_steps * estimate_gradient_seconds(run, batch)
    return total / settings().workers


def seconds(variants: Variants) -> float:
    """Estimate the time of what is not stored, in seconds, on all workers."""
    total, known = 0.0, trajectories(variants)
    for run, surface in variants.values():
        gradient = estimate_gradient_seconds(run, surface.evaluation)
        if not known:
            total += gradient * (SIDE**2 + 2 * len(run.checkpoint_steps)) / 3
        if job_queue().result(connectivity_job(run, surface)) is None:
            total += gradient * SEGMENT_LOSSES
            batch = replace(surface.evaluation, samples=run.training.batch_size)
            total += run.training.steps * estimate_gradient_seconds(run, batch)
    return total / settings().workers


def _available(jobs: Mapping[str, Job]) -> dict[str, Any]:
    results = {label: job_queue().result(job) for label, job in jobs.items()}
    return {label: one for label, one in results.items() if one is not None}
