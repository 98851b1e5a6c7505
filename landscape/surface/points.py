"""The pieces of a surface: ranges of points in row-major order, and the curvature at the center.

Ratios between neighbors need the gradients of the left and the lower neighbor (D6). A slice caches at least the last
two rows of gradients; a neighbor that is not in the cache is evaluated again. So the result does not depend on the
partition of the grid into pieces.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.measurement import Arrays, Piece, Stop, check_stop
from normscape.landscape.objective.curvature.second_derivatives import NoSecondDerivativeError
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.slice import EvaluatedPoint, Slice
from normscape.specs import GridSpec

POINTS_PER_PIECE = 32

NUMBERS = (
    *("total", "hits", "gradient_norm", "step", "change", "slope"),
    *("left_change", "left_step", "lower_change", "lower_step"),
)
"""The numbers of a point that come before the changes of its layers; they stay on the device until a piece ends."""


def pieces(grid: GridSpec, size: int = POINTS_PER_PIECE) -> tuple[Piece, ...]:
    """Return the pieces of a surface: one for the curvature at the center, the others for `size` points each."""
    count = math.prod(grid.points)
    starts = range(0, count, size)
    return (Piece("center"), *(Piece("points", first, min(first + size, count)) for first in starts))


def evaluate(subject: Slice, grid: GridSpec, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate one piece: a range of points in row-major order from the bottom row, or the curvature at the center.

    Values of a point include its ratios to the previous neighbors: `across` to the left one, `along` to the lower one;
    nan if that neighbor does not exist.

    Raises:
        StoppedError: `stop()` was true between two mini-batches.
    """
    if piece.kind == "center":
        return evaluate_center(subject, stop)
    points = [_with_neighbors(subject, grid, number, stop) for number in range(piece.first, piece.last)]
    rows = torch.stack(points).cpu().numpy()  # one transfer from a GPU for all points
    total, hits, norm, step, change, slope, *neighbors = rows[:, : len(NUMBERS)].T
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            **_means(subject, total, hits),
            "gradient_norm": norm,
            "ratio": _ratio(change, step),
            "layer_ratio": _ratio(rows[:, len(NUMBERS) :], step[:, None]),
            "in_plane_ratio": np.where(step > 0, slope / np.hypot(*_coordinates(grid, piece)), np.nan),
            "step": step,
            "across": _ratio(*neighbors[:2]),
            "along": _ratio(*neighbors[2:]),
        }


