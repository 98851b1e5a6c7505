"""Loss surfaces without gradients, which come first where a gradient takes long, and before training has ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import streamlit as st

from normscape.jobs import Job, Stage
from normscape.landscape import Surface, estimate_gradient_seconds
from normscape.landscape.surface import assemble, levels
from normscape.specs import GridSpec, RunSpec, SurfaceSpec
from normscape.views.session.job_queue import job_queue

Pair = tuple[RunSpec, SurfaceSpec]

Source = Literal["surface", "losses", "draft"]
"""What a surface is drawn from: losses with gradients, without, or in bfloat16."""

EXACT: tuple[Source, ...] = ("surface", "losses")
"""The sources in a surface's own precision, from the one that has everything."""

DRAFT_PRECISION = "bfloat16"

SLOW_GRADIENT_SECONDS = 0.05
"""Estimated time of a gradient of the evaluation set above which losses come first; a loss takes a third of it."""

LEVELS = 4
"""Levels that are drawn without gradients first: 3, 5, 9 and 17 points a side."""

EARLY_POINTS = 5
"""Points a side of the surfaces of earlier checkpoints."""


@dataclass(frozen=True, eq=False)
class Preview:
    """The loss surface of an earlier checkpoint, drawn while training continues."""

    surface: Surface
    step: int


def slow_networks(variants: Mapping[str, Pair]) -> frozenset[str]:
    """Return the labels of the networks whose losses come first, as decided when this session first saw them.

    The decision must not change while results arrive, since it is part of the request.
    """
    decided: dict[Pair, bool] = st.session_state.setdefault("slow_networks", {})
    for pair in variants.values():
        if pair not in decided:
            run, surface = pair
            slow = estimate_gradient_seconds(run, surface.evaluation) > SLOW_GRADIENT_SECONDS
            decided[pair] = slow and not _measured(run, surface)
    return frozenset(label for label, pair in variants.items() if decided[pair])


def early_stages(pairs: Collection[Pair]) -> tuple[Stage, ...]:
    """Return the stages of earlier checkpoints, which take precedence over further steps of training."""
    stages = []
    for number in range(max((len(early_steps(*pair)) for pair in pairs), default=0)):
        earlier = [_at(surface, early_steps(run, surface)[number]) for run, surface in pairs]
        runs = [run for run, _ in pairs]
        planes = [Job.about("plane", *pair) for pair in zip(runs, earlier, strict=True)]
        losses = [source_job("losses", *pair, _early_grid(pair[1])) for pair in zip(runs, earlier, strict=True)]
        stages.append(Stage(tuple(dict.fromkeys([*planes, *losses]))))
    return tuple(stages)


def loss_stages(pairs: Collection[Pair], *, draft: bool = False) -> tuple[Stage, ...]:
    """Return the first levels without gradients.

    Args:
        pairs: the networks.
        draft: whether they are in bfloat16; the coarsest level, which tells their error, is in the own precision too.
    """
    grids = {pair: levels(pair[1].grid) for pair in pairs}
    sources: list[tuple[Source, int]] = [
        ("draft" if draft else "losses", k) for k in range(min(LEVELS, max(map(len, grids.values()), default=0)))
    ]
    if draft and sources:
        sources.insert(1, ("losses", 0))
    jobs: Iterable[list[Job]] = (
        [source_job(source, *pair, own[min(k, len(own) - 1)]) for pair, own in grids.items()] for source, k in sources
    )
    return tuple(Stage(tuple(dict.fromkeys(stage))) for stage in jobs)


