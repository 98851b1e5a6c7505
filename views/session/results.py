"""What a page asks for, and what is known of it now: jobs in, outcomes out. Nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Check, Run, Sharpness, Surface, checks_of
from normscape.landscape.surface import assemble, interpolate_surface, levels
from normscape.specs import (
    Display,
    Experiment,
    GridSpec,
    RunSpec,
    SurfaceSpec,
)
from normscape.views.session.job_queue import job_queue, session_id

Variants = Mapping[str, tuple[RunSpec, SurfaceSpec]]

EARLY = 3
"""Levels that go before the curvature and the checks: with 9 x 9 points there is something to look at meanwhile."""

GLANCE_SECONDS = 15.0
"""How long surfaces alone are drawn while finer ones come: a browser takes longer for the rest than they do."""

BESIDE = ("center", "sharpness", "scale-free-sharpness", "direct-loss", "checks")


@dataclass(frozen=True, eq=False)
class Measured:
    """What is measured of a network at a checkpoint; None is what is not there yet."""

    surface: Surface
    sharpness: Sharpness | None
    scale_free_sharpness: Sharpness | None
    direct_loss: float | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of one compared network; a diverged one has nothing measured where its weights are not finite."""

    run: Run
    checkpoint: int
    measured: Measured | None

    @property
    def surface(self) -> Surface | None:
        """The measured slice, if there is one."""
        return None if self.measured is None else self.measured.surface


@dataclass(frozen=True, eq=False)
class Now:
    """What is known of a comparison at this moment."""

    request: Request
    outcomes: Mapping[str, Outcome]
    failures: Mapping[str, Exception]
    level: int  # of the levels below, from 0: the finest that all compared networks have; -1 before the first
    levels: tuple[GridSpec, ...]
    errors: Mapping[str, float]  # of the level that is shown, by metric; empty where no finer one has measured it
    over: bool
    since: float  # when it was asked first, in seconds since 1970

    @property
    def first_glance(self) -> bool:
        """Whether more is to come within moments, so that the surfaces alone are drawn until then."""
        return not self.over and self.since > time.time() - GLANCE_SECONDS


def request_of(title: str, variants: Variants, accuracy: float, address: str = "") -> Request:
    """Return the jobs of compared networks: training, planes, surfaces from coarse to fine, curvature and checks.

    Args:
        title: what people read.
        variants: the compared networks.
        accuracy: the error, as a share of the scale, at which refining ends; 0 for every point.
        address: of the page.
    """
    pairs = tuple(variants.values())
    grids = [levels(surface.grid) for _, surface in pairs]
    refining = [
        Stage(tuple(surface_job(*pair, level(grid, k)) for pair, grid in zip(pairs, grids, strict=True)), refines=True)
        for k in range(max((len(grid) for grid in grids), default=0))
    ]
    runs = Stage(tuple(dict.fromkeys(Job("run", run) for run, _ in pairs)))
    planes = Stage(_of_all("plane", pairs))
    beside = Stage(tuple(dict.fromkeys(job for kind in BESIDE for job in _of_all(kind, pairs))))
    return Request(title, (runs, planes, *refining[:EARLY], beside, *refining[EARLY:]), accuracy, address)


def asked(request: Request, variants: Variants) -> Now:
    """Ask for what a request says, and return what is known now."""
    job_queue().submit(request, session_id())
    return now(request, variants)


def now(request: Request, variants: Variants) -> Now:
    """Return what is known of compared networks."""
    over = job_queue().done(request)  # first: what ends while this is read is not over for who reads
    grids = {label: levels(surface.grid) for label, (_, surface) in variants.items()}
    longest = max(grids.values(), key=len)
    shown = _level(variants, grids, len(longest))
    outcomes, failures = {}, {}
    for label, (run, surface) in variants.items():
        error = _failure(run, surface, request)
        found = None if error else _outcome(run, surface, level(grids[label], max(shown, 0)))
        if error is not None:
            failures[label] = error
        elif found is not None:
            outcomes[label] = found
    return Now(
        request, outcomes, failures, shown, longest, _errors(request, shown), over, job_queue().submitted_at(request)
    )