def evaluate_losses(subject: Slice, grid: GridSpec, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate loss, accuracy and step of a range of points, as `evaluate`, in a third of its time: no gradients.

    Raises:
        StoppedError: `stop()` was true between two points.
    """
    points = [_sums_and_step(subject, *place, stop) for place in zip(*_coordinates(grid, piece), strict=True)]
    total, hits, step = torch.stack(points).cpu().numpy().T
    return {**_means(subject, total, hits), "step": step}


def fill(arrays: dict[str, np.ndarray], evaluated: np.ndarray, piece: Piece, values: Arrays) -> None:
    """Write the values of a piece into the arrays of all points, in place.

    Args:
        arrays: by name, each (points, ...); an array that is missing is added, with zeros at all other points.
        evaluated: (points,) bool; set to true at the points of the piece.
        piece: a run of points.
        values: by name, each (piece.last - piece.first, ...).
    """
    for name, array in values.items():
        if name not in arrays:
            arrays[name] = np.zeros((len(evaluated), *array.shape[1:]), array.dtype)
        arrays[name][piece.first : piece.last] = array
    evaluated[piece.first : piece.last] = True


def _coordinates(grid: GridSpec, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Return α and β of the points of a piece."""
    alpha, beta = axes(grid)
    rows, columns = np.divmod(np.arange(piece.first, piece.last), len(alpha))
    return alpha[columns], beta[rows]


def _means(subject: Slice, total: np.ndarray, hits: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(("loss", "accuracy"), subject.objective.means(total, hits), strict=True))


def _ratio(change: np.ndarray, step: np.ndarray) -> np.ndarray:
    """Return ‖∇f(p) - ∇f(q)‖ / ‖p - q‖, with the true distance of the evaluated points (D6)."""
    return np.where(step > 0, change / step, np.nan)


def _with_neighbors(subject: Slice, grid: GridSpec, number: int, stop: Stop) -> Tensor:
    """Return the numbers of a point, those of its left and lower neighbors, and the norms of its layers' changes."""
    alpha, beta = axes(grid)
    row = len(alpha)
    b, a = divmod(number, row)
    numbers, current = _cached_or_measured(subject, (alpha[a], beta[b]), row, stop)
    left = _cached_or_measured(subject, (alpha[a - 1], beta[b]), row, stop)[1] if a else None
    below = _cached_or_measured(subject, (alpha[a], beta[b - 1]), row, stop)[1] if b else None
    own = len(NUMBERS) - 4
    return torch.cat([numbers[:own], _difference(left, current), _difference(below, current), numbers[own:]])


def _cached_or_measured(
    subject: Slice, coordinates: tuple[float, float], row: int, stop: Stop
) -> tuple[Tensor, EvaluatedPoint]:
    """Return the numbers and the gradient of a point, from the cache if possible."""
    key = (float(coordinates[0]), float(coordinates[1]))
    if (result := subject.cache.get(key)) is None:
        result = _point(subject, *key, stop)
    subject.store(key, result, row)
    return result


def _difference(p: EvaluatedPoint | None, q: EvaluatedPoint) -> Tensor:
    """Return ‖∇f(p) - ∇f(q)‖ and ‖p - q‖ (2,); nan without a neighbor p."""
    if p is None:
        return q.gradient.new_full((2,), torch.nan, dtype=torch.float64)
    return torch.stack([_norm(p.gradient, q.gradient), _norm(p.point, q.point)])


def _point(subject: Slice, alpha: float, beta: float, stop: Stop) -> tuple[Tensor, EvaluatedPoint]:
    """Measure one point; its step is the true distance between the evaluated points (D5)."""
    point = subject.point(alpha, beta)
    sums, gradient = subject.objective.sums_and_gradient(point, stop=stop)
    change = gradient.double() - subject.anchor.double()
    numbers = (
        gradient.double().norm(),
        _norm(point, subject.origin),
        change.norm(),
        (subject.directions @ change).norm(),
    )
    return torch.cat([sums, torch.stack(numbers), subject.layer_norms.of(change)]), EvaluatedPoint(point, gradient)


def _sums_and_step(subject: Slice, alpha: float, beta: float, stop: Stop) -> Tensor:
    """Measure the loss of one point; finer grids reuse it."""
    key = (float(alpha), float(beta))
    if (numbers := subject.losses.get(key)) is None:
        check_stop(stop)
        point = subject.point(*key)
        step = _norm(point, subject.origin)
        numbers = subject.losses[key] = torch.cat([subject.objective.sums(point), step[None]])
    return numbers


def _norm(p: Tensor, q: Tensor) -> Tensor:
    norm: Tensor = (p.double() - q.double()).norm()
    return norm


def evaluate_center(subject: Slice, stop: Stop) -> Arrays:
    """Return the ratios at the center, each the maximum over directions in the plane (D5, D8).

    [Hd1 Hd2] R⁻¹ = HQ, where [d1 d2] = QR; the products use the columns of Q, which is better conditioned. If the
    directions are parallel or one is zero, Q has one column. For a network without second derivatives they are nan.
    """
    columns = _orthonormal(subject.plane.d1, subject.plane.d2)
    try:
        product = subject.objective.hessian_at(subject.plane.theta, stop=stop)
        images = np.stack([product(column).double().cpu().numpy() for column in columns], axis=1)
    except NoSecondDerivativeError:
        images = np.full((len(subject.plane.theta), len(columns)), np.nan)
    directions = np.stack([subject.plane.d1, subject.plane.d2], axis=1)
    in_plane = directions.T @ images @ (np.stack(columns, axis=1).T @ directions)  # DᵀHD
    rows = [np.concatenate([images[position] for position in positions]) for positions in subject.layers.values()]
    return {
        "ratio": np.array(_spectral_norm(images)),
        "layer_ratio": np.array([_spectral_norm(row) for row in rows]),
        "in_plane_ratio": np.array(_spectral_norm(in_plane)),
    }


def _spectral_norm(matrix: np.ndarray) -> float:
    """Return σ_max."""
    return float(np.linalg.norm(matrix, ord=2)) if np.isfinite(matrix).all() else float("nan")


def _orthonormal(d1: np.ndarray, d2: np.ndarray) -> list[np.ndarray]:
    units = [d / norm for d in (d1, d2) if (norm := np.linalg.norm(d)) > 0]
    if len(units) == 2:
        residual = units[1] - (units[0] @ units[1]) * units[0]
        residual = residual - (units[0] @ residual) * units[0]
        length = np.linalg.norm(residual)
        units[1:] = [residual / length] if length > 1e-12 else []
    return units
