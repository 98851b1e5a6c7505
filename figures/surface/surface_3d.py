"""Surfaces as landscapes in three dimensions, one figure each, all with the same heights and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLOURS
from normscape.figures.style.scales import Range, metric_of, shared_range, values
from normscape.figures.style.template import CLEAR, NOTHING, dressed, ink, sentence_figure
from normscape.figures.surface.axes import axis_words
from normscape.figures.surface.cuts import line_figure
from normscape.figures.surface.notes import centre_value, is_line, note_lines, notes, nothing_to_draw
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 400
ASPECT = {"x": 1.1, "y": 1.1, "z": 0.92}
CENTRE_COLOUR = "#ff4d6d"  # on no colour of the map
CHECKPOINT_COLOUR = "#ffa94d"
_AFTER = 10**9  # a centre without a step of its own is the last one


def surface_figures(
    surfaces: Mapping[str, Surface], metric: str, scale: str, *, colours: Mapping[str, str], dark: bool = False
) -> dict[str, go.Figure]:
    """Draw each surface as a landscape; all share the range of heights and of colours (D4).

    Args:
        surfaces: what was measured, by label. One with a single row or column becomes a line, one without a finite
            value a sentence. Missing points are gaps.
        metric: a key of `METRICS`.
        scale: "log" or "linear", of heights and colours alike; hovering shows the true value.
        colours: the colour of each label's title.
        dark: whether the page is dark.

    Raises:
        ValueError: there is no such metric or scale.
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
    figure = go.Figure(landscape(surface, metric, span))
    # the page tells every metric of a place by itself; "none" still reports it
    told = {"hoverinfo": "none", "hovertext": None, "colorbar": bar(metric, span, dress["dark"])}
    figure.update_traces(**told, selector={"type": "surface"})
    figure.update_layout(scene=scene(surface, span, dress["dark"]))
    return dressed(figure, height=HEIGHT, notes=notes(surface, metric, span), note_lines=lines, foot=52, **dress)


def landscape(surface: Surface, metric: str, span: Range) -> list[Any]:
    """Return the traces of one landscape: the surface, and a mark at θ*."""
    found = values(surface, metric)
    true = found if found is not None else np.full_like(surface.loss, np.nan)
    heights = span.place(true)
    low, high = span.ends
    drawn = go.Surface(
        **{"x": surface.alpha, "y": surface.beta, "z": heights, "surfacecolor": heights},
        **{"cmin": low, "cmax": high, "colorscale": SURFACE_COLOURS},
        **{"hoverinfo": "text", "hovertext": _words(surface, true, metric_of(metric).title.lower())},
        lighting={"ambient": 0.72, "diffuse": 0.55, "specular": 0.08, "roughness": 0.9, "fresnel": 0.05},
        lightposition={"x": -800, "y": -1500, "z": 2500},
        contours={"z": _lines(span)},
    )
    return [drawn, *_centre(surface, metric, span), *_checkpoints(surface, true, span)]


def scene(surface: Surface, span: Range, dark: bool) -> dict[str, Any]:
    """Return the room that a landscape stands in, seen from where it is seen at first."""
    # the ends are those of the grid, also where points are missing
    alpha, beta = ([float(axis.min()), float(axis.max())] for axis in (surface.alpha, surface.beta))
    return {
        "xaxis": _axis(axis_words(surface, "α"), dark) | {"nticks": 5, "range": alpha},
        "yaxis": _axis(axis_words(surface, "β"), dark) | {"nticks": 5, "range": beta},
        "zaxis": _axis("", dark) | {"range": span.padded(0.03)} | span.marks,
        "aspectmode": "manual",
        "aspectratio": ASPECT,
        "camera": seen_from(CAMERA),
        "bgcolor": CLEAR,
        "dragmode": "turntable",
        "uirevision": "normscape",
    }


def seen_from(camera: Sequence[float]) -> dict[str, Any]:
    """Return plotly's camera for that of `Display.camera`: (6,) eye and centre."""
    eye, centre = (dict(zip("xyz", place, strict=True)) for place in (camera[:3], camera[3:]))
    return {"eye": eye, "center": centre}


