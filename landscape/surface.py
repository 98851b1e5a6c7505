"""What does the surface look like? Loss, accuracy, gradient norm and gradient-change ratio on a plane (D2, D5, D7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from landscape.cost import check_memory
from landscape.evaluation import Arrays, Piece, Progress, Stop, evaluate_all
from landscape.objective import Objective
from landscape.plane import Plane, random_plane
from landscape.subject import objective_of
from landscape.training import Run
from specs import SurfaceSpec

POINTS_PER_PIECE = 32


@dataclass(frozen=True, eq=False)
class Surface:
    """A measured slice. Values that are not evaluated or not finite are missing (nan), never replaced."""

    spec: SurfaceSpec
    plane: Plane
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    loss: np.ndarray  # (B, A)
    accuracy: np.ndarray | None  # (B, A) share correct in [0, 1]; None where the loss has no classes
    gradient_norm: np.ndarray  # (B, A)
    gradient_change_ratio: np.ndarray  # (B, A); at the centre the maximum over directions in the plane
    step: np.ndarray  # (B, A) ‖Δ‖
    evaluated: np.ndarray  # (B, A) bool
    non_finite: np.ndarray  # (B, A) bool: evaluated, and the loss or the gradient is not finite

    @property
    def complete(self) -> bool:
        """Whether every point was evaluated."""
        return bool(self.evaluated.all())

    @property
    def centre(self) -> tuple[int, int] | None:
        """Row and column of the grid point on θ* itself, or None where the grid has none."""
        rows, columns = np.flatnonzero(self.beta == 0), np.flatnonzero(self.alpha == 0)
        return (int(rows[0]), int(columns[0])) if rows.size and columns.size else None

    @property
    def pairs(self) -> int:
        """The number of pairs (θ*, θ* + Δ) with a finite ratio; the centre cell is a limit and no pair (D7)."""
        return int(self._paired.sum())

    @property
    def smallest_step(self) -> float:
        """The smallest ‖Δ‖ among the pairs, nan if there is none (D7)."""
        return float(self.step[self._paired].min(initial=np.inf)) if self.pairs else float("nan")

    @property
    def lipschitz_bound(self) -> float:
        """L̂ (D7): the largest ratio seen; every Lipschitz constant of ∇f on the slice is at least this; nan if none."""
        finite = self.gradient_change_ratio[np.isfinite(self.gradient_change_ratio)]
        return float(finite.max()) if finite.size else float("nan")

    @property
    def _paired(self) -> np.ndarray:
        finite: np.ndarray = np.isfinite(self.gradient_change_ratio)
        return finite & (self.step > 0)


class Slice:
    """What the pieces of a surface are evaluated on: an objective, a plane, a grid, and the gradient at the centre."""

    def __init__(self, objective: Objective, plane: Plane, spec: SurfaceSpec) -> None:
        """Put the three together.

        Raises:
            ValueError: the plane is one of another network, or both of its directions are zero.
        """
        if len(plane.theta) != len(objective.theta):
            raise ValueError(f"the plane has {len(plane.theta)} weights; the network has {len(objective.theta)}")
        if not any(plane.norms):
            raise ValueError("both directions of the plane are zero, so there is nothing to move along")
        self.objective, self.plane, self.spec = objective, plane, spec

    @cached_property
    def anchor(self) -> Tensor:
        """∇f(θ*) (P,)."""
        return self.objective.evaluate(self.origin).gradient

    @cached_property
    def origin(self) -> Tensor:
        """θ* (P,) as it is evaluated, that is, rounded to the objective's precision."""
        return self.point(0.0, 0.0)

    def point(self, alpha: float, beta: float) -> Tensor:
        """Return the point at (α, β) (P,), built in float64 and rounded once to the objective's precision."""
        theta, d1, d2 = self._vectors
        return (theta + (alpha * d1 + beta * d2)).to(self.objective.theta.dtype)

    @cached_property
    def _vectors(self) -> tuple[Tensor, ...]:
        # in torch, not numpy: two pools of threads that take turns cost ten times the product itself
        arrays = (self.plane.theta, self.plane.d1, self.plane.d2)
        return tuple(torch.from_numpy(np.array(array)).to(self.objective.theta.device) for array in arrays)


