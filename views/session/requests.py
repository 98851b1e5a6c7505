"""Requests besides the surfaces: one kind of job for all networks, more seeds, all statistics modes, estimates."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from normscape.jobs import Job, Request, Stage, runs_of
from normscape.landscape import Run, shared_range
from normscape.landscape.smoothness import PathRatio, Smoothness, path_ratio
from normscape.models import NORMALIZATIONS
from normscape.specs import Display, Experiment, RunSpec, SmoothnessSpec, SurfaceSpec
from normscape.specs.evaluation import STATISTICS
from normscape.specs.experiment import Variants
from normscape.views.session.comparison_request import CENTER_KINDS, request_of
from normscape.views.session.job_queue import job_queue
from normscape.views.session.limits import check_seconds, possible
from normscape.views.session.previews import EXACT, source_job
from normscape.views.session.progress import show_progress, submit
from normscape.views.session.results import ComparisonState, request_comparison
from normscape.views.widgets.numbers import number as written

LAYER_RATIO_POINTS = 5
"""Grid points per axis for ratios by layer: a block ratio takes one gradient per layer at every point."""


@dataclass(frozen=True, eq=False)
class Measurements:
    """One kind of job for all compared networks, and the available results."""

    request: Request
    finished: bool
    results: Mapping[str, Any]  # by label, of the networks that have weights at the checkpoint


def measure_networks(experiment: Experiment, kind: str, title: str) -> Measurements:
    """Request one kind of job for every compared network that has weights at the experiment's checkpoint.

    Args:
        experiment: what is compared.
        kind: the kind of the jobs.
        title: shown on the page Jobs.
    """
    request, finished, results = measure_kinds(experiment, [kind], title)
    return Measurements(request, finished, results[kind])


def measure_kinds(
    experiment: Experiment, kinds: Sequence[str], title: str, address: str = ""
) -> tuple[Request, bool, Mapping[str, Any]]:
    """Request several kinds of jobs for every compared network, in this order.

    Args:
        experiment: what is compared.
        kinds: of the jobs.
        title: shown on the page Jobs.
        address: of the page.

    Returns:
        The request, whether it is finished, and the available results by kind and label.
    """
    pairs = _with_weights(experiment)
    jobs = {
        kind: {label: Job.about(kind, run, _question(kind, surface)) for label, (run, surface) in pairs}
        for kind in kinds
    }
    runs = runs_of(job for own in jobs.values() for job in own.values())
    stages = [Stage(runs), *(Stage(tuple(dict.fromkeys(own.values()))) for own in jobs.values())]
    request = Request(title, tuple(stages), address=address)
    finished = submit(request)
    results = {
        kind: {label: result for label, job in own.items() if (result := job_queue().result(job)) is not None}
        for kind, own in jobs.items()
    }
    return request, finished, results


def losses(experiment: Experiment) -> Mapping[str, Mapping[str, str]]:
    """Return training and held-out loss at the experiment's checkpoint, by label, as text (A8b).

    Every comparison shows them, since a smaller L is no gain if the fit is worse.
    """
    by_label = {}
    for label, (run, surface) in possible(experiment)[0].items():
        trained: Run | None = job_queue().result(Job("run", run))
        step = surface.evaluation.checkpoint
        if trained is not None and step in trained.history.step:
            entry = trained.history.at(int(step or 0))
            by_label[label] = {
                "Training loss": written(entry.train_loss),
                "Held-out loss": written(entry.held_out_loss),
            }
    return by_label


def within_time(variants: Variants) -> bool:
    """Return whether the compared networks may run: False until a time limit's estimates are available.

    Raises:
        TooLargeError: the missing results would take longer than NORMSCAPE_MAX_SECONDS.
    """
    if not os.environ.get("NORMSCAPE_MAX_SECONDS"):
        return True
    unfinished = [pair for pair in variants.values() if not _is_measured(*pair)]
    jobs = [job for pair in unfinished for job in _cost_jobs(*pair)]
    request = Request("estimate", (Stage(tuple(dict.fromkeys(jobs))),))
    finished = submit(request)
    estimates = [job_queue().result(job) for job in jobs]
    show_progress(request, finished)
    check_seconds(sum(estimate or 0.0 for estimate in estimates))
    return None not in estimates


def _is_measured(run: RunSpec, surface: SurfaceSpec) -> bool:
    jobs = (source_job(source, run, surface, surface.grid) for source in EXACT)
    return any(job_queue().status(job).state == "finished" for job in jobs)


def _cost_jobs(run: RunSpec, surface: SurfaceSpec) -> list[Job]:
    """Return the estimates of a network and of the other trainings that its plane passes through."""
    point = replace(surface, grid=replace(surface.grid, points=(1, 1)))
    return [Job.about("cost", run, surface), *(Job.about("cost", other, point) for other in surface.plane.others)]


def fitted_range(ranges: Measurements) -> float | None:
    """Return the smallest half-width at which a compared network's loss reaches the level; None until finished.

    Raises:
        ValueError: no compared network has weights there.
    """
    if not ranges.finished:
        return None
    if not ranges.results:
        raise ValueError("no compared network has weights at this training step, so no range can be fitted")
    return shared_range(ranges.results.values())


def request_seeds(experiment: Experiment, display: Display, count: int) -> tuple[ComparisonState, tuple[Variants, ...]]:
    """Request the experiment with `count` pairs of seeds; each pair increases training and direction seed by one.

    Returns:
        The state of all of them, and the variants of each pair, with the number of the pair in their labels.
    """
    columns = [_seeded(experiment, k) for k in range(count)]
    return _request_columns(f"{count} pairs of seeds", columns, display), tuple(columns)


def stored_seeds(experiment: Experiment, most: int) -> int:
    """Return for how many consecutive pairs of seeds, up to `most`, all results are stored; nothing is computed.

    The measurements at the center are the last of a request, so that its surfaces are complete where they are stored.
    """
    for k in range(1, most):
        jobs = [Job.about(kind, *pair) for pair in _seeded(experiment, k).values() for kind in CENTER_KINDS]
        if not jobs or any(job_queue().result(job) is None for job in jobs):
            return k
    return most


def _seeded(experiment: Experiment, k: int) -> Variants:
    """Return the compared networks with both seeds increased by `k`, with the number of the pair in their labels."""
    run, surface = experiment.run, experiment.surface
    training = replace(run.training, seed=run.training.seed + k)
    other = replace(surface, plane=replace(surface.plane, seed=surface.plane.seed + k))
    moved = replace(experiment, run=replace(run, training=training), surface=other)
    return {f"{label}, seeds {k + 1}": pair for label, pair in possible(moved)[0].items()}


def normalized_over_samples(experiment: Experiment) -> tuple[str, ...]:
    """Return the labels of the compared networks whose normalization takes statistics of samples (D1)."""
    variants = possible(experiment)[0]
    return tuple(label for label, (run, _) in variants.items() if NORMALIZATIONS[run.model.norm].over_samples)


def request_statistics_modes(
    experiment: Experiment, display: Display, labels: tuple[str, ...]
) -> tuple[ComparisonState, tuple[Variants, ...]]:
    """Request the labeled networks in each statistics mode (D1), as `request_seeds` does."""
    variants = possible(experiment)[0]
    columns: list[Variants] = []
    for label in labels:
        run, surface = variants[label]
        kinds = {kind: replace(surface.evaluation, statistics=kind) for kind in STATISTICS}
        columns.append({f"{label}, {kind}": (run, replace(surface, evaluation=one)) for kind, one in kinds.items()})
    return _request_columns("all kinds of statistics", columns, display), tuple(columns)


def smoothness_jobs(variants: Variants, seeds: int) -> dict[str, list[list[Job]]]:
    """Return the jobs of every network, by label: a list for every seed, with one job for every checkpoint."""
    jobs: dict[str, list[list[Job]]] = {}
    for label, (run, surface) in variants.items():
        runs = [replace(run, training=replace(run.training, seed=run.training.seed + k)) for k in range(seeds)]
        precision = surface.evaluation.precision
        jobs[label] = [[_smoothness_job(one, step, precision) for step in one.checkpoint_steps] for one in runs]
    return jobs


def smoothness_request(jobs: Mapping[str, list[list[Job]]], address: str = "") -> Request:
    """Return the request of all jobs, training first, with the address of its page."""
    measurements = [job for columns in jobs.values() for column in columns for job in column]
    runs = tuple(dict.fromkeys(Job("run", job.run) for job in measurements))
    return Request("along training", (Stage(runs), Stage(tuple(dict.fromkeys(measurements)))), address=address)


def stored_ratio(variants: Variants, subject: str, reference: str) -> PathRatio | None:
    """Return the ratio of two compared networks if all measurements of one seed are available; nothing is computed."""
    jobs = smoothness_jobs({label: variants[label] for label in (reference, subject)}, 1)
    results: dict[str, list[Smoothness]] = {}
    for label, (own,) in jobs.items():
        available = [one for one in map(job_queue().result, own) if one is not None]
        if len(available) < len(own):
            return None
        results[label] = available
    return path_ratio([results[reference]], [results[subject]])


def has_checkpoint(job: Job) -> bool:
    """Return whether training kept the weights that a job measures; a diverged run lacks the later ones."""
    run: Run | None = job_queue().result(Job("run", job.run))
    step = job.question.checkpoint if isinstance(job.question, SmoothnessSpec) else None
    return run is not None and step in [checkpoint.step for checkpoint in run.checkpoints]


def _request_columns(title: str, columns: list[Variants], display: Display) -> ComparisonState:
    variants = {label: pair for column in columns for label, pair in column.items()}
    request = request_of(title, variants, 0.0 if display.every_point else display.accuracy)
    return request_comparison(request, variants)


def _question(kind: str, surface: SurfaceSpec) -> SurfaceSpec:
    if kind != "layer-ratios":
        return surface
    return replace(surface, grid=replace(surface.grid, points=(LAYER_RATIO_POINTS,) * 2))


def _with_weights(experiment: Experiment) -> list[tuple[str, Any]]:
    """Return the compared networks except those that diverged before the experiment's checkpoint."""
    kept = []
    for label, (run, surface) in possible(experiment)[0].items():
        trained: Run | None = job_queue().result(Job("run", run))
        if trained is None or surface.evaluation.checkpoint in [c.step for c in trained.checkpoints]:
            kept.append((label, (run, surface)))
    return kept


def _smoothness_job(run: RunSpec, step: int, precision: str) -> Job:
    return Job("smoothness", run, SmoothnessSpec(step, precision))
