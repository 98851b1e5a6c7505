"""The grid of a surface: the coordinates of its points."""

import numpy as np

from normscape.specs import GridSpec


def axes(grid: GridSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return α (A,) and β (B,). The middle of a symmetric odd axis is exactly 0, and so is an axis of one point."""
    alpha, beta = (_axis(points, *ends) for points, ends in zip(grid.points, grid.ranges, strict=True))
    return alpha, beta


def _axis(points: int, first: float, last: float) -> np.ndarray:
    if points == 1:
        return np.zeros(1)
    axis = np.linspace(first, last, points)
    axis[np.abs(axis) < 1e-12 * (last - first)] = 0.0  # removes rounding errors at the center
    return (axis - axis[::-1]) / 2 if first == -last else axis  # exactly symmetric, and exactly 0 in the middle