def measure_surface(
    run_or_objective: Run | Objective,
    spec: SurfaceSpec,
    *,
    plane: Plane | None = None,
    on_progress: Progress | None = None,
) -> Surface:
    """Measure a slice of the loss, point by point.

    Args:
        run_or_objective: a trained run, measured with the spec's checkpoint, evaluation set, statistics and precision;
            or any objective, whose own settings hold, and are written into the result's spec.
        spec: the grid and the directions.
        plane: the plane to use; by default two random directions through the weights, drawn as the spec says.
        on_progress: called with (pieces done, pieces in all).

    Raises:
        ValueError: the checkpoint was not kept, the plane does not fit, or the work does not fit into memory.
    """
    subject = slice_of(run_or_objective, spec, plane)
    found = evaluate_all(pieces(spec), lambda piece: evaluate(subject, piece), on_progress)
    return assemble(subject.spec, found, subject.plane)


def slice_of(run_or_objective: Run | Objective, spec: SurfaceSpec, plane: Plane | None = None) -> Slice:
    """Return what the pieces are evaluated on; its spec holds the settings that really apply.

    Raises:
        ValueError: as `measure_surface`.
    """
    if isinstance(run_or_objective, Objective):
        objective, spec = run_or_objective, _own_settings(run_or_objective, spec)
    else:
        objective = objective_of(run_or_objective, spec)
    check_memory(objective, spec)
    return Slice(objective, plane or random_plane(objective.theta, objective.layout, spec), spec)


def pieces(spec: SurfaceSpec) -> tuple[Piece, ...]:
    """Return the parts of a surface: one for the centre's curvature, the others for the grid, row after row."""
    points = spec.points_alpha * spec.points_beta
    grid = (
        Piece("points", first, min(first + POINTS_PER_PIECE, points)) for first in range(0, points, POINTS_PER_PIECE)
    )
    return (Piece("centre"), *grid)


