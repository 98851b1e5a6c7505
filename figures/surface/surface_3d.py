"""Surfaces in 3-D, one figure each, all with the same range of heights and colors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.scales import Range
from normscape.figures.style.template import TRANSPARENT
from normscape.figures.surface.axes import axis_title, mark_labels
from normscape.figures.surface.cuts import single_figures
from normscape.figures.surface.minima import minima_rings
from normscape.figures.surface.notes import center_value
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 366  # two surfaces, the controls and the verdict fit on a screen of 720 pixels
TOP = 30  # pixels of the title
CONTOURS = {"log": 12, "linear": 20}  # lines of equal height between the ends of the range
ASPECT = {"x": 1.4, "y": 1.4, "z": 0.8}
MOST_TICKS = 4  # at an axis: seen at an angle, more numbers would be printed over each other
FOOT = 0.1  # of the height axis, where the first number of α is
MOST_LABELED = 4  # of more surfaces each is so small that the label would hide it
CENTER_COLOR = "#ff4d6d"  # not in the color scale of heights
CHECKPOINT_COLOR = "#ffa94d"
_LAST_STEP = 10**9  # a center without a checkpoint is the end of training


def surface_figures(comparison: Comparison) -> dict[str, go.Figure]:
    """Draw each surface in 3-D; all share the ranges of heights and colors (D4), without a color bar.

    A surface with a single row or column becomes a line, one without a finite value a sentence. Missing points are
    gaps. Hovering shows the true value.

    Raises:
        ValueError: the metric or the scale is unknown.
    """

    def draw(surface: Surface, value_range: Range) -> go.Figure:
        figure = go.Figure(surface_traces(comparison, surface, value_range))
        # the page shows every metric at the pointer; with "none" plotly.js still reports where the pointer is
        shown = {"hoverinfo": "none", "hovertext": None, "showscale": False}
        figure.update_traces(overwrite=True, **shown, selector={"type": "surface"})
        return figure.update_layout(overwrite=True, scene=scene(comparison, surface, value_range))

    figures = single_figures(comparison, draw, bottom=0, height=HEIGHT)
    for figure in figures.values():
        figure.layout.margin.t = TOP
    return figures


def surface_traces(comparison: Comparison, surface: Surface, value_range: Range) -> list[Any]:
    """Return the traces of one surface in 3-D: the surface, a marker at θ*, checkpoints, and rings at minima."""
    values = comparison.values(surface)
    values = values if values is not None else np.full_like(surface.loss, np.nan)
    heights, (low, high) = comparison.positions(surface), value_range.ends
    darkest, brightest = (comparison.color_range or value_range).ends
    trace = go.Surface(
        **{"x": surface.alpha, "y": surface.beta, "z": heights, "surfacecolor": comparison.shades(surface)},
        **{"cmin": darkest, "cmax": brightest, "colorscale": SURFACE_COLORSCALE},
        **{"hoverinfo": "text", "hovertext": _hover_texts(surface, values, comparison.metric_title.lower())},
        lighting={"ambient": 0.72, "diffuse": 0.55, "specular": 0.08, "roughness": 0.9, "fresnel": 0.05},
        lightposition={"x": -800, "y": -1500, "z": 2500},
        contours={"z": _contour_lines(value_range)},
    )
    rings = minima_rings(surface, heights, high - low) if comparison.metric == "loss" else []
    return [trace, *_center_marker(comparison, surface, value_range), *_checkpoints(surface, heights), *rings]


def scene(comparison: Comparison, surface: Surface, value_range: Range) -> dict[str, Any]:
    """Return the 3-D scene of a surface, seen from the default camera, with a label at θ* that no slope hides."""
    # the ends are those of the grid, also where points are missing
    alpha, beta = ([float(axis.min()), float(axis.max())] for axis in (surface.alpha, surface.beta))
    return {
        "xaxis": _axis(comparison, axis_title(surface, "α")) | {"nticks": MOST_TICKS, "range": alpha},
        "yaxis": _axis(comparison, axis_title(surface, "β")) | {"nticks": MOST_TICKS, "range": beta},
        "zaxis": _axis(comparison, height_title(comparison, value_range))
        | {"range": value_range.padded(0.03)}
        | _thinned(value_range),
        "aspectmode": "manual",
        "aspectratio": ASPECT,
        "camera": plotly_camera(CAMERA),
        "annotations": _center_label(comparison, surface, value_range) + _mark_labels(comparison, surface, value_range),
        "bgcolor": TRANSPARENT,
        "dragmode": "turntable",
        "uirevision": "normscape",
    }


def height_title(comparison: Comparison, value_range: Range) -> str:
    """Return the title of the height axis, which says if heights are logarithms: steep is then not sharp."""
    return f"{comparison.metric_title} (log)" if value_range.scale == "log" else comparison.metric_title


def contour_count(value_range: Range) -> int:
    """Return the number of steps between contour lines: more on a linear scale, where a basin has few lines."""
    return CONTOURS[value_range.scale]


def plotly_camera(camera: Sequence[float]) -> dict[str, Any]:
    """Return Plotly's camera for `Display.camera`: (6,) eye and center."""
    eye, center = (dict(zip("xyz", point, strict=True)) for point in (camera[:3], camera[3:]))
    return {"eye": eye, "center": center}


