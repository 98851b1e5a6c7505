"""The pieces of a surface: runs of points in row-major order, and the centre's curvature.

Ratios between neighbours need the gradients of a point's left and lower neighbour (D6). A slice keeps those of the last
points that it was evaluated at, two rows of them at least: points evaluated in order find theirs there, and any others
are evaluated again. So every point is measured alone, and the result does not depend on how the grid is cut.
"""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.measurement import Arrays, Piece, Stop
from normscape.landscape.objective.layers import layer_norms
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.slice import Place, Slice, Values, distance
from normscape.specs import GridSpec

POINTS_PER_PIECE = 32


def pieces(grid: GridSpec, size: int = POINTS_PER_PIECE) -> tuple[Piece, ...]:
    """Return the parts of a surface: one for the centre's curvature, the others for runs of `size` points."""
    count = math.prod(grid.points)
    starts = range(0, count, size)
    return (Piece("center"), *(Piece("points", first, min(first + size, count)) for first in starts))


def evaluate(subject: Slice, grid: GridSpec, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate one piece: the points first to last of the grid, row by row from below, or the centre's curvature.

    A point gives its values, and its ratios to the neighbours before it: `across` to the one at its left, and `along`
    to the one below; nan where there is none.

    Raises:
        Stopped: `stop()` was true between two mini-batches.
    """
    if piece.kind == "center":
        return evaluate_center(subject, stop)
    points = [_with_ratios(subject, grid, number, stop) for number in range(piece.first, piece.last)]
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
    values, here = _measured(subject, (alpha[a], beta[b]), row, stop)
    left = _measured(subject, (alpha[a - 1], beta[b]), row, stop)[1] if a else None
    below = _measured(subject, (alpha[a], beta[b - 1]), row, stop)[1] if b else None
    return {**values, "across": _ratio(left, here), "along": _ratio(below, here)}


def _measured(subject: Slice, at: tuple[float, float], row: int, stop: Stop) -> tuple[Values, Place]:
    """Return a point's values and place: kept, or measured now."""
    key = (float(at[0]), float(at[1]))
    if (found := subject.kept.get(key)) is None:
        found = _point(subject, *key, stop)
    subject.keep(key, found, row)
    return found


def _ratio(p: Place | None, q: Place) -> float:
    """‖∇f(p) - ∇f(q)‖ / ‖p - q‖, with the true distance of the two points as evaluated (D6)."""
    if p is None:
        return np.nan
    step = distance(p.point, q.point)
    return distance(p.gradient, q.gradient) / step if step > 0 else np.nan


def _point(subject: Slice, alpha: float, beta: float, stop: Stop) -> tuple[Values, Place]:
    """Measure one point; its step is the true distance between the two points as evaluated (D5)."""
    point = subject.point(alpha, beta)
    found = subject.objective.evaluate(point, stop=stop)
    step = distance(point, subject.origin)
    change = found.gradient.double() - subject.anchor.double()
    slopes = subject.directions @ change
    here = step > 0
    return {
        "loss": found.loss,
        "accuracy": found.accuracy,
        "gradient_norm": found.gradient.double().norm().item(),
        "ratio": change.norm().item() / step if here else np.nan,
        "row_ratio": (layer_norms(change, subject.layer_numbers) / step).cpu().numpy() if here else _nowhere(subject),
        "plane_form": slopes.norm().item() / float(np.hypot(alpha, beta)) if here else np.nan,
        "step": step,
    }, Place(point, found.gradient)


def _nowhere(subject: Slice) -> np.ndarray:
    return np.full(len(subject.layers), np.nan)


def evaluate_center(subject: Slice, stop: Stop) -> Arrays:
    """Return the limits at the centre, each the largest over directions in the plane (D5, D8).

    [Hd1 Hd2] R⁻¹ = HQ, where [d1 d2] = QR, and Q is what is known well: so the products are taken with Q's columns. Of
    directions that are parallel, or one of which is zero, one column is left.
    """
    basis = _orthonormal(subject.plane.d1, subject.plane.d2)
    product = subject.objective.hessian_at(subject.plane.theta, stop=stop)
    images = np.stack([product(column).double().cpu().numpy() for column in basis], axis=1)
    directions = np.stack([subject.plane.d1, subject.plane.d2], axis=1)
    along = directions.T @ images @ (np.stack(basis, axis=1).T @ directions)  # DᵀHD
    rows = [np.concatenate([images[place] for place in places]) for places in subject.layers.values()]
    return {
        "ratio": np.array(_largest(images)),
        "row_ratio": np.array([_largest(row) for row in rows]),
        "plane_form": np.array(_largest(along)),
    }


def _largest(matrix: np.ndarray) -> float:
    """Return σ_max."""
    return float(np.linalg.norm(matrix, ord=2)) if np.isfinite(matrix).all() else float("nan")


def _orthonormal(d1: np.ndarray, d2: np.ndarray) -> list[np.ndarray]:
    units = [d / norm for d in (d1, d2) if (norm := np.linalg.norm(d)) > 0]
    if len(units) == 2:
        rest = units[1] - (units[0] @ units[1]) * units[0]
        rest = rest - (units[0] @ rest) * units[0]
        length = np.linalg.norm(rest)
        units[1:] = [rest / length] if length > 1e-12 else []
    return units
