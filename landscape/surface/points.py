"""The pieces of a surface: ranges of points in row-major order, and the curvature at the center.

Ratios between neighbors need the gradients of the left and the lower neighbor (D6). A slice caches at least the last
two rows of gradients; a neighbor that is not in the cache is evaluated again. So the result does not depend on the
partition of the grid into pieces.
"""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.measurement import Arrays, Piece, Stop, check_stop
from normscape.landscape.objective.layers import layer_norms
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.slice import EvaluatedPoint, Slice, Values, distance
from normscape.specs import GridSpec

POINTS_PER_PIECE = 32


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
    points = [_with_ratios(subject, grid, number, stop) for number in range(piece.first, piece.last)]
    return {name: np.array([values[name] for values in points]) for name in points[0]}


def evaluate_losses(subject: Slice, grid: GridSpec, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate loss, accuracy and step of a range of points, as `evaluate`, in a third of its time: no gradients.

    Raises:
        StoppedError: `stop()` was true between two points.
    """
    alpha, beta = axes(grid)
    numbers = range(piece.first, piece.last)
    points = [_loss(subject, float(alpha[n % len(alpha)]), float(beta[n // len(alpha)]), stop) for n in numbers]
    return {name: np.array([values[name] for values in points]) for name in points[0]}


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


def _with_ratios(subject: Slice, grid: GridSpec, number: int, stop: Stop) -> Values:
    alpha, beta = axes(grid)
    row = len(alpha)
    b, a = divmod(number, row)
    values, current = _cached_or_measured(subject, (alpha[a], beta[b]), row, stop)
    left = _cached_or_measured(subject, (alpha[a - 1], beta[b]), row, stop)[1] if a else None
    below = _cached_or_measured(subject, (alpha[a], beta[b - 1]), row, stop)[1] if b else None
    return {**values, "across": _ratio(left, current), "along": _ratio(below, current)}


def _cached_or_measured(
    subject: Slice, coordinates: tuple[float, float], row: int, stop: Stop
) -> tuple[Values, EvaluatedPoint]:
    """Return the values and the gradient of a point, from the cache if possible."""
    key = (float(coordinates[0]), float(coordinates[1]))
    if (result := subject.cache.get(key)) is None:
        result = _point(subject, *key, stop)
    subject.store(key, result, row)
    return result


def _ratio(p: EvaluatedPoint | None, q: EvaluatedPoint) -> float:
    """Return ‖∇f(p) - ∇f(q)‖ / ‖p - q‖, with the true distance of the evaluated points (D6)."""
    if p is None:
        return np.nan
    step = distance(p.point, q.point)
    return distance(p.gradient, q.gradient) / step if step > 0 else np.nan


def _point(subject: Slice, alpha: float, beta: float, stop: Stop) -> tuple[Values, EvaluatedPoint]:
    """Measure one point; its step is the true distance between the evaluated points (D5)."""
    point = subject.point(alpha, beta)
    result = subject.objective.evaluate(point, stop=stop)
    step = distance(point, subject.origin)
    change = result.gradient.double() - subject.anchor.double()
    slopes = subject.directions @ change
    defined = step > 0
    return {
        "loss": result.loss,
        "accuracy": result.accuracy,
        "gradient_norm": result.gradient.double().norm().item(),
        "ratio": change.norm().item() / step if defined else np.nan,
        "layer_ratio": (layer_norms(change, subject.layer_numbers) / step).cpu().numpy()
        if defined
        else _no_ratios(subject),
        "in_plane_ratio": slopes.norm().item() / float(np.hypot(alpha, beta)) if defined else np.nan,
        "step": step,
    }, EvaluatedPoint(point, result.gradient)


def _loss(subject: Slice, alpha: float, beta: float, stop: Stop) -> Values:
    """Measure the loss of one point; finer grids reuse it."""
    if (values := subject.losses.get((alpha, beta))) is None:
        check_stop(stop)
        point = subject.point(alpha, beta)
        loss, accuracy = subject.objective.loss_and_accuracy(point)
        values = {"loss": loss, "accuracy": accuracy, "step": distance(point, subject.origin)}
        subject.losses[alpha, beta] = values
    return values


def _no_ratios(subject: Slice) -> np.ndarray:
    return np.full(len(subject.layers), np.nan)


def evaluate_center(subject: Slice, stop: Stop) -> Arrays:
    """Return the ratios at the center, each the maximum over directions in the plane (D5, D8).

    [Hd1 Hd2] R⁻¹ = HQ, where [d1 d2] = QR; the products use the columns of Q, which is better conditioned. If the
    directions are parallel or one is zero, Q has one column.
    """
    columns = _orthonormal(subject.plane.d1, subject.plane.d2)
    product = subject.objective.hessian_at(subject.plane.theta, stop=stop)
    images = np.stack([product(column).double().cpu().numpy() for column in columns], axis=1)
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
