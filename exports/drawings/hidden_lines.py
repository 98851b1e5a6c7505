"""Contour lines on a surface, without the parts that the surface hides: matplotlib draws lines over everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.interpolate import RegularGridInterpolator

SAMPLES = 48
"""Places between a point and the camera at which the surface is compared with the line of sight."""


def visible_contours(
    alpha: np.ndarray, beta: np.ndarray, heights: np.ndarray, levels: Sequence[float] | np.ndarray, eye: np.ndarray
) -> list[np.ndarray]:
    """Return the visible parts of the contour lines of a surface, (N, 3) each.

    Args:
        alpha: (A,) increasing.
        beta: (B,) increasing.
        heights: (B, A), nan where there is no surface.
        levels: heights of the lines.
        eye: (3,) position of the camera, in the same units.
    """
    from matplotlib.figure import Figure

    contours = Figure().add_subplot().contour(alpha, beta, np.ma.masked_invalid(heights), levels=levels)
    lines: list[np.ndarray] = []
    for level, own in zip(contours.levels, contours.allsegs, strict=True):
        for line in own:
            points = np.column_stack([line, np.full(len(line), level)])
            behind = hidden(points, alpha, beta, heights, eye)
            lines += [points[run] for run, is_hidden in runs(behind) if not is_hidden and run.stop - run.start > 1]
    return lines


def hidden(points: np.ndarray, alpha: np.ndarray, beta: np.ndarray, heights: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """Return which points (N,) the surface hides: between them and the camera it crosses the line of sight.

    Args:
        points: (N, 3), on the surface or above it.
        alpha: (A,) increasing.
        beta: (B,) increasing.
        heights: (B, A), nan where there is no surface.
        eye: (3,) position of the camera, in the same units.
    """
    shares = np.linspace(0.0, 1.0, SAMPLES + 1)[1:, None, None]
    sights = points + shares * (eye - points)  # (SAMPLES, N, 3)
    ground = RegularGridInterpolator((beta, alpha), heights, bounds_error=False, fill_value=np.nan)
    above = sights[..., 2] - ground(sights[..., [1, 0]])
    above[np.abs(above) < 2e-3 * np.ptp(heights[np.isfinite(heights)])] = np.nan  # the line itself is on the surface
    with np.errstate(invalid="ignore"):
        return np.asarray((above < 0).any(axis=0) if eye[2] > np.nanmean(heights) else (above > 0).any(axis=0))


def runs(values: np.ndarray) -> Iterator[tuple[slice, bool]]:
    """Yield the runs of equal values (N,), each with its value."""
    for value, indices in itertools.groupby(range(len(values)), key=lambda index: bool(values[index])):
        run = list(indices)
        yield slice(run[0], run[-1] + 1), value
