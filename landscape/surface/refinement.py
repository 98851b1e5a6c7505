"""From coarse to fine: grids that nest, what lies between their points, and how wrong that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.interpolate import RectBivariateSpline, RegularGridInterpolator
from scipy.ndimage import binary_dilation

from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.result import Surface
from normscape.specs import GridSpec

SIDES = (3, 5, 9, 17, 33, 65)
"""Points a side of grids whose points are all among those of the next."""

DECADE = 10.0
"""A loss whose largest value is this many times its smallest is interpolated by its logarithm."""

REACH = 3
"""Cells beyond a hole in which a spline would still feel what the hole was filled with: there it is linear."""

METRICS = ("loss", "accuracy", "gradient_norm", "ratio", "plane_form")

CONVERGENCE_METRICS = ("loss", "ratio")
"""What the page always draws: refining ends when both are accurate. Accuracy moves in steps of a sample, which no
interpolation follows."""


DIRECTIONAL = ("ratio", "plane_form")
"""Ratios tend to ‖Hu‖ at the centre, which depends on the direction u one comes from: no interpolation follows that in
the cells around it, however fine the grid, so that errors there say nothing about the grid and are not counted."""


def levels(grid: GridSpec) -> tuple[GridSpec, ...]:
    """Return the grids from the coarsest to the one asked for; a side that does not nest has only itself."""
    if any(side not in (1, *SIDES) for side in grid.points):
        return (grid,)
    columns, rows = grid.points
    sides = [side for side in SIDES if side < max(columns, rows)]
    return (*(replace(grid, points=(min(columns, side), min(rows, side))) for side in sides), grid)


def interpolated(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    """Return values between the points of a grid, by a bicubic spline; nan in every cell that touches a hole.

    Args:
        values: (B, A); nan or inf where there is none.
        beta: (B,) rows.
        alpha: (A,) columns.
        finer_beta: (B',) within the range of beta.
        finer_alpha: (A',) within the range of alpha.
    """
    holes = ~np.isfinite(values)
    if holes.all():
        return np.full((len(finer_beta), len(finer_alpha)), np.nan)
    filled = np.where(holes, np.mean(values[~holes]), values)
    smooth = _spline(filled, beta, alpha, finer_beta, finer_alpha)
    if not holes.any():
        return smooth
    with_holes = np.where(holes, np.nan, values)
    linear = _linear(with_holes, beta, alpha, finer_beta, finer_alpha)
    near = _linear(binary_dilation(holes, iterations=REACH).astype(float), beta, alpha, finer_beta, finer_alpha) > 0
    touching = _linear(holes.astype(float), beta, alpha, finer_beta, finer_alpha) > 0
    return np.where(touching | (near & ~np.isfinite(linear)), np.nan, np.where(near, linear, smooth))


def errors(
    coarse: GridSpec, first: Mapping[str, np.ndarray], fine: GridSpec, second: Mapping[str, np.ndarray]
) -> dict[str, tuple[float, float, float]]:
    """Measure how far a level was off at the points that it had not seen, by metric.

    Args:
        coarse: the grid of a level.
        first: its values by name, one per point.
        fine: the grid of the next.
        second: its values.

    Returns:
        The largest difference, and the smallest and largest value of the finer level: on the logarithm of the loss
        where that is what is interpolated.
    """
    found = {}
    for metric in METRICS:
        here, there = _grid(coarse, first[metric]), _grid(fine, second[metric])
        if metric == "loss" and spans_decades(there):
            here, there = (np.log10(np.where(grid > 0, grid, np.nan)) for grid in (here, there))
        guess = _between(here, coarse, fine)
        if metric in DIRECTIONAL:
            guess = np.where(_beside_centre(coarse, fine), np.nan, guess)
        both = np.isfinite(guess) & np.isfinite(there)
        if both.any():
            values = there[np.isfinite(there)]
            found[metric] = (float(np.abs(guess - there)[both].max()), float(values.min()), float(values.max()))
    return found


def share(found: list[Mapping[str, tuple[float, float, float]]]) -> dict[str, float]:
    """Return the largest error of compared surfaces as a share of the range that all of them take, by metric."""
    shares = {}
    for metric in METRICS:
        of = [errors[metric] for errors in found if metric in errors]
        if of:
            largest, low, high = max(e for e, _, _ in of), min(a for _, a, _ in of), max(b for _, _, b in of)
            shares[metric] = largest / (high - low) if high > low else 0.0
    return shares


def interpolate_surface(surface: Surface, side: int = SIDES[-1]) -> Surface:
    """Return a surface with values between its points, for drawing; numbers that are exported are those of its points.

    Every axis is halved until it has `side` points at least. Ratios between neighbours are missing, since they belong
    to the spacing. Where the surface is complete, so is what is drawn: its mask no longer tells points from what lies
    between them.
    """
    alpha, beta = _finer(surface.alpha, side), _finer(surface.beta, side)
    rows, columns = (len(beta) - 1) // max(1, len(surface.beta) - 1), (len(alpha) - 1) // max(1, len(surface.alpha) - 1)

    def drawn(values: np.ndarray, *, loss: bool = False) -> np.ndarray:
        logarithmic = loss and spans_decades(values)
        grid = np.log(values) if logarithmic else values
        found = interpolated(grid, surface.beta, surface.alpha, beta, alpha)
        found = np.exp(found) if logarithmic else found
        found[:: max(1, rows), :: max(1, columns)] = values  # exact where it was measured
        return found

    def placed(mask: np.ndarray) -> np.ndarray:
        found = np.zeros((len(beta), len(alpha)), dtype=bool)
        found[:: max(1, rows), :: max(1, columns)] = mask
        return found

    return replace(
        surface,
        alpha=alpha,
        beta=beta,
        loss=drawn(surface.loss, loss=True),
        accuracy=None if surface.accuracy is None else np.clip(drawn(surface.accuracy), 0, 1),
        gradient_norm=drawn(surface.gradient_norm),
        gradient_change_ratio=drawn(surface.gradient_change_ratio),
        row_ratio=np.stack([drawn(layer) for layer in surface.row_ratio])
        if len(surface.row_ratio)
        else np.zeros((0, len(beta), len(alpha))),
        plane_form=drawn(surface.plane_form),
        across=np.full((len(beta), len(alpha) - 1), np.nan),
        along=np.full((len(beta) - 1, len(alpha)), np.nan),
        step=drawn(surface.step),
        evaluated=np.ones((len(beta), len(alpha)), dtype=bool) if surface.complete else placed(surface.evaluated),
        non_finite=placed(surface.non_finite),
    )


def spans_decades(loss: np.ndarray) -> bool:
    """Say whether a loss is positive everywhere and its largest value many times its smallest."""
    finite = loss[np.isfinite(loss)]
    return bool(finite.size and finite.min() > 0 and finite.max() > DECADE * finite.min())


def _grid(spec: GridSpec, values: np.ndarray) -> np.ndarray:
    """Return values (B, A); the centre, where a ratio is a limit, gets its neighbours' mean."""
    columns, rows = spec.points
    grid = np.array(values, dtype=float).reshape(rows, columns)
    b, a = rows // 2, columns // 2
    alpha, beta = axes(spec)
    if alpha[a] == 0 and beta[b] == 0 and np.isnan(grid[b, a]):
        near = [grid[i, j] for i, j in ((b - 1, a), (b + 1, a), (b, a - 1), (b, a + 1)) if _inside(grid, i, j)]
        grid[b, a] = np.mean(near) if near else np.nan
    return grid


def _inside(grid: np.ndarray, i: int, j: int) -> bool:
    rows, columns = grid.shape[:2]
    return 0 <= i < int(rows) and 0 <= j < int(columns)


def _between(values: np.ndarray, coarse: GridSpec, fine: GridSpec) -> np.ndarray:
    """Return what a coarse level says at the points that only the fine one has; nan at its own."""
    (alpha, beta), (finer_alpha, finer_beta) = axes(coarse), axes(fine)
    guess = interpolated(values, beta, alpha, finer_beta, finer_alpha)
    guess[np.ix_(np.isin(finer_beta, beta), np.isin(finer_alpha, alpha))] = np.nan
    return guess


def _beside_centre(coarse: GridSpec, fine: GridSpec) -> np.ndarray:
    """Say which points of the fine grid lie in the coarse one's cells around the centre (B, A)."""
    sides = []
    for wide, narrow in zip(axes(coarse), axes(fine), strict=True):
        spacing = wide[1] - wide[0] if len(wide) > 1 else np.inf
        sides.append(np.abs(narrow) < spacing)
    near: np.ndarray = np.logical_and.outer(sides[1], sides[0])
    return near


def _finer(axis: np.ndarray, side: int) -> np.ndarray:
    if len(axis) == 1:
        return axis
    halvings = max(0, int(np.ceil(np.log2((side - 1) / (len(axis) - 1)))))
    places = np.arange((len(axis) - 1) * 2**halvings + 1) / 2**halvings
    found: np.ndarray = np.interp(places, np.arange(len(axis)), axis)
    return found


def _spline(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    if 1 in values.shape:
        return _line(values, beta, alpha, finer_beta, finer_alpha)
    degrees = {"kx": min(3, len(beta) - 1), "ky": min(3, len(alpha) - 1)}
    found: np.ndarray = RectBivariateSpline(beta, alpha, values, s=0, **degrees)(finer_beta, finer_alpha)
    return found


def _line(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    """Return a surface of one row or one column between its points, by a spline along the other."""
    if len(beta) == 1 and len(alpha) == 1:
        return np.full((len(finer_beta), len(finer_alpha)), values[0, 0])
    if len(beta) == 1:
        return _line(values.T, alpha, beta, finer_alpha, finer_beta).T
    twice = np.repeat(values, 2, axis=1)
    degree = min(3, len(beta) - 1)
    found: np.ndarray = RectBivariateSpline(beta, [0.0, 1.0], twice, s=0, kx=degree, ky=1)(finer_beta, [0.0])
    return found


def _linear(
    values: np.ndarray, beta: np.ndarray, alpha: np.ndarray, finer_beta: np.ndarray, finer_alpha: np.ndarray
) -> np.ndarray:
    if 1 in values.shape:
        rows = len(beta) > 1
        along, finer = (beta, finer_beta) if rows else (alpha, finer_alpha)
        line: np.ndarray = np.interp(finer, along, values.ravel())
        return line[:, None] if rows else line[None, :]
    places = np.stack(np.meshgrid(finer_beta, finer_alpha, indexing="ij"), axis=-1)
    found: np.ndarray = RegularGridInterpolator((beta, alpha), values)(places)
    return found
