"""The pieces of a surface: bands of rows, each with the row before it as a halo, and the centre's curvature.

Ratios between neighbours need the points and gradients of two rows at a time, and no more is kept (D6).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from landscape.evaluation import Arrays, Piece, Stop
from landscape.layers import layer_norms
from landscape.surface.grid import axes
from landscape.surface.slice import Place, Slice, distance
from specs import SurfaceSpec

POINTS_PER_PIECE = 32

Row = list[Place]


def pieces(spec: SurfaceSpec) -> tuple[Piece, ...]:
    """Return the parts of a surface: one for the centre's curvature, the others for bands of rows, from below."""
    rows = max(1, round(POINTS_PER_PIECE / spec.points_alpha))
    starts = range(0, spec.points_beta, rows)
    return (Piece("centre"), *(Piece("rows", first, min(first + rows, spec.points_beta)) for first in starts))


def evaluate(subject: Slice, piece: Piece, stop: Stop = lambda: False) -> Arrays:
    """Evaluate one piece: the rows first to last of the grid, or the centre's curvature.

    A band gives its points' values, and the ratios of pairs of neighbours: `across` within a row, and `along` from the
    row before, which the band's first row has where there is one.

    Raises:
        Stopped: `stop()` was true between two mini-batches.
    """
    if piece.kind == "centre":
        return _centre(subject, stop)
    rows: list[dict[str, np.ndarray]] = []
    before = _halo(subject, piece.first, stop)
    for b in range(piece.first, piece.last):
        values, here = _row(subject, b, stop)
        values["along"] = _along(before, here)
        rows.append(values)
        before = here
        subject.last_row = (b, here)
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _halo(subject: Slice, first: int, stop: Stop) -> Row | None:
    """Return the row before a band: kept from the last band, or evaluated again."""
    if first == 0:
        return None
    if subject.last_row is not None and subject.last_row[0] == first - 1:
        return subject.last_row[1]
    return _row(subject, first - 1, stop)[1]


def _row(subject: Slice, b: int, stop: Stop) -> tuple[dict[str, np.ndarray], Row]:
    """Return the values of a row (A, ...), and its points with their gradients."""
    alpha, beta = axes(subject.spec)
    measured = [_point(subject, a, beta[b], stop) for a in alpha]
    row = [place for _, place in measured]
    values = {name: np.array([value[name] for value, _ in measured]) for name in measured[0][0]}
    values["across"] = np.array([_ratio(left, right) for left, right in pairwise(row)])
    return values, row


def _along(before: Row | None, here: Row) -> np.ndarray:
    if before is None:
        return np.full(len(here), np.nan)
    return np.array([_ratio(below, above) for below, above in zip(before, here, strict=True)])


def _ratio(p: Place, q: Place) -> float:
    """‖∇f(p) - ∇f(q)‖ / ‖p - q‖, with the true distance of the two points as evaluated (D6)."""
    step = distance(p.point, q.point)
    return distance(p.gradient, q.gradient) / step if step > 0 else np.nan


def _point(subject: Slice, alpha: float, beta: float, stop: Stop) -> tuple[dict[str, float | np.ndarray], Place]:
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


def _centre(subject: Slice, stop: Stop) -> Arrays:
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
