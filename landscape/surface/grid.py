"""The grid of a surface: where its points are."""

import numpy as np

from normscape.specs import SurfaceSpec


def axes(spec: SurfaceSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return α (A,) and β (B,); where a symmetric axis has a middle it is exactly 0, and one point means 0."""
    return _axis(spec.points_alpha, *spec.range_alpha), _axis(spec.points_beta, *spec.range_beta)


def _axis(points: int, first: float, last: float) -> np.ndarray:
    if points == 1:
        return np.zeros(1)
    axis = np.linspace(first, last, points)
    axis[np.abs(axis) < 1e-12 * (last - first)] = 0.0  # what is 0 but for rounding is the centre
    return (axis - axis[::-1]) / 2 if first == -last else axis  # exactly symmetric, so exactly 0 in the middle