def _axis(comparison: Comparison, title: str) -> dict[str, Any]:
    text, faint, grid, _ = comparison.theme_colors
    return {
        "title": {"text": title, "font": {"color": text, "size": 12}},
        "tickfont": {"color": faint, "size": 11},
        **{"gridcolor": grid, "linecolor": grid, "zeroline": False, "showbackground": False, "showspikes": False},
    }


def _thinned(value_range: Range) -> dict[str, Any]:
    """Return the ticks of the height axis: every second of more than `MOST_TICKS`, and none at its foot.

    There it would be printed over the first number of α; the last tick stays in any case.
    """
    ticks, (low, high) = value_range.ticks, value_range.ends
    every = 2 if len(ticks["tickvals"]) > MOST_TICKS else 1
    kept = list(range(0, len(ticks["tickvals"]), every))
    raised = [k for k in kept if float(ticks["tickvals"][k]) - low > FOOT * (high - low)]
    return {name: [values[k] for k in raised or kept[-1:]] for name, values in ticks.items()}


def _checkpoints(surface: Surface, heights: np.ndarray) -> list[Any]:
    """Return marks at the checkpoints in the plane (D2); those of one training are joined in the order of steps."""
    inside = _marks_inside(surface)
    if len(inside) < 2:
        return []
    return [
        go.Scatter3d(
            **{"x": [mark[1] for mark in inside], "y": [mark[2] for mark in inside]},
            z=[_height(surface, heights, alpha, beta) for _, alpha, beta, _ in inside],
            **{"mode": "markers" if surface.plane.names else "lines+markers", "showlegend": False},
            **{"name": "checkpoints", "hoverinfo": "skip"},
            marker={"size": 4, "color": CHECKPOINT_COLOR, "line": {"width": 0}},
            line={"color": CHECKPOINT_COLOR, "width": 3, "dash": "dash"},
        )
    ]


def _marks_inside(surface: Surface) -> list[tuple[int, float, float, str]]:
    """Return step, α, β and name of the checkpoints in the plane that the grid contains, in the order of steps.

    The center is one of them, without a name: it has a label of its own.
    """
    plane = surface.plane
    own = _LAST_STEP if surface.spec.evaluation.checkpoint is None else surface.spec.evaluation.checkpoint
    named = [(*mark, name) for mark, name in zip(plane.marks, mark_labels(plane), strict=True)]
    marks = sorted([*named, (own, 0.0, 0.0, "")])
    return [mark for mark in marks if _contains(surface, *mark[1:3])] if len(marks) > 1 else []


