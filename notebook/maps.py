"""Maps over a plane in one call: the loss around a path or between trainings, and curvature over a slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from normscape.figures.paths import PathMap
from normscape.landscape import (
    Objective,
    Plane,
    Problem,
    Run,
    Surface,
    measure_surface,
    measure_trajectory,
    objective_of,
    slice_of,
)
from normscape.landscape.paths import trajectory as of_runs
from normscape.landscape.paths.own_networks import State, plane_between, trajectory_plane_of
from normscape.landscape.paths.trajectory import ranges_of
from normscape.landscape.plane.directions import plane_of
from normscape.landscape.surface.curvature_map import CurvaturePoint, measure_curvature_point
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.slice import Slice
from normscape.landscape.surface.spacing import LEVELS, RatioBySpacing, measure_ratio_by_spacing
from normscape.specs import CurvaturePointSpec, EvaluationSpec, GridSpec, PlaneSpec, SurfaceSpec, TrajectorySpec


@dataclass(frozen=True, eq=False)
class CurvatureMap:
    """Both ends of the spectrum of the Hessian at the points of a slice (D14)."""

    points: Mapping[tuple[float, float], CurvaturePoint]  # by (α, β)


def measure_path(
    subject: Run | Problem,
    states: Sequence[State] = (),
    *,
    steps: Sequence[int] | None = None,
    statistics: str = "population",
    points: int = 17,
) -> PathMap:
    """Measure where training went, and the loss around the path in the plane of its principal components (D12).

    Args:
        subject: what `train` returns, or a problem, whose states follow.
        states: state dictionaries of a problem's network in the order of training, at least two.
        steps: training step of each; 0, 1, 2, … by default.
        statistics: of batch norms (D1).
        points: of a side of the grid.

    Raises:
        ValueError: a problem has fewer than two states, or all are equal.
    """
    if isinstance(subject, Run):
        evaluation = EvaluationSpec(statistics=statistics)
        objective = objective_of(subject, evaluation)
        plane = plane_of(objective, PlaneSpec("trajectory"), subject)
        found = of_runs.measure_trajectory(subject, (), TrajectorySpec(evaluation))
    else:
        found = measure_trajectory(subject, states, steps=steps, statistics=statistics)
        objective, plane = trajectory_plane_of(subject, states, statistics=statistics)
    alpha, beta = axes(GridSpec((points, points), ranges_of(found)))
    return PathMap(found, ("",), alpha, beta, _losses(objective, plane, alpha, beta))


def measure_between(
    subject: Sequence[Run] | Problem,
    states: Sequence[State] = (),
    *,
    steps: Sequence[int] | None = None,
    statistics: str = "population",
    points: int = 17,
    margin: float = 0.5,
) -> Surface:
    """Measure the loss on the line through two trainings of a network, or on the plane through three of them (D2).

    The first is at α = β = 0, the second at α = 1 and the third at β = 1. The loss is that of the first network; with
    running statistics, so are the averages.

    Args:
        subject: two or three runs with parameters of equal shapes, as `train` returns them; or a problem, whose states
            follow.
        states: two or three state dictionaries of a problem's network.
        steps: the training step of each run; the last by default.
        statistics: of batch norms (D1).
        points: of the line, or of a side of the grid.
        margin: how far it extends beyond the trainings, as a share of the distance between them.

    Raises:
        ValueError: there are not two or three, a run has no such step, two have equal weights, or their parameters
            differ in shape.
    """
    every = states if isinstance(subject, Problem) else subject
    if len(every) not in (2, 3):
        raise ValueError(f"there are {len(every)} trainings; a line contains two, and a plane three")
    ends = (-margin, 1 + margin)
    grid = GridSpec((points, points if len(every) > 2 else 1), (ends, ends))
    if isinstance(subject, Problem):
        objective, plane = plane_between(subject, states, statistics=statistics)
        return measure_surface(objective, SurfaceSpec(grid=grid), plane=plane)
    first, *others = subject
    center, *through = [run.checkpoints[-1].step for run in subject] if steps is None else steps
    spec = PlaneSpec("checkpoints", tuple(through), others=tuple(run.spec for run in others))
    evaluation = EvaluationSpec(checkpoint=center, statistics=statistics)
    return measure_surface(first, SurfaceSpec(evaluation, spec, grid), others=others)


def measure_curvature_map(
    subject: Run | Problem | Objective, *, points: int = 5, radius: float = 1.0, seed: int = 0
) -> CurvatureMap:
    """Compute λ_max and λ_min at the points of a random, filter-normalized slice (D14).

    Args:
        subject: what `train` returns, a problem, or an objective.
        points: of a side of the grid.
        radius: half the width of the grid, in units of the weights' own filter norms.
        seed: draws the directions.
    """
    evaluation, plane = EvaluationSpec(), PlaneSpec(seed=seed)
    where = _slice(subject, plane)
    places = product(*axes(GridSpec((points, points), ((-radius, radius), (-radius, radius)))))
    specs = [CurvaturePointSpec(evaluation, plane, float(alpha), float(beta)) for alpha, beta in places]
    return CurvatureMap({(spec.alpha, spec.beta): measure_curvature_point(where, spec) for spec in specs})


def measure_spacing(
    subject: Run | Problem | Objective, *, radius: float = 1.0, levels: int = LEVELS, seed: int = 0
) -> RatioBySpacing:
    """Measure the largest ratio between neighbors on one line, at spacings that halve (D7); at kinks it grows.

    Args:
        subject: what `train` returns, a problem, or an objective.
        radius: half the length of the line, in units of the weights' own filter norms.
        levels: number of spacings.
        seed: draws the direction.
    """
    where = _slice(subject, PlaneSpec(seed=seed))
    return measure_ratio_by_spacing(where, (-radius, radius), levels=levels)


def _slice(subject: Run | Problem | Objective, plane: PlaneSpec) -> Slice:
    return slice_of(Objective.of_problem(subject) if isinstance(subject, Problem) else subject, EvaluationSpec(), plane)


def _losses(objective: Objective, plane: Plane, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return the loss at every point of a grid (B, A)."""
    return np.array([[float(objective.loss(plane.point(a, b))) for a in alpha] for b in beta])