def experiment_request(experiment: Experiment, display: Display, variants: Variants, address: str) -> Request:
    """Return the request of a page's experiment."""
    title = ", ".join(variants) + f": {experiment.run.data.name}, {experiment.run.model.architecture}"
    return request_of(title, variants, 0.0 if display.every_point else display.accuracy, address)


def picture_of(surface: Surface, display: Display) -> Surface:
    """Return what is drawn of a surface: with values between its points, unless every point is evaluated."""
    if display.every_point or display.metric == "local-ratio":
        return surface
    return interpolate_surface(surface)


def level(grids: Sequence[GridSpec], k: int) -> GridSpec:
    """Return the grid of a level; a network with fewer levels than others keeps its last one."""
    return grids[min(k, len(grids) - 1)]


def surface_job(run: RunSpec, surface: SurfaceSpec, grid: GridSpec) -> Job:
    """Return the job of a surface on one of its grids."""
    return Job("surface", run, replace(surface, grid=grid))


def _of_all(kind: str, pairs: Iterable[tuple[RunSpec, SurfaceSpec]]) -> tuple[Job, ...]:
    return tuple(dict.fromkeys(Job.about(kind, run, surface) for run, surface in pairs))


def _level(variants: Variants, grids: Mapping[str, tuple[GridSpec, ...]], count: int) -> int:
    """Return the finest level that all networks have; one that failed or diverged keeps nobody waiting."""
    queue = job_queue()
    for k in reversed(range(count)):
        states = {
            label: queue.status(surface_job(run, surface, level(grids[label], k))).state
            for label, (run, surface) in variants.items()
        }
        if all(state in ("finished", "failed") for state in states.values()) and "finished" in states.values():
            return k
    return -1


def _outcome(run: RunSpec, surface: SurfaceSpec, grid: GridSpec) -> Outcome | None:
    queue, job = job_queue(), surface_job(run, surface, grid)
    trained: Run | None = queue.result(Job("run", run))
    if trained is None:
        return None
    checkpoint = int(surface.evaluation.checkpoint or 0)
    if checkpoint not in [kept.step for kept in trained.checkpoints]:
        return Outcome(trained, checkpoint, None)
    plane = queue.result(Job.about("plane", run, surface))
    points = queue.result(job) or queue.partial_points(job)
    if plane is None or points is None:
        return None
    center = queue.result(Job.about("center", run, surface))
    shown = assemble(replace(surface, grid=grid), points, points["evaluated"], *plane, center=center)
    checks = queue.result(Job.about("checks", run, surface)) or ()
    return Outcome(
        trained,
        checkpoint,
        Measured(
            shown,
            queue.result(Job.about("sharpness", run, surface)),
            queue.result(Job.about("scale-free-sharpness", run, surface)),
            queue.result(Job.about("direct-loss", run, surface)),
            (*checks_of(shown), *checks),
        ),
    )


def _failure(run: RunSpec, surface: SurfaceSpec, request: Request) -> Exception | None:
    """Return why a network has nothing to show; that it diverged before its checkpoint is no failure."""
    queue = job_queue()
    trained = queue.status(Job("run", run))
    if trained.state == "failed":
        return trained.error
    result: Run | None = queue.result(Job("run", run))
    kept = () if result is None else [checkpoint.step for checkpoint in result.checkpoints]
    if result is None or (result.diverged_at is not None and surface.evaluation.checkpoint not in kept):
        return None
    grids = levels(surface.grid)
    own = {Job.about("plane", run, surface), *(surface_job(run, surface, grid) for grid in grids)}
    jobs = [job for job in request.jobs if job in own]
    return next((status.error for job in jobs if (status := queue.status(job)).state == "failed"), None)


def _errors(request: Request, level: int) -> Mapping[str, float]:
    """Return the error of the shown level as the next one would measure it: known once that one is there."""
    refining = [k for k, stage in enumerate(request.stages) if stage.refines]
    if not 0 < level < len(refining):
        return {}
    return job_queue().errors(request, refining[level]) or {}
