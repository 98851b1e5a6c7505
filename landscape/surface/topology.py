"""Minima of a sampled surface and their persistence (D15; Edelsbrunner and Harer 2010, §VII)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from normscape.landscape.surface.refinement import interpolated, spans_decades
from normscape.landscape.surface.result import Surface

RELATIVE = 1e-5
"""Persistence relative to the loss below which a minimum is rounding."""

_FOUND: WeakKeyDictionary[Surface, Minima] = WeakKeyDictionary()
"""What was found on surfaces that are still in use: a page asks for rings, maps and numbers of the same one."""

LEAST = 5
"""Fewest points along a direction from which the error of interpolation is measured: the coarser grid has three."""


@dataclass(frozen=True, eq=False)
class Minima:
    """The local minima of values on a grid, in increasing order of their value, each with its persistence."""

    row: np.ndarray  # (K,)
    column: np.ndarray  # (K,)
    value: np.ndarray  # (K,) where the component is born
    death: np.ndarray  # (K,) where it meets one with a lower minimum; inf for the lowest of a connected region
    border: np.ndarray  # (K,) bool, on the border of the grid or beside a point without a value

    @property
    def persistence(self) -> np.ndarray:
        """How far the values rise from a minimum before they fall to a lower one (K,)."""
        persistence: np.ndarray = self.death - self.value
        return persistence

    def above(self, threshold: float | np.ndarray) -> Minima:
        """Return the minima with a larger persistence than one number, or than their own (K,).

        The lowest minimum of each region always counts.
        """
        kept = self.persistence > threshold
        return Minima(self.row[kept], self.column[kept], self.value[kept], self.death[kept], self.border[kept])

    def __len__(self) -> int:
        """Return K."""
        return len(self.value)


def minima_of(surface: Surface) -> Minima:
    """Return the minima of a surface's measured loss that are more persistent than its error.

    The error is that of the interpolation between the points of the next coarser grid, as refinement measures it: the
    largest one of the loss or, where the logarithm of the loss is interpolated, of the logarithm, and hence relative.

    Args:
        surface: the surface, as measured or interpolated; points that are not evaluated or not finite belong to no
            region.
    """
    if (known := _FOUND.get(surface)) is not None:
        return known
    (rows, row_stride), (columns, column_stride) = (
        _measured(len(axis), count)
        for axis, count in zip((surface.beta, surface.alpha), reversed(surface.spec.grid.points), strict=True)
    )
    loss, beta, alpha = surface.loss[rows, columns], surface.beta[rows], surface.alpha[columns]
    finite = loss[np.isfinite(loss)]
    found = sublevel_minima(loss)
    error = interpolation_error(loss, beta, alpha)
    threshold = found.value * (10**error - 1) if spans_decades(loss) else error
    rounding = RELATIVE * float(np.abs(finite).min()) if finite.size else 0.0
    counted = found.above(np.maximum(threshold, rounding))
    _FOUND[surface] = replace(counted, row=counted.row * row_stride, column=counted.column * column_stride)
    return _FOUND[surface]


def interpolation_error(loss: np.ndarray, beta: np.ndarray, alpha: np.ndarray) -> float:
    """Return the largest error between every second point of a grid, at the others; of log₁₀ f if f spans decades.

    It is 0 where the grid has fewer than five points along each direction that it has, and so no coarser grid.

    Args:
        loss: (B, A).
        beta: (B,).
        alpha: (A,).
    """
    if loss.size == 1 or not all(len(axis) == 1 or (len(axis) >= LEAST and len(axis) % 2) for axis in (beta, alpha)):
        return 0.0
    values = np.log10(loss) if spans_decades(loss) else loss
    errors = np.abs(interpolated(values[::2, ::2], beta[::2], alpha[::2], beta, alpha) - values)
    return float(errors[np.isfinite(errors)].max(initial=0.0))


def _measured(length: int, points: int) -> tuple[slice, int]:
    """Return which positions of an axis are measured, and their distance; a drawn axis may have more (`refinement`)."""
    stride = (length - 1) // (points - 1) if points > 1 and (length - 1) % (points - 1) == 0 else 1
    return slice(None, None, stride), stride


def sublevel_minima(values: np.ndarray) -> Minima:
    """Return the 0-dimensional persistence of the sublevel sets of values on a grid.

    Points enter in increasing order of (value, flat index) and are joined to the neighbors in their row and column
    that entered before. Where two regions meet, the one with the higher minimum dies (elder rule).

    Args:
        values: (B, A); a point that is not finite never enters.
    """
    rows, columns = values.shape
    flat = np.asarray(values, dtype=np.float64).ravel()
    finite = np.isfinite(flat)
    order = np.flatnonzero(finite)[np.argsort(flat[finite], kind="stable")]
    rank = np.full(len(flat), -1)
    rank[order] = np.arange(len(order))
    root = np.full(len(flat), -1)  # of each entered point: the minimum of its region, after following it
    death: dict[int, float] = {}

    def minimum(point: int) -> int:
        while root[point] != point:
            root[point] = root[root[point]]
            point = int(root[point])
        return point

    for point in map(int, order):
        around = [near for near in _neighbors(point, rows, columns) if root[near] >= 0]
        regions = sorted({minimum(near) for near in around}, key=rank.__getitem__)
        root[point] = regions[0] if regions else point
        if not regions:
            death[point] = np.inf
        for younger in regions[1:]:
            root[younger], death[younger] = regions[0], float(flat[point])
    found = np.array(sorted(death, key=rank.__getitem__), dtype=int)
    row, column = np.divmod(found, columns)
    border = np.array([not _is_inside(point, rows, columns, finite) for point in found], dtype=bool)
    return Minima(row, column, flat[found], np.array([death[int(point)] for point in found]), border)


def _neighbors(point: int, rows: int, columns: int) -> list[int]:
    row, column = divmod(point, columns)
    around = []
    if row:
        around.append(point - columns)
    if row < rows - 1:
        around.append(point + columns)
    if column:
        around.append(point - 1)
    if column < columns - 1:
        around.append(point + 1)
    return around


def _is_inside(point: int, rows: int, columns: int, finite: np.ndarray) -> bool:
    around = _neighbors(point, rows, columns)
    complete = len(around) == 2 * (rows > 1) + 2 * (columns > 1)
    return complete and bool(finite[around].all())