def early_steps(run: RunSpec, surface: SurfaceSpec) -> tuple[int, ...]:
    """Return the checkpoints that are drawn before the experiment's own: the first, and that at half of training."""
    own = surface.evaluation.checkpoint
    last = run.last_step if own is None else own
    if surface.plane.directions != "random":
        return ()
    return tuple(step for step in (0, run.last_step // 2) if step in run.checkpoint_steps and step < last)


def source_job(source: Source, run: RunSpec, surface: SurfaceSpec, grid: GridSpec) -> Job:
    """Return the job of a surface on a grid."""
    return Job("surface" if source == "surface" else "losses", run, _as_drawn(source, surface, grid))


def is_draft(surface: Surface) -> bool:
    """Whether a surface of a run is in bfloat16."""
    return surface.spec.evaluation.precision == DRAFT_PRECISION


def draft_error(pairs: Iterable[Pair]) -> float | None:
    """Return the largest error of drafts on their coarsest grid, as a share of its range; None if one is missing."""
    errors = []
    for run, surface in pairs:
        coarsest = levels(surface.grid)[0]
        draft, exact = (job_queue().result(source_job(one, run, surface, coarsest)) for one in ("draft", "losses"))
        if draft is None or exact is None:
            return None
        span = np.ptp(exact["loss"])
        errors.append(float(np.abs(draft["loss"] - exact["loss"]).max() / span) if span else np.inf)
    return max(errors, default=None)


def previews_of(variants: Mapping[str, Pair]) -> Mapping[str, Preview]:
    """Return the surfaces of the latest earlier checkpoint that all networks have, or of those that have the first."""
    found: dict[str, Preview] = {}
    for number in reversed(range(max((len(early_steps(*pair)) for pair in variants.values()), default=0))):
        found = {label: one for label, pair in variants.items() if (one := _preview(*pair, number)) is not None}
        if len(found) == len(variants):
            break
    return found


def measured_surface(
    source: Source, run: RunSpec, surface: SurfaceSpec, grid: GridSpec, *, partial: bool = True
) -> Surface | None:
    """Return a surface on a grid as far as it is measured; None if nothing is available yet.

    Args:
        source: what it is drawn from.
        run: the network.
        surface: the slice.
        grid: in place of the slice's own.
        partial: whether some of the points are enough.
    """
    queue, job = job_queue(), source_job(source, run, surface, grid)
    points = queue.result(job)
    if points is None and partial:
        points = queue.partial(job)
    plane = None if points is None else queue.result(Job.about("plane", run, surface))
    if points is None or plane is None:
        return None
    center = queue.result(Job.about("center", run, surface)) if source == "surface" else None
    return assemble(_as_drawn(source, surface, grid), points, points["evaluated"], *plane, center=center)


def _as_drawn(source: Source, surface: SurfaceSpec, grid: GridSpec) -> SurfaceSpec:
    """Return a slice on a grid, and in bfloat16 if it is a draft."""
    evaluation = surface.evaluation
    if source == "draft":
        evaluation = replace(evaluation, precision=DRAFT_PRECISION)
    return replace(surface, evaluation=evaluation, grid=grid)


def is_drawable(surface: Surface | None, *, whole: bool) -> bool:
    """Return whether an incomplete first level shows a surface: a few points of it are an empty box with axes.

    Args:
        surface: as far as it is measured; None for a network that diverged, whose sentence is shown.
        whole: whether every point is needed, as where finer levels follow; of a single grid, two rows are enough.
    """
    if surface is None or surface.complete:
        return True
    columns, rows = surface.spec.grid.points
    return not whole and int(surface.evaluated.sum()) >= min(2 * columns, columns * rows)


def _preview(run: RunSpec, surface: SurfaceSpec, number: int) -> Preview | None:
    step = early_steps(run, surface)[number]
    earlier = _at(surface, step)
    losses = measured_surface("losses", run, earlier, _early_grid(earlier), partial=False)
    return None if losses is None else Preview(losses, step)


def _measured(run: RunSpec, surface: SurfaceSpec) -> bool:
    """Whether a level of the surface is in the store, with gradients."""
    store = job_queue().store
    return any(Job("surface", run, replace(surface, grid=grid)).key in store for grid in levels(surface.grid))


def _at(surface: SurfaceSpec, step: int) -> SurfaceSpec:
    return replace(surface, evaluation=replace(surface.evaluation, checkpoint=step))


def _early_grid(surface: SurfaceSpec) -> GridSpec:
    columns, rows = surface.grid.points
    return replace(surface.grid, points=(min(columns, EARLY_POINTS), min(rows, EARLY_POINTS)))
