"""Surfaces as maps seen from above: one colored cell per measured point, with contour lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.scales import Range
from normscape.figures.surface.axes import axis_title, mark_labels, metric_bar
from normscape.figures.surface.cuts import single_figures
from normscape.figures.surface.minima import MINIMA, persistence_texts
from normscape.figures.surface.surface_3d import contour_count
from normscape.landscape.surface.topology import minima_of

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 500
MISSING_COLOR = "rgba(128,128,140,0.35)"
BAR = {"ypad": 56, "len": 0.7}  # about as long as a map is wide, which is a square
MAX_ASPECT = 4.0  # beyond this ratio of its sides a map with equal units would be a stripe


def contour_figures(comparison: Comparison) -> dict[str, go.Figure]:
    """Draw each surface as a map with contour lines; all share the range of colors and the lines (D4).

    One cell is one measured point; values are not smoothed. Missing cells are gray, with a cross where they are not
    finite. The cross at the center is θ*. Rings are the minima of the loss that count (D15).

    Raises:
        ValueError: the metric or the scale is unknown.
    """

    def draw(surface: Surface, value_range: Range) -> go.Figure:
        heatmap_and_lines = _map(comparison, surface, value_range)
        marks = [*(_minima(surface) if comparison.metric == "loss" else []), *center_mark(surface)]
        figure = go.Figure([*_missing(comparison, surface), *heatmap_and_lines, *marks])
        style_map_axes(figure, comparison, surface)
        return figure

    return single_figures(comparison, draw, bottom=106, height=HEIGHT)


def _map(comparison: Comparison, surface: Surface, value_range: Range) -> list[Any]:
    values, color_range = comparison.values(surface), comparison.color_range or value_range
    darkest, brightest = color_range.ends
    low, high = value_range.ends
    grid = {"x": surface.alpha, "y": surface.beta}
    name = comparison.metric_title.lower()
    return [
        go.Heatmap(
            **grid,
            z=comparison.shades(surface),
            **{"zmin": darkest, "zmax": brightest, "colorscale": SURFACE_COLORSCALE},
            **{"customdata": values, "meta": "z"},
            **{"hoverongaps": False, "colorbar": metric_bar(comparison, color_range) | BAR},
            hovertemplate=html(r"$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<br>")
            + f"{name} %{{customdata:.4g}}<extra></extra>",
        ),
        go.Contour(
            **grid,
            z=comparison.positions(surface),
            contours={"coloring": "none", "start": low, "end": high, "size": (high - low) / contour_count(value_range)},
            line={"color": "rgba(255,255,255,0.55)", "width": 1},
            **{"showscale": False, "hoverinfo": "skip", "autocontour": False},
        ),
    ]


def _missing(comparison: Comparison, surface: Surface) -> list[Any]:
    """Return gray cells where values are missing, with crosses where they are not finite."""
    values = comparison.values(surface)
    missing = ~np.isfinite(values) if values is not None else np.ones_like(surface.evaluated)
    if not missing.any():
        return []
    gray = go.Heatmap(
        **{"x": surface.alpha, "y": surface.beta, "z": np.where(missing, 1.0, np.nan), "zmin": 0, "zmax": 1},
        **{"colorscale": [[0, MISSING_COLOR], [1, MISSING_COLOR]], "showscale": False, "hoverongaps": False},
        text=np.where(surface.evaluated, "not finite", "not evaluated yet"),
        hovertemplate=html(r"$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<br>%{text}<extra></extra>"),
    )
    rows, columns = np.nonzero(missing & surface.evaluated)
    crosses = go.Scatter(
        **{"x": surface.alpha[columns], "y": surface.beta[rows], "mode": "markers", "hoverinfo": "skip"},
        marker={"symbol": "x-thin", "size": 6, "line": {"color": "rgba(128,128,140,0.9)", "width": 1}},
        **{"showlegend": False, "name": "not finite"},
    )
    return [gray, crosses] if rows.size else [gray]


def _minima(surface: Surface) -> list[Any]:
    """Return a ring at every minimum of the loss that counts."""
    found = minima_of(surface)
    if not len(found):
        return []
    return [
        go.Scatter(
            **{"x": surface.alpha[found.column], "y": surface.beta[found.row], "mode": "markers", "name": MINIMA},
            marker={"symbol": "circle-open", "size": 13, "color": "#ffffff", "line": {"width": 2}},
            **{"customdata": found.value, "text": persistence_texts(found), "showlegend": False},
            hovertemplate="minimum %{customdata:.4g}<br>%{text}<extra></extra>",
        )
    ]


def center_mark(surface: Surface) -> list[Any]:
    """Return the cross at θ* if the map contains it, and the checkpoints in the plane."""
    inside = surface.alpha.min() <= 0 <= surface.alpha.max() and surface.beta.min() <= 0 <= surface.beta.max()
    shared: dict[str, Any] = {"x": [0], "y": [0], "mode": "markers", "showlegend": False}
    halo = {"symbol": "cross-thin", "size": 14, "line": {"color": "rgba(15,20,32,0.8)", "width": 4}}
    cross = {"symbol": "cross-thin", "size": 13, "line": {"color": "#ffffff", "width": 2}}
    traces = [
        go.Scatter(**shared, marker=halo, hoverinfo="skip"),
        go.Scatter(**shared, marker=cross, name=html(r"center $\theta^*$"), hoverinfo="skip"),
    ]
    return [*(traces if inside else []), *_checkpoints(surface)]


def _checkpoints(surface: Surface) -> list[Any]:
    """Return a labeled dot for every checkpoint in the plane (D2); a trajectory is a line with one label."""
    if not surface.plane.marks:
        return []
    steps, alphas, betas = zip(*surface.plane.marks, strict=True)
    path, names = surface.plane.kind == "trajectory", mark_labels(surface.plane)
    texts = [name if not path or step == steps[0] else "" for step, name in zip(steps, names, strict=True)]
    return [
        go.Scatter(
            **{"x": alphas, "y": betas, "mode": "lines+markers+text" if path else "markers+text", "text": texts},
            line={"color": "#ffffff", "width": 2},
            **{"textposition": "top center", "textfont": {"color": "#ffffff", "size": 12}, "showlegend": False},
            marker={"symbol": "circle", "size": 9, "color": "#ffffff", "line": {"color": "#0f1420", "width": 2}},
            hovertemplate=html(r"%{text}<br>$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<extra></extra>"),
        )
    ]


def style_map_axes(figure: go.Figure, comparison: Comparison, surface: Surface) -> None:
    """Give a map its axes, with equal units unless one side is much longer than the other; changes the figure."""
    font = {"color": comparison.theme_colors.text}
    shared: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "tickfont": font,
        "constrain": "domain",
        "nticks": 6,
    }
    across, up = ({"text": axis_title(surface, name), "font": font, "standoff": 2} for name in "αβ")
    figure.update_xaxes(overwrite=True, title=across, **shared)
    figure.update_yaxes(overwrite=True, title=up, automargin=True, **shared)
    sides = float(np.ptp(surface.alpha)), float(np.ptp(surface.beta))
    if max(sides) <= MAX_ASPECT * min(sides):
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
