"""One point (α, β), marked wherever compared surfaces are drawn, and what every metric is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.scales import METRICS, shared_range, values
from normscape.figures.style.template import ink
from normscape.figures.surface.notes import is_line, nothing_to_draw

if TYPE_CHECKING:
    from normscape.landscape import Surface

POINT_COLOUR = "#ffd166"  # beside the pin at θ*, on no colour of the map's darker half

Point = tuple[float, float]


def nearest(surface: Surface, point: Point) -> tuple[int, int]:
    """Return the row and the column of the point of a surface that is nearest to (α, β)."""
    alpha, beta = point
    return int(np.abs(surface.beta - beta).argmin()), int(np.abs(surface.alpha - alpha).argmin())


def values_at(surface: Surface, point: Point) -> dict[str, float]:
    """Return all metrics at the point of a surface that is nearest to (α, β); nan where it has none.

    Row ratios are left out: there is one for each layer.
    """
    place, known = nearest(surface, point), metrics_of(surface)
    return {
        name: float(known[name][place]) if name in known else float("nan") for name in METRICS if name != "row-ratio"
    }


def metrics_of(surface: Surface) -> dict[str, np.ndarray]:
    """Return all metrics (B, A) that a surface has, by their names; row ratios, one for each layer, are left out."""
    found = {name: values(surface, name) for name in METRICS if name != "row-ratio"}
    return {name: array for name, array in found.items() if array is not None and np.isfinite(array).any()}


def mark_landscapes(
    figures: Mapping[str, go.Figure], surfaces: Mapping[str, Surface], metric: str, scale: str, point: Point
) -> None:
    """Put a ball on every landscape, at its point nearest to (α, β); the figures themselves are changed."""
    span = shared_range(surfaces, metric, scale)
    for label, surface in surfaces.items():
        if span is None or is_line(surface) or nothing_to_draw(surface, metric) is not None:
            continue
        row, column = nearest(surface, point)
        found = values(surface, metric)
        if found is None or not np.isfinite(found[row, column]):
            continue
        height = float(span.place(found[row, column]))
        figures[label].add_trace(
            go.Scatter3d(
                **{"x": [surface.alpha[column]], "y": [surface.beta[row]], "z": [height], "mode": "markers"},
                marker={"size": 7, "color": POINT_COLOUR, "line": {"color": "#0f1420", "width": 2}},
                **{"name": "chosen point", "showlegend": False, "hoverinfo": "skip"},
            )
        )


def mark_maps(figures: Mapping[str, go.Figure], surfaces: Mapping[str, Surface], metric: str, point: Point) -> None:
    """Put a dot on every map, at its point nearest to (α, β); the figures themselves are changed."""
    for label, surface in surfaces.items():
        if is_line(surface) or nothing_to_draw(surface, metric) is not None:
            continue
        row, column = nearest(surface, point)
        figures[label].add_trace(
            go.Scatter(
                **{"x": [surface.alpha[column]], "y": [surface.beta[row]], "mode": "markers", "showlegend": False},
                marker={"size": 11, "color": POINT_COLOUR, "line": {"color": "#0f1420", "width": 2}},
                **{"name": "chosen point", "hoverinfo": "skip"},
            )
        )


def mark_cut(figure: go.Figure, point: Point, *, dark: bool) -> None:
    """Draw a line where a cut along d1 passes the chosen α; the figure itself is changed."""
    figure.add_vline(x=point[0], line={"color": ink(dark).faint, "width": 1.5, "dash": "dash"}, name="chosen point")
