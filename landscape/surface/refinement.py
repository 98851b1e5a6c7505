"""Coarse-to-fine refinement: nested grids, interpolation between their points, and its measured error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy  # its modules load at their first use: together they take a third as long as torch

from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.result import Surface
from normscape.specs import GridSpec

SIDES = (3, 5, 9, 17, 33, 65)
"""Points per side of nested grids: each contains all points of the one before."""

DECADE = 10.0
"""Ratio of largest to smallest loss above which the logarithm of the loss is interpolated."""

FILL_MARGIN = 3
"""Cells around a hole where the filled values affect the spline; interpolation there is linear."""

METRICS = ("loss", "accuracy", "gradient_norm", "ratio", "in_plane_ratio")

CONVERGENCE_METRICS = ("loss", "ratio")
"""Refinement ends when these metrics, which the page always draws, are accurate. Accuracy changes in steps of one
sample, which no interpolation approximates."""

DIRECTIONAL = ("ratio", "in_plane_ratio")
"""Near the center, ratios approach ‖Hu‖, which depends on the direction u. No interpolation approximates that in the
cells around the center, however fine the grid, so errors there are not counted."""


def levels(grid: GridSpec) -> tuple[GridSpec, ...]:
    """Return the grids from the coarsest to the given one; if a side is not in `SIDES`, only the given grid."""
    if any(side not in (1, *SIDES) for side in grid.points):
        return (grid,)
    columns, rows = grid.points
    sides = [side for side in SIDES if side < max(columns, rows)]
    return (*(replace(grid, points=(min(columns, side), min(rows, side))) for side in sides), grid)


def interpolated(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    """Return values between the points of a grid from a bicubic spline; nan in every cell that touches a hole.

    Args:
        values: (B, A); nan or inf for holes.
        beta: (B,) rows.
        alpha: (A,) columns.
        finer_beta: (B',) within the range of beta.
        finer_alpha: (A',) within the range of alpha.
    """
    missing = ~np.isfinite(values)
    if missing.all():
        return np.full((len(finer_beta), len(finer_alpha)), np.nan)
    filled = np.where(missing, np.mean(values[~missing]), values)
    smooth = _spline(filled, beta, alpha, finer_beta, finer_alpha)
    if not missing.any():
        return smooth
    with_holes = np.where(missing, np.nan, values)
    linear = _linear(with_holes, beta, alpha, finer_beta, finer_alpha)
    near_missing = (
        _linear(
            scipy.ndimage.binary_dilation(missing, iterations=FILL_MARGIN).astype(float),
            beta,
            alpha,
            finer_beta,
            finer_alpha,
        )
        > 0
    )
    touching = _linear(missing.astype(float), beta, alpha, finer_beta, finer_alpha) > 0
    return np.where(touching | (near_missing & ~np.isfinite(linear)), np.nan, np.where(near_missing, linear, smooth))


def interpolation_errors(
    coarse: GridSpec, first: Mapping[str, np.ndarray], fine: GridSpec, second: Mapping[str, np.ndarray]
) -> dict[str, tuple[float, float, float]]:
    """Measure the interpolation error of a level at the points that only the next level has, by metric.

    Args:
        coarse: the grid of the level.
        first: its values by name, one per point.
        fine: the grid of the next level.
        second: its values.

    Returns:
        The largest difference, and the smallest and largest value of the finer level; of log₁₀ of the loss where the
            logarithm is interpolated. Metrics that a level lacks are left out.
    """
    result = {}
    for metric in (name for name in METRICS if name in first and name in second):
        coarse_values, fine_values = _grid(coarse, first[metric]), _grid(fine, second[metric])
        if metric == "loss" and spans_decades(fine_values):
            coarse_values, fine_values = (
                np.log10(np.where(grid > 0, grid, np.nan)) for grid in (coarse_values, fine_values)
            )
        interpolation = _between(coarse_values, coarse, fine)
        if metric in DIRECTIONAL:
            interpolation = np.where(_near_center(coarse, fine), np.nan, interpolation)
        comparable = np.isfinite(interpolation) & np.isfinite(fine_values)
        if comparable.any():
            values = fine_values[np.isfinite(fine_values)]
            result[metric] = (
                float(np.abs(interpolation - fine_values)[comparable].max()),
                float(values.min()),
                float(values.max()),
            )
    return result


def relative_errors(by_surface: list[Mapping[str, tuple[float, float, float]]]) -> dict[str, float]:
    """Return the largest error of compared surfaces relative to their common range, by metric."""
    relative = {}
    for metric in METRICS:
        reported = [errors[metric] for errors in by_surface if metric in errors]
        if reported:
            largest, low, high = (
                pick(column) for pick, column in zip((max, min, max), zip(*reported, strict=True), strict=True)
            )
            relative[metric] = largest / (high - low) if high > low else 0.0
    return relative


def interpolate_surface(surface: Surface, side: int = SIDES[-1]) -> Surface:
    """Return a surface with interpolated values between its points, for drawing; exports use the measured points.

    Every axis is halved until it has at least `side` points. Ratios between neighbors are missing, because they depend
    on the spacing. A complete surface stays complete: its mask does not distinguish measured from interpolated points.
    """
    alpha, beta = _finer(surface.alpha, side), _finer(surface.beta, side)
    rows, columns = (len(beta) - 1) // max(1, len(surface.beta) - 1), (len(alpha) - 1) // max(1, len(surface.alpha) - 1)

    def interpolate(values: np.ndarray, *, loss: bool = False) -> np.ndarray:
        logarithmic = loss and spans_decades(values)
        grid = np.log(values) if logarithmic else values
        result = interpolated(grid, surface.beta, surface.alpha, beta, alpha)
        result = np.exp(result) if logarithmic else result
        result[:: max(1, rows), :: max(1, columns)] = values  # exact at measured points
        return result

    def embed(mask: np.ndarray) -> np.ndarray:
        result = np.zeros((len(beta), len(alpha)), dtype=bool)
        result[:: max(1, rows), :: max(1, columns)] = mask
        return result

    return replace(
        surface,
        alpha=alpha,
        beta=beta,
        loss=interpolate(surface.loss, loss=True),
        accuracy=None if surface.accuracy is None else np.clip(interpolate(surface.accuracy), 0, 1),
        gradient_norm=interpolate(surface.gradient_norm),
        gradient_change_ratio=interpolate(surface.gradient_change_ratio),
        layer_ratio=np.stack([interpolate(layer) for layer in surface.layer_ratio])
        if len(surface.layer_ratio)
        else np.zeros((0, len(beta), len(alpha))),
        in_plane_ratio=interpolate(surface.in_plane_ratio),
        across=np.full((len(beta), len(alpha) - 1), np.nan),
        along=np.full((len(beta) - 1, len(alpha)), np.nan),
        step=interpolate(surface.step),
        evaluated=np.ones((len(beta), len(alpha)), dtype=bool) if surface.complete else embed(surface.evaluated),
        non_finite=embed(surface.non_finite),
    )


def with_filled_center(surface: Surface) -> Surface:
    """Return a surface whose ratios at the center, which are measured last, are the mean of their neighbors until then.

    A missing center would be a gap as wide as two cells: the whole surface on the coarsest grid.
    """
    center = surface.center
    if center is None or not surface.has_gradients or np.isfinite(surface.gradient_change_ratio[center]):
        return surface

    def fill(values: np.ndarray) -> np.ndarray:
        filled = values.copy()
        filled[center] = _mean_of_neighbors(values, *center)
        return filled

    return replace(
        surface,
        gradient_change_ratio=fill(surface.gradient_change_ratio),
        in_plane_ratio=fill(surface.in_plane_ratio),
        layer_ratio=np.stack([fill(layer) for layer in surface.layer_ratio])
        if len(surface.layer_ratio)
        else surface.layer_ratio,
    )


def spans_decades(loss: np.ndarray) -> bool:
    """Return whether a loss is positive everywhere and its largest value is many times its smallest."""
    finite = loss[np.isfinite(loss)]
    return bool(finite.size and finite.min() > 0 and finite.max() > DECADE * finite.min())


def _grid(spec: GridSpec, values: np.ndarray) -> np.ndarray:
    """Return values (B, A); the center, where a ratio is a limit, gets the mean of its neighbors."""
    columns, rows = spec.points
    grid = np.array(values, dtype=float).reshape(rows, columns)
    b, a = rows // 2, columns // 2
    alpha, beta = axes(spec)
    if alpha[a] == 0 and beta[b] == 0 and np.isnan(grid[b, a]):
        grid[b, a] = _mean_of_neighbors(grid, b, a)
    return grid


def _mean_of_neighbors(grid: np.ndarray, b: int, a: int) -> float:
    """Return the mean over the up to four neighbors of a point; nan without one."""
    neighbors = [grid[i, j] for i, j in ((b - 1, a), (b + 1, a), (b, a - 1), (b, a + 1)) if _inside(grid, i, j)]
    return float(np.mean(neighbors)) if neighbors else float("nan")


def _inside(grid: np.ndarray, i: int, j: int) -> bool:
    rows, columns = grid.shape[:2]
    return 0 <= i < int(rows) and 0 <= j < int(columns)


def _between(values: np.ndarray, coarse: GridSpec, fine: GridSpec) -> np.ndarray:
    """Return the interpolation of a coarse level at the points that only the fine one has; nan elsewhere."""
    (alpha, beta), (finer_alpha, finer_beta) = axes(coarse), axes(fine)
    interpolation = interpolated(values, beta, alpha, finer_beta, finer_alpha)
    interpolation[np.ix_(np.isin(finer_beta, beta), np.isin(finer_alpha, alpha))] = np.nan
    return interpolation


def _near_center(coarse: GridSpec, fine: GridSpec) -> np.ndarray:
    """Return which points of the fine grid lie in the coarse grid's cells around the center (B, A)."""
    sides = []
    for wide, narrow in zip(axes(coarse), axes(fine), strict=True):
        spacing = wide[1] - wide[0] if len(wide) > 1 else np.inf
        sides.append(np.abs(narrow) < spacing)
    near_missing: np.ndarray = np.logical_and.outer(sides[1], sides[0])
    return near_missing


def _finer(axis: np.ndarray, side: int) -> np.ndarray:
    if len(axis) == 1:
        return axis
    halvings = max(0, int(np.ceil(np.log2((side - 1) / (len(axis) - 1)))))
    positions = np.arange((len(axis) - 1) * 2**halvings + 1) / 2**halvings
    result: np.ndarray = np.interp(positions, np.arange(len(axis)), axis)
    return result


def _spline(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    if 1 in values.shape:
        return _line(values, beta, alpha, finer_beta, finer_alpha)
    degrees = {"kx": min(3, len(beta) - 1), "ky": min(3, len(alpha) - 1)}
    result: np.ndarray = scipy.interpolate.RectBivariateSpline(beta, alpha, values, s=0, **degrees)(
        finer_beta, finer_alpha
    )
    return result


def _line(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    """Return a surface of one row or one column between its points, from a spline along the other axis."""
    if len(beta) == 1 and len(alpha) == 1:
        return np.full((len(finer_beta), len(finer_alpha)), values[0, 0])
    if len(beta) == 1:
        return _line(values.T, alpha, beta, finer_alpha, finer_beta).T
    repeated = np.repeat(values, 2, axis=1)
    degree = min(3, len(beta) - 1)
    result: np.ndarray = scipy.interpolate.RectBivariateSpline(beta, [0.0, 1.0], repeated, s=0, kx=degree, ky=1)(
        finer_beta, [0.0]
    )
    return result


def _linear(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    if 1 in values.shape:
        rows = len(beta) > 1
        along, finer = (beta, finer_beta) if rows else (alpha, finer_alpha)
        line: np.ndarray = np.interp(finer, along, values.ravel())
        return line[:, None] if rows else line[None, :]
    positions = np.stack(np.meshgrid(finer_beta, finer_alpha, indexing="ij"), axis=-1)
    result: np.ndarray = scipy.interpolate.RegularGridInterpolator((beta, alpha), values)(positions)
    return result
