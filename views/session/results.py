"""What a page asks for, and what is known of it now: jobs in, outcomes out. Nothing is computed here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from normscape.jobs import Job, Request, Stage
from normscape.landscape import Check, Plane, Run, Sharpness, Surface, checks_of
from normscape.landscape.measurement import Piece
from normscape.landscape.surface import assemble, levels, smoothed
from normscape.specs import Display, Experiment, RunSpec, SurfaceSpec
from normscape.views.session.job_queue import desk, session

Variants = Mapping[str, tuple[RunSpec, SurfaceSpec]]

EARLY = 3
"""Levels that go before the curvature and the checks: with 9 x 9 points there is something to look at meanwhile."""

GLANCE_SECONDS = 15.0
"""How long surfaces alone are drawn while finer ones come: a browser takes longer for the rest than they do."""

BESIDE = ("centre", "sharpness", "scale-free-sharpness", "direct-loss", "numerics")


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
    levels: tuple[SurfaceSpec, ...]
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
    grids = [levels(surface) for _, surface in pairs]
    refining = [
        Stage(tuple(Job("surface", run, at(run, grid[k])) for (run, _), grid in zip(pairs, grids, strict=True)), True)
        for k in range(min((len(grid) for grid in grids), default=0))
    ]
    runs = Stage(tuple(dict.fromkeys(Job("run", run) for run, _ in pairs)))
    planes = Stage(_of_slices("plane", pairs))
    beside = Stage(tuple(dict.fromkeys(job for kind in BESIDE for job in _of_slices(kind, pairs))))
    return Request(title, (runs, planes, *refining[:EARLY], beside, *refining[EARLY:]), accuracy, address)


def asked(request: Request, variants: Variants) -> Now:
    """Ask for what a request says, and return what is known now."""
    desk().ask(request, session())
    return now(request, variants)


def now(request: Request, variants: Variants) -> Now:
    """Return what is known of compared networks."""
    over = desk().over(request)  # first: what ends while this is read is not over for who reads
    grids = {label: levels(surface) for label, (_, surface) in variants.items()}
    count = min(len(grid) for grid in grids.values())
    level = _level(variants, grids, count)
    outcomes, failures = {}, {}
    for label, (run, surface) in variants.items():
        error = _failure(run, surface, request)
        found = None if error else _outcome(run, surface, grids[label][max(level, 0)])
        if error is not None:
            failures[label] = error
        elif found is not None:
            outcomes[label] = found
    first = next(iter(grids.values()))
    return Now(
        request,
        outcomes,
        failures,
        level,
        first[:count],
        _errors(request, level),
        over,
        desk().since(request),
    )


def experiment_request(experiment: Experiment, display: Display, variants: Variants, address: str) -> Request:
    """Return the request of a page's experiment."""
    title = ", ".join(variants) + f": {experiment.run.data.name}, {experiment.run.model.architecture}"
    return request_of(title, variants, 0.0 if display.every_point else display.accuracy, address)


def picture_of(surface: Surface, display: Display) -> Surface:
    """Return what is drawn of a surface: with values between its points, unless every point is evaluated."""
    if display.every_point or display.metric == "local-ratio":
        return surface
    return smoothed(surface)


def at(run: RunSpec, surface: SurfaceSpec) -> SurfaceSpec:
    """Return a slice with its checkpoint named, which is what results are kept by."""
    checkpoint = run.checkpoint_steps[-1] if surface.checkpoint is None else surface.checkpoint
    return replace(surface, checkpoint=checkpoint)


def plain(run: RunSpec, surface: SurfaceSpec) -> SurfaceSpec:
    """Return a slice without its grid, for what does not depend on how many points it has."""
    return replace(at(run, surface), points_alpha=3, points_beta=3)


def _of_slices(kind: str, pairs: Iterable[tuple[RunSpec, SurfaceSpec]]) -> tuple[Job, ...]:
    return tuple(dict.fromkeys(Job(kind, run, plain(run, surface)) for run, surface in pairs))


def _level(variants: Variants, grids: Mapping[str, tuple[SurfaceSpec, ...]], count: int) -> int:
    """Return the finest level that all networks have; one that failed or diverged keeps nobody waiting."""
    queue = desk()
    for k in reversed(range(count)):
        states = {
            label: queue.look(Job("surface", run, at(run, grids[label][k]))).state
            for label, (run, _) in variants.items()
        }
        if all(state in ("finished", "failed") for state in states.values()) and "finished" in states.values():
            return k
    return -1


def _outcome(run: RunSpec, surface: SurfaceSpec, grid: SurfaceSpec) -> Outcome | None:
    queue, spec = desk(), at(run, grid)
    trained: Run | None = queue.result(Job("run", run))
    if trained is None:
        return None
    checkpoint = int(spec.checkpoint or 0)
    if checkpoint not in [kept.step for kept in trained.checkpoints]:
        return Outcome(trained, checkpoint, None)
    slice_ = plain(run, surface)
    plane = queue.result(Job("plane", run, slice_))
    points = queue.result(Job("surface", run, spec)) or queue.partial(Job("surface", run, spec))
    if plane is None or points is None:
        return None
    centre = queue.result(Job("centre", run, slice_))
    shown = _surface(spec, points, plane, centre)
    numerics = queue.result(Job("numerics", run, slice_)) or ()
    return Outcome(
        trained,
        checkpoint,
        Measured(
            shown,
            queue.result(Job("sharpness", run, slice_)),
            queue.result(Job("scale-free-sharpness", run, slice_)),
            queue.result(Job("direct-loss", run, slice_)),
            (*checks_of(shown), *numerics),
        ),
    )


def _surface(
    spec: SurfaceSpec,
    points: Mapping[str, np.ndarray],
    plane: tuple[Plane, tuple[str, ...]],
    centre: Mapping[str, np.ndarray] | None,
) -> Surface:
    evaluated = points["evaluated"]
    values = {name: array for name, array in points.items() if name != "evaluated"}
    edges = np.flatnonzero(np.diff(np.concatenate([[False], evaluated, [False]]).astype(np.int8)))
    found: dict[Piece, Mapping[str, np.ndarray]] = {
        Piece("points", int(first), int(last)): {name: array[first:last] for name, array in values.items()}
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    }
    if centre is not None:
        found[Piece("centre")] = centre
    return assemble(spec, found, *plane)


def _failure(run: RunSpec, surface: SurfaceSpec, request: Request) -> Exception | None:
    """Return why a network has nothing to show; that it diverged before its checkpoint is no failure."""
    queue = desk()
    trained = queue.look(Job("run", run))
    if trained.state == "failed":
        return trained.error
    result: Run | None = queue.result(Job("run", run))
    spec = at(run, surface)
    if result is None or (
        result.diverged_at is not None and spec.checkpoint not in [c.step for c in result.checkpoints]
    ):
        return None
    jobs = [job for job in request.jobs if job.run == run and job.kind in ("plane", "surface")]
    return next((status.error for job in jobs if (status := queue.look(job)).state == "failed"), None)


def _errors(request: Request, level: int) -> Mapping[str, float]:
    """Return the error of the shown level as the next one would measure it: known once that one is there."""
    refining = [k for k, stage in enumerate(request.stages) if stage.refines]
    if not 0 < level < len(refining):
        return {}
    return desk().errors(request, refining[level]) or {}
