"""Traces of Plotly figures, drawn by matplotlib: lines, markers, bands, heatmaps and contour lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import DEFAULT_PLOTLY_COLORS, get_colorscale

from normscape.exports.drawings.text import COLORS, mathtext

POINTS = 0.75  # per pixel of a figure
SYMBOLS: Mapping[str, str] = {
    **{"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "triangle-down": "v", "star": "*"},
    **{"triangle-left": "<", "triangle-right": ">"},
    **{"x": "X", "cross": "P", "x-thin": "x", "cross-thin": "+"},
}
"""matplotlib's markers by Plotly's symbols."""

DASHES: Mapping[str, Any] = {
    **{"solid": "-", "dash": (0, (5, 3)), "dot": (0, (1, 2)), "dashdot": (0, (5, 2, 1, 2)), "longdash": (0, (9, 3))},
    "longdashdot": (0, (9, 2, 1, 2)),
}
_BAND = 0.5  # opacity of a band whose color the figure leaves to plotly.js


def draw_trace(axes: Any, trace: Any, index: int, previous: Any) -> Any:
    """Draw a trace; return the image that a color bar belongs to, None for any other trace.

    Args:
        axes: of matplotlib, with their scales set.
        trace: of a Plotly figure.
        index: its position in the figure, which selects a color if it has none.
        previous: the trace before it, to which a band extends.

    Raises:
        ValueError: no figure of the product has traces, symbols or dashes of this kind, so there is no drawing of it.
    """
    kinds: Mapping[str, Callable[[], Any]] = {
        "scatter": lambda: _scatter(axes, trace, index, previous),
        "heatmap": lambda: _heatmap(axes, trace),
        "contour": lambda: _contour(axes, trace),
    }
    if trace.type not in kinds:
        raise ValueError(f"a trace is of type {trace.type!r}; it must be one of {', '.join(kinds)}")
    return kinds[trace.type]()


def rgba(color: str | None, index: int = 0) -> tuple[float, float, float, float]:
    """Return a color of plotly.js for matplotlib; without one, that of a trace's position."""
    from matplotlib.colors import to_rgba

    color = color or DEFAULT_PLOTLY_COLORS[index % len(DEFAULT_PLOTLY_COLORS)]
    if not color.startswith("rgb"):
        return to_rgba(color)
    *rgb, opacity = [float(part) for part in re.findall(r"[\d.]+", color)] + ([] if color.startswith("rgba") else [1])
    red, green, blue = (part / 255 for part in rgb)
    return red, green, blue, opacity


def dash(name: str | None) -> Any:
    """Return a dash of plotly.js for matplotlib: a name, or lengths in pixels."""
    if name and name.endswith("px"):
        lengths = [float(length.removesuffix("px")) for length in name.split()]
        return (0, tuple(POINTS * length for length in lengths))
    return _known(DASHES, name or "solid", "dash")


def _scatter(axes: Any, trace: go.Scatter, index: int, previous: Any) -> None:
    x, y = _column(trace.x), _column(trace.y)
    mode, color = trace.mode or "lines", rgba(trace.line.color or trace.marker.color, index)
    if trace.fill == "tonexty" and previous is not None:
        fill = rgba(trace.fillcolor) if trace.fillcolor else (*color[:3], _BAND * color[3])
        axes.fill_between(x, _column(previous.y), y, color=fill, linewidth=0)
    shown: dict[str, Any] = {"linestyle": "none", "color": color}
    if "lines" in mode and trace.line.width != 0:
        shown |= {"linestyle": dash(trace.line.dash), "linewidth": POINTS * (trace.line.width or 2)}
    if "markers" in mode:
        shown |= _marker(trace, color, len(x))
    if shown["linestyle"] != "none" or "markers" in mode:
        axes.plot(x, y, **shown, clip_on=trace.cliponaxis is not False)
    if "text" in mode:
        _texts(axes, trace, x, y)


def _marker(trace: go.Scatter, color: tuple[float, ...], count: int) -> dict[str, Any]:
    marker = trace.marker
    symbol = str(marker.symbol or "circle")
    own, edge = rgba(marker.color) if marker.color else color, marker.line
    hollow, thin = symbol.endswith("-open"), symbol.endswith("-thin")
    shown: dict[str, Any] = {
        "marker": _known(SYMBOLS, symbol.removesuffix("-open"), "symbol"),
        "markersize": POINTS * (marker.size or 6),
        "markerfacecolor": "none" if hollow else own,
        "markeredgecolor": rgba(edge.color) if edge.color else own,
        "markeredgewidth": POINTS * (edge.width or (1 if hollow or thin else 0)),
    }
    if marker.maxdisplayed:
        shown["markevery"] = max(1, -(-count // int(marker.maxdisplayed)))
    return shown


def _texts(axes: Any, trace: go.Scatter, x: np.ndarray, y: np.ndarray) -> None:
    texts = [trace.text] * len(x) if isinstance(trace.text, str) else trace.text
    own = trace.textposition or "middle center"
    places = [own] * len(x) if isinstance(own, str) else own
    shown = {"textcoords": "offset points", "fontsize": POINTS * (trace.textfont.size or 12), "annotation_clip": False}
    color = rgba(trace.textfont.color or COLORS.text)
    for a, b, text, place in zip(x, y, texts, places, strict=True):
        vertical, horizontal = place.split()
        align = {"ha": {"left": "right", "right": "left"}.get(horizontal, "center")}
        align["va"] = {"top": "bottom", "bottom": "top"}.get(vertical, "center")
        offset = (0, {"top": 4, "bottom": -4}.get(vertical, 0))
        axes.annotate(mathtext(text), (a, b), offset, **shown, **align, color=color)


def _heatmap(axes: Any, trace: go.Heatmap) -> Any:
    values = np.ma.masked_invalid(np.asarray(trace.z, dtype=float))
    shown = {"cmap": _colormap(trace.colorscale), "vmin": trace.zmin, "vmax": trace.zmax, "shading": "nearest"}
    image = axes.pcolormesh(_column(trace.x), _column(trace.y), values, rasterized=True, **shown)
    return image if trace.showscale is not False else None


def _contour(axes: Any, trace: go.Contour) -> None:
    values = np.ma.masked_invalid(np.asarray(trace.z, dtype=float))
    steps = trace.contours
    levels = np.arange(steps.start, steps.end, steps.size)[1:] if steps.size else np.zeros(0)
    if min(values.shape) > 1 and values.count() and len(levels):
        lines = {"colors": [rgba(trace.line.color)], "linewidths": POINTS * (trace.line.width or 1)}
        axes.contour(_column(trace.x), _column(trace.y), values, levels=levels, linestyles="solid", **lines)


def _colormap(colorscale: Any) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    stops = get_colorscale(colorscale) if isinstance(colorscale, str) else colorscale
    return LinearSegmentedColormap.from_list("figure", [(float(at), rgba(color)) for at, color in stops])


def _column(values: Any) -> np.ndarray:
    """Return positions: numbers with nan for what is missing, or names as they are."""
    array = np.asarray(list(values) if values is not None else [])
    if array.dtype.kind in "US":
        return array
    return np.array([np.nan if value is None else value for value in array], dtype=float)


def _known(table: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in table:
        raise ValueError(f"a {what} is {name!r}; it must be one of {', '.join(table)}")
    return table[name]
