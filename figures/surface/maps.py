"""Surfaces as maps seen from above: one coloured cell per measured point, with contour lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLOURS
from normscape.figures.style.scales import Range, metric_of, shared_range, values
from normscape.figures.style.template import NOTHING, dressed, ink, sentence_figure
from normscape.figures.surface.axes import axis_words
from normscape.figures.surface.cuts import line_figure
from normscape.figures.surface.notes import is_line, note_lines, notes, nothing_to_draw
from normscape.figures.surface.surface_3d import bar

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 400
LINES = 12
MISSING_COLOUR = "rgba(128,128,140,0.35)"
LONGEST_SHAPE = 4.0  # beyond this ratio of its sides a map with equal units would be a stripe


def contour_figures(
    surfaces: Mapping[str, Surface], metric: str, scale: str, *, colours: Mapping[str, str], dark: bool = False
) -> dict[str, go.Figure]:
    """Draw each surface as a map with contour lines; all share the range of colours and the lines (D4).

    One cell is one measured point, nothing is smoothed. Missing cells are grey, crossed where they are not finite.
    The cross in the middle is θ*. The arguments, and what is raised, are those of `surface_figures`.
    """
    span = shared_range(surfaces, metric, scale)
    lines = note_lines(surfaces, metric, span) if span is not None else 0
    return {
        label: _figure(surface, metric, span, {"title": label, "colour": colours.get(label), "dark": dark}, lines)
        for label, surface in surfaces.items()
    }


def _figure(surface: Surface, metric: str, span: Range | None, dress: dict[str, Any], lines: int) -> go.Figure:
    sentence = nothing_to_draw(surface, metric)
    if span is None or sentence is not None:
        return sentence_figure(sentence or NOTHING, height=HEIGHT, **dress)
    if is_line(surface):
        return line_figure(surface, metric, span, height=HEIGHT, **dress)
    dark = dress["dark"]
    figure = go.Figure([*_missing(surface, metric), *_map(surface, metric, span, dark), *centre_mark(surface)])
    axes_of(figure, surface, dark)
    return dressed(figure, height=HEIGHT, notes=notes(surface, metric, span), note_lines=lines, foot=106, **dress)


def _map(surface: Surface, metric: str, span: Range, dark: bool) -> list[Any]:
    true = values(surface, metric)
    heights = span.place(true if true is not None else np.full_like(surface.loss, np.nan))
    low, high = span.ends
    grid = {"x": surface.alpha, "y": surface.beta, "z": heights}
    lines = {"coloring": "none", "start": low, "end": high, "size": (high - low) / LINES}
    name = metric_of(metric).title.lower()
    return [
        go.Heatmap(
            **grid,
            **{"zmin": low, "zmax": high, "colorscale": SURFACE_COLOURS, "customdata": true, "hoverongaps": False},
            hovertemplate=html(
                rf"$\alpha$ %{{x:.3g}}<br>$\beta$ %{{y:.3g}}<br>{name} %{{customdata:.4g}}<extra></extra>"
            ),
            colorbar=bar(metric, span, dark) | {"ypad": 56},
        ),
        go.Contour(
            **grid,
            contours=lines,
            line={"color": "rgba(255,255,255,0.55)", "width": 1},
            **{"showscale": False, "hoverinfo": "skip", "autocontour": False},
        ),
    ]


def _missing(surface: Surface, metric: str) -> list[Any]:
    """Return what stands where no value is: grey cells, and crosses on those that are not finite."""
    found = values(surface, metric)
    gone = ~np.isfinite(found) if found is not None else np.ones_like(surface.evaluated)
    if not gone.any():
        return []
    grey = go.Heatmap(
        **{"x": surface.alpha, "y": surface.beta, "z": np.where(gone, 1.0, np.nan), "zmin": 0, "zmax": 1},
        **{"colorscale": [[0, MISSING_COLOUR], [1, MISSING_COLOUR]], "showscale": False, "hoverongaps": False},
        text=np.where(surface.evaluated, "not finite", "not evaluated yet"),
        hovertemplate=html(r"$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<br>%{text}<extra></extra>"),
    )
    rows, columns = np.nonzero(gone & surface.evaluated)
    crosses = go.Scatter(
        **{"x": surface.alpha[columns], "y": surface.beta[rows], "mode": "markers", "hoverinfo": "skip"},
        marker={"symbol": "x-thin", "size": 6, "line": {"color": "rgba(128,128,140,0.9)", "width": 1}},
        **{"showlegend": False, "name": "not finite"},
    )
    return [grey, crosses] if rows.size else [grey]


def centre_mark(surface: Surface) -> list[Any]:
    """Return the cross on θ*, where the map holds it."""
    inside = surface.alpha.min() <= 0 <= surface.alpha.max() and surface.beta.min() <= 0 <= surface.beta.max()
    shared: dict[str, Any] = {"x": [0], "y": [0], "mode": "markers", "showlegend": False}
    halo = {"symbol": "cross-thin", "size": 14, "line": {"color": "rgba(15,20,32,0.8)", "width": 4}}
    cross = {"symbol": "cross-thin", "size": 13, "line": {"color": "#ffffff", "width": 2}}
    traces = [
        go.Scatter(**shared, marker=halo, hoverinfo="skip"),
        go.Scatter(**shared, marker=cross, name=html(r"centre $\theta^*$"), hoverinfo="skip"),
    ]
    return [*(traces if inside else []), *_checkpoints(surface)]


def _checkpoints(surface: Surface) -> list[Any]:
    """Return a named dot for every checkpoint that the plane passes through (D2)."""
    if not surface.plane.marks:
        return []
    steps, alphas, betas = zip(*surface.plane.marks, strict=True)
    return [
        go.Scatter(
            **{"x": alphas, "y": betas, "mode": "markers+text", "text": [f"step {step}" for step in steps]},
            **{"textposition": "top center", "textfont": {"color": "#ffffff", "size": 12}, "showlegend": False},
            marker={"symbol": "circle", "size": 9, "color": "#ffffff", "line": {"color": "#0f1420", "width": 2}},
            hovertemplate=html(r"%{text}<br>$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<extra></extra>"),
        )
    ]


def axes_of(figure: go.Figure, surface: Surface, dark: bool) -> None:
    """Give a map its axes, with equal units where that leaves a shape to look at."""
    words = {"color": ink(dark).text}
    shared: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "tickfont": words,
        "constrain": "domain",
        "nticks": 6,
    }
    across, up = ({"text": axis_words(surface, name), "font": words, "standoff": 2} for name in "αβ")
    figure.update_xaxes(title=across, **shared)
    figure.update_yaxes(title=up, automargin=True, **shared)
    sides = float(np.ptp(surface.alpha)), float(np.ptp(surface.beta))
    if max(sides) <= LONGEST_SHAPE * min(sides):
        figure.update_yaxes(scaleanchor="x", scaleratio=1)