def bar(metric: str, span: Range, dark: bool) -> dict[str, Any]:
    """Return a slim colour bar that lies beneath the picture."""
    title = metric_of(metric).title
    words = {"color": ink(dark).text, "size": 11}
    return {
        **{"orientation": "h", "thickness": 8, "len": 0.86, "xpad": 0, "ypad": 2, "outlinewidth": 0},
        **{"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "top", "ticks": "outside", "ticklen": 3},
        **{"tickcolor": ink(dark).faint, "tickfont": words},
        "title": {"text": f"{title} ({html(span.unit)})", "side": "bottom", "font": words},
        **span.marks,
    }


def _axis(title: str, dark: bool) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"color": ink(dark).text, "size": 12}},
        "tickfont": {"color": ink(dark).faint, "size": 11},
        **{
            "gridcolor": ink(dark).grid,
            "linecolor": ink(dark).grid,
            "zeroline": False,
            "showbackground": False,
            "showspikes": False,
        },
    }


def _checkpoints(surface: Surface, true: np.ndarray, span: Range) -> list[Any]:
    """Return pins at the checkpoints that the plane passes through, joined in the order of their steps (D2)."""
    checkpoint = surface.spec.evaluation.checkpoint
    own = _AFTER if checkpoint is None else checkpoint
    marks = sorted([*surface.plane.marks, (own, 0.0, 0.0)])
    inside = [mark for mark in marks if _holds(surface, *mark[1:])]
    if len(marks) < 2 or len(inside) < 2:
        return []
    heights = [_height(surface, true, alpha, beta, span) for _, alpha, beta in inside]
    words = ["" if (alpha, beta) == (0, 0) else f"step {step}" for step, alpha, beta in inside]
    return [
        go.Scatter3d(
            **{"x": [mark[1] for mark in inside], "y": [mark[2] for mark in inside], "z": heights},
            **{"mode": "lines+markers+text", "text": words, "textposition": "top center", "showlegend": False},
            **{"name": "checkpoints", "hoverinfo": "skip", "textfont": {"color": CHECKPOINT_COLOUR, "size": 12}},
            marker={"size": 4, "color": CHECKPOINT_COLOUR, "line": {"width": 0}},
            line={"color": CHECKPOINT_COLOUR, "width": 3, "dash": "dash"},
        )
    ]


def _holds(surface: Surface, alpha: float, beta: float) -> bool:
    return bool(
        surface.alpha.min() <= alpha <= surface.alpha.max() and surface.beta.min() <= beta <= surface.beta.max()
    )


def _height(surface: Surface, true: np.ndarray, alpha: float, beta: float, span: Range) -> float:
    row, column = int(np.abs(surface.beta - beta).argmin()), int(np.abs(surface.alpha - alpha).argmin())
    return float(span.place(true[row, column]))


def _words(surface: Surface, true: np.ndarray, name: str) -> np.ndarray:
    """Return what is said at each point (B, A). Not `customdata`: plotly.js looks that of a surface up transposed."""
    alpha, beta = html(r"$\alpha$"), html(r"$\beta$")
    rows = [
        [
            f"{alpha} {a:.3g}<br>{beta} {b:.3g}<br>{name} {value:.4g}"
            for a, value in zip(surface.alpha, row, strict=True)
        ]
        for b, row in zip(surface.beta, true, strict=True)
    ]
    return np.array(rows, dtype=object)


def _lines(span: Range) -> dict[str, Any]:
    low, high = span.ends
    size = (high - low) / 12
    return {"show": True, "start": low, "end": high, "size": size, "color": "rgba(255,255,255,0.35)", "width": 1}


def _centre(surface: Surface, metric: str, span: Range) -> list[Any]:
    """Return a pin at θ*: its foot on the surface, a stem up to the top so that it is seen behind any slope."""
    value = centre_value(surface, metric)
    if value is None:
        return []
    foot = float(span.place(np.array(value)))
    return [
        go.Scatter3d(
            **{"x": [0, 0], "y": [0, 0], "z": [foot, span.ends[1]], "mode": "lines+markers"},
            marker={"size": [5, 3], "color": CENTRE_COLOUR, "line": {"width": 0}},
            line={"color": CENTRE_COLOUR, "width": 3},
            hovertemplate=html(rf"centre $\theta^*$<br>{metric_of(metric).title.lower()} {value:.4g}<extra></extra>"),
            name=html(r"centre $\theta^*$"),
            showlegend=False,
        )
    ]
