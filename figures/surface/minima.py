"""Rings at the minima of the loss on surfaces in 3-D (D15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.landscape.surface.topology import Minima, minima_of

if TYPE_CHECKING:
    from normscape.landscape import Surface

MINIMA = "minima"
"""Name of their traces."""

RADIUS = 0.035
"""Radius of a ring relative to the range of each axis."""

ANGLES = np.linspace(0, 2 * np.pi, 33)

LIFT = 0.004
"""How far a ring is above the surface, relative to the range of heights, so that the surface does not cover it."""


def persistence_texts(found: Minima) -> list[str]:
    """Return how persistent every minimum is, for a hover text."""
    return [
        "lowest of its region" if np.isinf(persistence) else f"persistence {persistence:.3g}"
        for persistence in found.persistence
    ]


def minima_rings(surface: Surface, heights: np.ndarray, span: float) -> list[Any]:
    """Return rings that lie on a surface in 3-D, one around every minimum of the loss that counts, in one trace.

    At the border and beside holes a ring is open.

    Args:
        surface: whose loss is drawn.
        heights: where its points are drawn (B, A).
        span: range of the heights.
    """
    found = minima_of(surface)
    if not len(found) or min(heights.shape) < 2:
        return []
    middle = surface.alpha[found.column], surface.beta[found.row]
    x, y = (
        center[:, None] + RADIUS * float(np.ptp(axis)) * turn
        for center, axis, turn in zip(
            middle, (surface.alpha, surface.beta), (np.cos(ANGLES), np.sin(ANGLES)), strict=True
        )
    )
    z = _between(surface.alpha, surface.beta, heights, x, y) + LIFT * span
    texts = [
        f"minimum {value:.4g}<br>{text}" for value, text in zip(found.value, persistence_texts(found), strict=True)
    ]
    return [
        go.Scatter3d(
            **{name: _joined(values) for name, values in (("x", x), ("y", y), ("z", z))},
            **{"mode": "lines", "name": MINIMA, "showlegend": False, "connectgaps": False, "hoverinfo": "text"},
            hovertext=[text for text in texts for _ in range(len(ANGLES) + 1)],
            line={"color": "#ffffff", "width": 5},
        )
    ]


def _joined(values: np.ndarray) -> np.ndarray:
    """Return the rows (K, N) one after the other, with a gap behind each."""
    return np.pad(values, ((0, 0), (0, 1)), constant_values=np.nan).ravel()


def _between(alpha: np.ndarray, beta: np.ndarray, heights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the heights at places between the points of a grid, bilinear; nan outside of it."""
    columns, rows = (np.interp(place, axis, np.arange(len(axis))) for place, axis in ((x, alpha), (y, beta)))
    left, below = (np.minimum(at.astype(int), size - 2) for at, size in ((columns, len(alpha)), (rows, len(beta))))
    s, t = columns - left, rows - below
    lower = (1 - s) * heights[below, left] + s * heights[below, left + 1]
    upper = (1 - s) * heights[below + 1, left] + s * heights[below + 1, left + 1]
    inside = (x >= alpha[0]) & (x <= alpha[-1]) & (y >= beta[0]) & (y <= beta[-1])
    return np.where(inside, (1 - t) * lower + t * upper, np.nan)