def evaluate(subject: Slice, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate one piece: points first to last of the grid, numbered row by row, or the centre's curvature.

    Raises:
        Stopped: `stop()` was true between two mini-batches.
    """
    if piece.kind == "centre":
        return {"ratio": np.array([_centre_ratio(subject, stop)])}
    alpha, beta = axes(subject.spec)
    numbers = range(piece.first, piece.last)
    rows = [_point(subject, alpha[i % len(alpha)], beta[i // len(alpha)], stop) for i in numbers]
    return {name: np.array([row[name] for row in rows]) for name in _POINT_VALUES}


def assemble(spec: SurfaceSpec, found: Mapping[Piece, Arrays], plane: Plane) -> Surface:
    """Put pieces together; those that are missing leave points that are not evaluated."""
    alpha, beta = axes(spec)
    flat = {name: np.full(len(alpha) * len(beta), np.nan) for name in _POINT_VALUES}
    evaluated = np.zeros(len(alpha) * len(beta), dtype=bool)
    for piece, arrays in found.items():
        if piece.kind == "points":
            evaluated[piece.first : piece.last] = True
            for name, values in flat.items():
                values[piece.first : piece.last] = arrays[name]
    if (centre := found.get(Piece("centre"))) is not None:
        flat["ratio"][evaluated & (flat["step"] == 0)] = centre["ratio"][0]
    return _surface(
        spec, plane, {name: values.reshape(len(beta), len(alpha)) for name, values in flat.items()}, evaluated
    )


def axes(spec: SurfaceSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return α (A,) and β (B,); where a symmetric axis has a middle it is exactly 0, and one point means 0."""
    return _axis(spec.points_alpha, *spec.range_alpha), _axis(spec.points_beta, *spec.range_beta)


_POINT_VALUES = ("loss", "accuracy", "gradient_norm", "ratio", "step")


def _axis(points: int, first: float, last: float) -> np.ndarray:
    if points == 1:
        return np.zeros(1)
    axis = np.linspace(first, last, points)
    axis[np.abs(axis) < 1e-12 * (last - first)] = 0.0  # what is 0 but for rounding is the centre
    return (axis - axis[::-1]) / 2 if first == -last else axis  # exactly symmetric, so exactly 0 in the middle


def _point(subject: Slice, alpha: float, beta: float, stop: Stop) -> dict[str, float]:
    """Measure one point; its step is the true distance between the two points as evaluated (D5)."""
    point = subject.point(alpha, beta)
    found = subject.objective.evaluate(point, stop=stop)
    step = _distance(point, subject.origin)
    change = _distance(found.gradient, subject.anchor)
    return {
        "loss": found.loss,
        "accuracy": found.accuracy,
        "gradient_norm": found.gradient.double().norm().item(),
        "ratio": change / step if step > 0 else np.nan,
        "step": step,
    }


def _distance(p: Tensor, q: Tensor) -> float:
    """‖p - q‖, subtracted and summed in float64."""
    return float((p.double() - q.double()).norm())


def _centre_ratio(subject: Slice, stop: Stop) -> float:
    """Return the largest ‖Hu‖ over unit u in the plane: σ_max([Hd1 Hd2] R⁻¹) with [d1 d2] = QR (D5).

    [Hd1 Hd2] R⁻¹ = HQ, and Q is what is known well: so the products are taken with Q's columns. Of directions that
    are parallel, or one of which is zero, one column is left.
    """
    basis = _orthonormal(subject.plane.d1, subject.plane.d2)
    product = subject.objective.hessian_at(subject.plane.theta, stop=stop)
    images = np.stack([product(column).double().cpu().numpy() for column in basis], axis=1)
    return float(np.linalg.norm(images, ord=2)) if np.isfinite(images).all() else float("nan")


def _orthonormal(d1: np.ndarray, d2: np.ndarray) -> list[np.ndarray]:
    units = [d / norm for d in (d1, d2) if (norm := np.linalg.norm(d)) > 0]
    if len(units) == 2:
        rest = units[1] - (units[0] @ units[1]) * units[0]
        rest = rest - (units[0] @ rest) * units[0]
        length = np.linalg.norm(rest)
        units[1:] = [rest / length] if length > 1e-12 else []
    return units


def _surface(spec: SurfaceSpec, plane: Plane, values: dict[str, np.ndarray], evaluated: np.ndarray) -> Surface:
    mask = evaluated.reshape(values["loss"].shape)
    finite = np.isfinite(values["loss"]) & np.isfinite(values["gradient_norm"])
    shown = {name: np.where(finite & np.isfinite(array), array, np.nan) for name, array in values.items()}
    alpha, beta = axes(spec)
    surface = Surface(
        spec=spec,
        plane=plane,
        alpha=alpha,
        beta=beta,
        loss=shown["loss"],
        accuracy=None if (mask & np.isnan(values["accuracy"])).any() else shown["accuracy"],
        gradient_norm=shown["gradient_norm"],
        gradient_change_ratio=shown["ratio"],
        step=values["step"],
        evaluated=mask,
        non_finite=mask & ~finite,
    )
    return _read_only(surface)


def _read_only(surface: Surface) -> Surface:
    for value in vars(surface).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return surface


def _own_settings(objective: Objective, spec: SurfaceSpec) -> SurfaceSpec:
    """Write into a spec what an objective that was given really evaluates with."""
    precision = {torch.float32: "float32", torch.float64: "float64"}.get(objective.theta.dtype, spec.precision)
    batch_size = objective.batch_size or spec.batch_size
    return replace(spec, statistics=objective.statistics, batch_size=batch_size, precision=precision)
