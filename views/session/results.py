"""Results of a comparison: its request, and what is available of it. Nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from normscape.figures.training import Training
from normscape.jobs import Job, Request
from normscape.landscape import Check, Run, Sharpness, Surface, checks_of
from normscape.landscape.surface import interpolate_surface, levels, with_filled_center
from normscape.specs import (
    Display,
    GridSpec,
    RunSpec,
    SurfaceSpec,
)
from normscape.specs.experiment import Variants
from normscape.views.session.comparison_request import level, refined_source
from normscape.views.session.job_queue import job_queue
from normscape.views.session.previews import (
    EXACT,
    Pair,
    Preview,
    Source,
    draft_error,
    is_draft,
    is_drawable,
    measured_surface,
    previews_of,
    source_job,
)
from normscape.views.session.progress import submit

SURFACES_ONLY_SECONDS = 15.0
"""How long the page shows only the surfaces of an unfinished request: drawing the rest takes longer than a level."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Measurements of a network at a checkpoint; None if not available yet."""

    surface: Surface
    sharpness: Sharpness | None
    scale_free_sharpness: Sharpness | None
    direct_loss: float | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Results of one compared network; without measurements if training diverged before the checkpoint."""

    run: Run
    checkpoint: int
    measured: Measured | None

    @property
    def surface(self) -> Surface | None:
        """The measured slice, if there is one."""
        return None if self.measured is None else self.measured.surface


@dataclass(frozen=True, eq=False)
class ComparisonState:
    """The available results of a comparison."""

    request: Request
    outcomes: Mapping[str, Outcome]
    failures: Mapping[str, Exception]
    trainings: Mapping[str, Training]  # of networks without a surface that are trained
    previews: Mapping[str, Preview]  # of these, at earlier checkpoints
    level: int  # index of the coarsest level that is drawn; -1 before the first
    levels: tuple[GridSpec, ...]
    errors: Mapping[str, float]  # of interpolation at this level, by metric; empty until the next one
    drafts: frozenset[str]  # labels of the networks that are drawn in bfloat16
    draft_error: float | None  # the largest of theirs, as a share of the range; None until it is measured
    finished: bool
    submitted_at: float  # in seconds since 1970

    @property
    def exact(self) -> Mapping[str, Outcome]:
        """The outcomes that numbers and files come from: all but drafts."""
        return {label: outcome for label, outcome in self.outcomes.items() if label not in self.drafts}

    @property
    def surfaces_only(self) -> bool:
        """Whether the request is so recent that the next level will arrive before the rest of the page is drawn."""
        return not self.finished and self.submitted_at > time.time() - SURFACES_ONLY_SECONDS


def request_comparison(
    request: Request, variants: Variants, *, gradients: bool = True, draft: bool = False
) -> ComparisonState:
    """Submit a request unless this session has stopped it, and return its available results.

    Args:
        request: the request.
        variants: the compared networks.
        gradients: whether they are needed; without them finer surfaces are available earlier.
        draft: whether surfaces in bfloat16 are good enough until there are others.
    """
    return comparison_state(request, variants, finished=submit(request), gradients=gradients, draft=draft)


def comparison_state(
    request: Request, variants: Variants, *, finished: bool, gradients: bool = True, draft: bool = False
) -> ComparisonState:
    """Return the available results of the compared networks; `finished` is from before they are read."""
    grids = {label: levels(surface.grid) for label, (_, surface) in variants.items()}
    longest = max(grids.values(), key=len)
    without: tuple[Source, ...] = (*EXACT, "draft") if draft else EXACT
    sources: tuple[Source, ...] = ("surface",) if gradients else without
    shown = {label: _level(pair, grids[label], sources) for label, pair in variants.items()}
    drawn = min((k for k, _ in shown.values() if k >= 0), default=-1)
    outcomes, failures = {}, {}
    for label, (run, surface) in variants.items():
        error = _failure(run, surface, request)
        own, source = shown[label]
        among = sources if own < 0 else (source,)
        outcome = None if error else _outcome(run, surface, level(grids[label], max(own, 0)), among)
        if own < 0 and outcome is not None and not is_drawable(outcome.surface, whole=len(grids[label]) > 1):
            outcome = None  # its training curve stays until then
        if error is not None:
            failures[label] = error
        elif outcome is not None:
            outcomes[label] = outcome
    unmeasured = {label: pair for label, pair in variants.items() if label not in outcomes | failures}
    trainings = {label: found for label, (run, _) in unmeasured.items() if (found := _training(run)) is not None}
    common = drawn if all(source in ("surface", refined_source(request)) for _, source in shown.values()) else -1
    drafts = frozenset(label for label, one in outcomes.items() if one.surface is not None and is_draft(one.surface))
    return ComparisonState(
        request,
        outcomes,
        failures,
        trainings,
        previews_of(unmeasured),
        drawn,
        longest,
        _errors(request, common),
        drafts,
        draft_error(variants[label] for label in drafts),
        finished,
        job_queue().submitted_at(request),
    )


def displayed_surface(surface: Surface, display: Display) -> Surface:
    """Return a surface as it is drawn: interpolated, unless every point is evaluated."""
    surface = with_filled_center(surface)
    if display.every_point or display.metric == "local-ratio":
        return surface
    return interpolate_surface(surface)


def _level(pair: Pair, grids: Sequence[GridSpec], sources: Sequence[Source]) -> tuple[int, Source]:
    """Return the finest level that a network has, -1 for none, and what it is drawn from.

    Compared networks are refined together, so their levels are mostly equal. A network that is added to others begins
    at the first level, and theirs stay as fine as they are.
    """
    run, surface = pair
    queue = job_queue()
    for k in reversed(range(len(grids))):
        for source in sources:
            job = source_job(source, run, surface, grids[k])
            # the queue forgets the state of a request that was stopped, but keeps its results
            if queue.status(job).state == "finished" or job.key in queue.store:
                return k, source
    return -1, sources[0]


def _outcome(run: RunSpec, surface: SurfaceSpec, grid: GridSpec, sources: Iterable[Source]) -> Outcome | None:
    """Return the results of a network; its surface is drawn from the first of these sources that has one."""
    queue = job_queue()
    trained: Run | None = queue.result(Job("run", run))
    if trained is None:
        return None
    checkpoint = int(surface.evaluation.checkpoint or 0)
    if checkpoint not in [kept.step for kept in trained.checkpoints]:
        return Outcome(trained, checkpoint, None)
    found = (measured_surface(source, run, surface, grid) for source in sources)
    if (shown := next((one for one in found if one is not None), None)) is None:
        return None
    checks = queue.result(Job.about("checks", run, surface)) or ()
    return Outcome(
        trained,
        checkpoint,
        Measured(
            shown,
            queue.result(Job.about("sharpness", run, surface)),
            queue.result(Job.about("scale-free-sharpness", run, surface)),
            queue.result(Job.about("direct-loss", run, surface)),
            (*(checks_of(shown) if shown.has_gradients else ()), *checks),
        ),
    )


def _training(run: RunSpec) -> Training | None:
    job = Job("run", run)
    trained: Run | None = job_queue().result(job)
    partial = {} if trained is not None else job_queue().partial(job) or {}
    losses = trained.history.batch_loss if trained is not None else partial.get("batch_loss", np.zeros(0))
    return Training(losses, run.last_step) if run.last_step else None


def _failure(run: RunSpec, surface: SurfaceSpec, request: Request) -> Exception | None:
    """Return the error that leaves a network without results; divergence before the checkpoint is not an error."""
    queue = job_queue()
    trained = queue.status(Job("run", run))
    if trained.state == "failed":
        return trained.error
    result: Run | None = queue.result(Job("run", run))
    kept = () if result is None else [checkpoint.step for checkpoint in result.checkpoints]
    if result is None or (result.diverged_at is not None and surface.evaluation.checkpoint not in kept):
        return None
    grids = levels(surface.grid)
    source = refined_source(request)
    own = {Job.about("plane", run, surface), *(source_job(source, run, surface, grid) for grid in grids)}
    jobs = [job for job in request.jobs if job in own]
    return next((status.error for job in jobs if (status := queue.status(job)).state == "failed"), None)


def _errors(request: Request, level: int) -> Mapping[str, float]:
    """Return the interpolation errors of the shown level, which the points of the next level measure."""
    refining = [k for k, stage in enumerate(request.stages) if stage.refines]
    if not 0 < level < len(refining):
        return {}
    return job_queue().errors(request, refining[level]) or {}