def _mark_labels(comparison: Comparison, surface: Surface, value_range: Range) -> list[dict[str, Any]]:
    """Return the names of the checkpoints beside the center, which no slope hides; on a path that of the first one."""
    inside = _marks_inside(surface)
    values = comparison.values(surface)
    if len(inside) < 2 or values is None:
        return []
    heights = value_range.position(values)
    labeled = inside[:1] if surface.plane.kind == "trajectory" else [mark for mark in inside if any(mark[1:3])]
    text, _, _, background = comparison.theme_colors
    style = {"font": {"size": 12, "color": text}, "bgcolor": background, "opacity": 0.9, "borderpad": 2}
    line = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1.5, "arrowcolor": CHECKPOINT_COLOR, "ax": 0, "ay": -30}
    return [
        {"x": alpha, "y": beta, "z": _height(surface, heights, alpha, beta), "text": name, **style, **line}
        for _, alpha, beta, name in labeled
        if name
    ]


def _contains(surface: Surface, alpha: float, beta: float) -> bool:
    inside = surface.alpha.min() <= alpha <= surface.alpha.max() and surface.beta.min() <= beta <= surface.beta.max()
    return bool(inside)


def _height(surface: Surface, heights: np.ndarray, alpha: float, beta: float) -> float:
    row, column = int(np.abs(surface.beta - beta).argmin()), int(np.abs(surface.alpha - alpha).argmin())
    return float(heights[row, column])


def _hover_texts(surface: Surface, values: np.ndarray, name: str) -> np.ndarray:
    """Return the hover text of each point (B, A). Not `customdata`: plotly.js transposes that of a surface."""
    alpha, beta = html(r"$\alpha$"), html(r"$\beta$")
    rows = [
        [
            f"{alpha} {a:.3g}<br>{beta} {b:.3g}<br>{name} {value:.4g}"
            for a, value in zip(surface.alpha, row, strict=True)
        ]
        for b, row in zip(surface.beta, values, strict=True)
    ]
    return np.array(rows, dtype=object)


def _contour_lines(value_range: Range) -> dict[str, Any]:
    low, high = value_range.ends
    size = (high - low) / contour_count(value_range)
    return {"show": True, "start": low, "end": high, "size": size, "color": "rgba(255,255,255,0.35)", "width": 1}


def _center_position(comparison: Comparison, surface: Surface, value_range: Range) -> dict[str, float] | None:
    """Return where θ* is in the scene, None where its value is not finite or the grid does not have the point."""
    value = center_value(surface, comparison.metric)
    return None if value is None else {"x": 0.0, "y": 0.0, "z": float(value_range.position(np.array(value)))}


def _center_marker(comparison: Comparison, surface: Surface, value_range: Range) -> list[Any]:
    position = _center_position(comparison, surface, value_range)
    if position is None:
        return []
    return [
        go.Scatter3d(
            **{axis: [coordinate] for axis, coordinate in position.items()},
            marker={"size": 4, "color": CENTER_COLOR, "line": {"width": 0}},
            **{"mode": "markers", "hoverinfo": "skip", "showlegend": False},
            name=html(r"center $\theta^*$"),
        )
    ]


def _center_label(comparison: Comparison, surface: Surface, value_range: Range) -> list[dict[str, Any]]:
    """Return a dot with a label at θ*: plotly.js draws annotations in front of everything."""
    position = _center_position(comparison, surface, value_range)
    if position is None:
        return []
    text, _, _, background = comparison.theme_colors
    labeled = len(comparison.results) <= MOST_LABELED
    return [
        {
            **position,
            **{
                "text": comparison.center_name(surface) if labeled else " ",
                "font": {"size": 12, "color": text},
                "bgcolor": background if labeled else TRANSPARENT,
                "opacity": 0.9,
                "borderpad": 2,
            },
            **{"showarrow": True, "arrowhead": 6, "arrowsize": 1, "arrowwidth": 1.5, "arrowcolor": CENTER_COLOR},
            **{"ax": 0, "ay": -44},
        }
    ]
