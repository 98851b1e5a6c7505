"""Where training went: checkpoints in the plane of their principal components (D12; Li et al. 2018, §7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.parameters import flatten, layout_of
from normscape.landscape.plane.principal_components import principal_plane, random_walk_shares
from normscape.landscape.training.train import Run
from normscape.specs import EvaluationSpec, GridSpec, PlaneSpec, RunSpec, SurfaceSpec, TrajectorySpec

MARGIN = 0.18
"""How far a map extends beyond its path, relative to the length of its longer side."""

AROUND_END = 0.36
"""How far it extends at least from the end of training in each direction, in the same unit: the loss is often lowest
a little beyond the end. The lowest point can be farther away, outside of the map."""


@dataclass(frozen=True, eq=False)
class Path:
    """The checkpoints of one run."""

    step: np.ndarray  # (n,)
    coordinates: np.ndarray  # (n, 2) in the plane, in ‖Δ‖
    left: np.ndarray  # (n,) distance to the plane
    loss: np.ndarray  # (n,) at the checkpoint itself
    plane_loss: np.ndarray  # (n,) at its projection; of the first run's network


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Paths of one or several runs in one plane, and how much of them the plane contains."""

    paths: tuple[Path, ...]  # of the run, then of the others
    explained: np.ndarray  # (2,) share of Σ ‖θ_i - θ_n‖² along each direction
    explained_centered: np.ndarray  # (2,) the same of the centered checkpoints, as the code of Li et al. has it
    walk: np.ndarray  # (2,) of a random walk of as many steps; nan for several runs
    walk_centered: np.ndarray  # (2,)
    length: float  # ‖θ_0 - θ_n‖ of the first run

    @property
    def detour(self) -> float:
        """Length of the first run's path in the plane, relative to the distance of its ends there; nan if that is 0."""
        path = self.paths[0].coordinates
        distance = float(np.linalg.norm(path[-1] - path[0]))
        return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()) / distance if distance else math.nan


def measure_trajectory(
    run: Run, others: Sequence[Run], spec: TrajectorySpec, *, stop: Stop = lambda: False
) -> Trajectory:
    """Project the checkpoints of runs on the two leading principal components of all of them (D12).

    Differences are to the last checkpoint of the first run and are not centered, so that the plane contains it.

    Args:
        run: the first run.
        others: further runs, whose networks have parameters of equal names and shapes.
        spec: the evaluation; its checkpoint is not used.
        stop: polled before every loss.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: a network has other parameters, or all checkpoints have equal weights.
    """
    every = (run, *others)
    weights = [checkpoint_weights(one) for one in every]
    _require_equal_shapes(every)
    found = principal_plane(np.concatenate(weights), weights[0][-1])
    steps = [np.array([checkpoint.step for checkpoint in one.checkpoints]) for one in every]
    bounds = np.cumsum([0, *map(len, weights)])
    last = replace(spec.evaluation, checkpoint=run.checkpoints[-1].step)
    center, paths = objective_of(run, last), []
    for one, step, first, end in zip(every, steps, bounds[:-1], bounds[1:], strict=True):
        coordinates = found.coordinates[first:end]
        points = found.origin + coordinates @ found.directions
        losses = [_loss(objective_of(one, replace(last, checkpoint=int(k))), None, stop) for k in step]
        projected = np.array([_loss(center, point, stop) for point in points])
        paths.append(Path(step, coordinates, found.left[first:end], np.array(losses), projected))
    alone, nothing = len(every) == 1, np.full(2, np.nan)
    return Trajectory(
        tuple(paths),
        found.explained,
        found.explained_centered,
        random_walk_shares(steps[0], centered=False) if alone else nothing,
        random_walk_shares(steps[0], centered=True) if alone else nothing,
        float(np.linalg.norm(weights[0][0] - weights[0][-1])),
    )


SIDE = 17
"""Points per axis of the map around a path."""


def slice_around(run: RunSpec, evaluation: EvaluationSpec, trajectory: Trajectory) -> SurfaceSpec:
    """Return the slice that the path of a run lies in, with ranges that contain it."""
    evaluation = replace(evaluation, checkpoint=run.last_step)
    return SurfaceSpec(evaluation, PlaneSpec("trajectory"), GridSpec((SIDE, SIDE), ranges_of(trajectory)))


def ranges_of(trajectory: Trajectory) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return ranges of α and β that contain a path and the end of training with margins.

    They are rounded to two digits of the path's longer side.
    """
    places = np.concatenate([path.coordinates for path in trajectory.paths])
    ends = np.stack([path.coordinates[-1] for path in trajectory.paths])
    sides = np.ptp(places, axis=0)
    longest = float(sides.max()) or 1.0
    low = np.minimum(places.min(axis=0) - MARGIN * longest, ends.min(axis=0) - AROUND_END * longest)
    high = np.maximum(places.max(axis=0) + MARGIN * longest, ends.max(axis=0) + AROUND_END * longest)
    unit = 10.0 ** (np.floor(np.log10(longest)) - 1)
    first, last = (np.round(end / unit) * unit for end in (low, high))
    (a0, b0), (a1, b1) = (tuple(map(float, np.round(end, 12))) for end in (first, last))
    return (a0, a1), (b0, b1)


def checkpoint_weights(run: Run) -> np.ndarray:
    """Return the parameters of every checkpoint of a run (n, P), in the order of steps."""
    rows = []
    for checkpoint in run.checkpoints:
        module = run.module(checkpoint.step).double()
        rows.append(flatten(dict(module.named_parameters()), layout_of(module)).numpy())
    return np.stack(rows)


def _require_equal_shapes(runs: Sequence[Run]) -> None:
    first, *others = (layout_of(run.module(run.checkpoints[-1].step)) for run in runs)
    for other in others:
        if (other.names, other.shapes) != (first.names, first.shapes):
            raise ValueError(
                f"networks in one plane need equal parameters; one has {', '.join(first.names)}, another "
                f"{', '.join(other.names)}, and shapes may differ, too"
            )


def _loss(objective: Objective, point: np.ndarray | None, stop: Stop) -> float:
    check_stop(stop)
    return float(objective.loss(objective.theta if point is None else point))
