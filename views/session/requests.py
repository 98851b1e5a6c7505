"""What the page asks for besides its surfaces: bounds by spacing, layers one by one, other seeds, a range that fits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from normscape.jobs import Job, Request, Stage, number
from normscape.landscape import Run, TooLargeError, shared_range
from normscape.models import NORMALIZATIONS
from normscape.specs import Display, Experiment, SurfaceSpec
from normscape.specs.evaluation import STATISTICS
from normscape.views.session.job_queue import job_queue, session_id
from normscape.views.session.limits import possible
from normscape.views.session.progress import stopped, waiting
from normscape.views.session.results import Now, Variants, asked, request_of
from normscape.views.widgets.numbers import number as written

COARSE = 5
"""Points a side of the grid for ratios by layer: a block ratio takes a gradient for every layer at every point."""


@dataclass(frozen=True, eq=False)
class Study:
    """One further question about every compared network, and the answers that are there."""

    request: Request
    over: bool  # whether all answers are there; asked before they were looked at
    found: Mapping[str, Any]  # by label; networks without weights there have none


def study(experiment: Experiment, kind: str, title: str) -> Study:
    """Ask one kind of question about every compared network that has weights at the experiment's checkpoint.

    Args:
        experiment: what is compared.
        kind: of the jobs.
        title: what people read.
    """
    jobs = {label: Job.about(kind, run, _coarse(kind, surface)) for label, (run, surface) in _with_weights(experiment)}
    runs = tuple(dict.fromkeys(Job("run", job.run) for job in jobs.values()))
    request = Request(title, (Stage(runs), Stage(tuple(dict.fromkeys(jobs.values())))))
    if not stopped(request):
        job_queue().submit(request, session_id())
    over = job_queue().done(request)
    found = {label: job_queue().result(job) for label, job in jobs.items()}
    return Study(request, over, {label: answer for label, answer in found.items() if answer is not None})


def losses(experiment: Experiment) -> Mapping[str, Mapping[str, str]]:
    """Return training and held-out loss at the experiment's checkpoint, by label, as people read them (A8b).

    A smaller L is worth nothing if the fit is lost: no comparison stands without them.
    """
    found = {}
    for label, (run, surface) in possible(experiment)[0].items():
        trained: Run | None = job_queue().result(Job("run", run))
        step = surface.evaluation.checkpoint
        if trained is not None and step in trained.history.step:
            entry = trained.history.at(int(step or 0))
            found[label] = {"Training loss": written(entry.train_loss), "Held-out loss": written(entry.held_out_loss)}
    return found


def within_time(variants: Variants) -> bool:
    """Say whether compared networks may be worked on: at once without a limit, with one when the estimates are there.

    Raises:
        TooLargeError: all that is not there yet would take longer than NORMSCAPE_MAX_SECONDS.
    """
    if not os.environ.get("NORMSCAPE_MAX_SECONDS"):
        return True
    unfinished = [pair for pair in variants.values() if job_queue().status(Job("surface", *pair)).state != "finished"]
    jobs = [Job.about("cost", *pair) for pair in unfinished]
    request = Request("estimate", (Stage(tuple(dict.fromkeys(jobs))),))
    job_queue().submit(request, session_id())
    over = job_queue().done(request)
    found = [job_queue().result(job) for job in jobs]
    waiting(request, over)
    most = number("NORMSCAPE_MAX_SECONDS", 600.0)
    if (seconds := sum(found_one or 0.0 for found_one in found)) > most:
        raise TooLargeError(
            f"This would take about {seconds:.0f} s; at most {most:g} s are allowed (NORMSCAPE_MAX_SECONDS). "
            "Ask for fewer points, fewer steps, fewer values or a smaller network."
        )
    return None not in found


def fitted_range(found: Study) -> float | None:
    """Return the half-width at which the first compared network's loss has risen to the level; None while it is sought.

    Raises:
        ValueError: no compared network has weights there.
    """
    if not found.over:
        return None
    if not found.found:
        raise ValueError("no compared network has weights at this training step, so no range can be fitted")
    return shared_range(found.found.values())


def over_seeds(experiment: Experiment, display: Display, count: int) -> tuple[Now, tuple[Variants, ...]]:
    """Ask for the experiment with `count` pairs of seeds: training and direction seed each one further.

    Returns:
        What is known of all of them, and the variants of each pair, whose labels are those of the first with the pair.
    """
    columns: list[Variants] = []
    for k in range(count):
        run, surface = experiment.run, experiment.surface
        training = replace(run.training, seed=run.training.seed + k)
        other = replace(surface, plane=replace(surface.plane, seed=surface.plane.seed + k))
        moved = replace(experiment, run=replace(run, training=training), surface=other)
        columns.append({f"{label}, seeds {k + 1}": pair for label, pair in possible(moved)[0].items()})
    return _together(f"{count} pairs of seeds", columns, display), tuple(columns)


def normalized_over_samples(experiment: Experiment) -> tuple[str, ...]:
    """Return the labels of the compared networks whose normalization takes statistics of samples (D1)."""
    variants = possible(experiment)[0]
    return tuple(label for label, (run, _) in variants.items() if NORMALIZATIONS[run.model.norm].over_samples)


def over_statistics(
    experiment: Experiment, display: Display, labels: tuple[str, ...]
) -> tuple[Now, tuple[Variants, ...]]:
    """Ask for compared networks with each kind of batch normalization's statistics (D1), as `over_seeds` does."""
    variants = possible(experiment)[0]
    columns: list[Variants] = []
    for label in labels:
        run, surface = variants[label]
        kinds = {kind: replace(surface.evaluation, statistics=kind) for kind in STATISTICS}
        columns.append({f"{label}, {kind}": (run, replace(surface, evaluation=one)) for kind, one in kinds.items()})
    return _together("all kinds of statistics", columns, display), tuple(columns)


def _together(title: str, columns: list[Variants], display: Display) -> Now:
    variants = {label: pair for column in columns for label, pair in column.items()}
    request = request_of(title, variants, 0.0 if display.every_point else display.accuracy)
    return asked(request, variants)


def _coarse(kind: str, surface: SurfaceSpec) -> SurfaceSpec:
    return replace(surface, grid=replace(surface.grid, points=(COARSE, COARSE))) if kind == "layer-ratios" else surface


def _with_weights(experiment: Experiment) -> list[tuple[str, Any]]:
    """Return the compared networks but those that are known to have diverged before the experiment's checkpoint."""
    kept = []
    for label, (run, surface) in possible(experiment)[0].items():
        trained: Run | None = job_queue().result(Job("run", run))
        if trained is None or surface.evaluation.checkpoint in [c.step for c in trained.checkpoints]:
            kept.append((label, (run, surface)))
    return kept
