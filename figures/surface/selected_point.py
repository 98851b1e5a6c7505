"""The selected point (α, β): marked on figures of compared surfaces, and the value of every metric there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.scales import METRICS, metric_values
from normscape.figures.surface.notes import is_line, nothing_to_draw

if TYPE_CHECKING:
    from normscape.landscape import Surface

POINT_COLOR = "#ffd166"  # distinct from the pin at θ* and from the darker half of the color scale

Point = tuple[float, float]


def nearest(surface: Surface, point: Point) -> tuple[int, int]:
    """Return the row and the column of the point of a surface that is nearest to (α, β)."""
    alpha, beta = point
    return int(np.abs(surface.beta - beta).argmin()), int(np.abs(surface.alpha - alpha).argmin())


def values_at(surface: Surface, point: Point) -> dict[str, float]:
    """Return all metrics at the point of a surface that is nearest to (α, β); nan where it does not have one.

    Per-layer ratios are left out.
    """
    index, known = nearest(surface, point), metrics_of(surface)
    return {
        name: float(known[name][index]) if name in known else float("nan") for name in METRICS if name != "layer-ratio"
    }


def metrics_of(surface: Surface) -> dict[str, np.ndarray]:
    """Return all metrics (B, A) that a surface has, by name; per-layer ratios are left out."""
    arrays = {name: metric_values(surface, name) for name in METRICS if name != "layer-ratio"}
    return {name: array for name, array in arrays.items() if array is not None and np.isfinite(array).any()}


def mark_surfaces(figures: Mapping[str, go.Figure], comparison: Comparison, point: Point) -> None:
    """Mark the point nearest to (α, β) on every surface in 3-D with a ball; changes the figures."""
    for label, surface, (row, column) in _marked(comparison, point):
        values, value_range = comparison.values(surface), comparison.value_range
        if values is None or value_range is None or not np.isfinite(values[row, column]):
            continue
        height = float(value_range.position(values[row, column]))
        figures[label].add_trace(
            go.Scatter3d(
                **{"x": [surface.alpha[column]], "y": [surface.beta[row]], "z": [height], "marker": _marker(7)},
                **_MARK,
            )
        )


def mark_maps(figures: Mapping[str, go.Figure], comparison: Comparison, point: Point) -> None:
    """Mark the point nearest to (α, β) on every map with a dot; changes the figures."""
    for label, surface, (row, column) in _marked(comparison, point):
        figures[label].add_trace(
            go.Scatter(x=[surface.alpha[column]], y=[surface.beta[row]], marker=_marker(11), **_MARK)
        )


def mark_cut(figure: go.Figure, comparison: Comparison, point: Point) -> None:
    """Draw a vertical line at the α of a point on a cut along d1; changes the figure."""
    line = {"color": comparison.theme_colors.faint, "width": 1.5, "dash": "dash"}
    figure.add_vline(x=point[0], line=line, name="chosen point")


_MARK: dict[str, Any] = {"mode": "markers", "name": "chosen point", "showlegend": False, "hoverinfo": "skip"}


def _marked(comparison: Comparison, point: Point) -> Iterator[tuple[str, Surface, tuple[int, int]]]:
    """Yield the surfaces that are drawn with two dimensions, with row and column of the nearest point."""
    for label, surface in comparison.results.items():
        if not is_line(surface) and nothing_to_draw(surface, comparison.metric) is None:
            yield label, surface, nearest(surface, point)


def _marker(size: int) -> dict[str, Any]:
    return {"size": size, "color": POINT_COLOR, "line": {"color": "#0f1420", "width": 2}}
