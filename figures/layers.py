"""Numbers of every layer as lines over the layers, compared networks on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan

HEIGHT = 400

LINE_DASHES = ("solid", DOTTED, "dash", "dashdot")
"""One for each number of a network."""

MAX_NAMES = 12
"""Layers whose names fit below the axis; with more, only the hover text has the names."""


@dataclass(frozen=True, eq=False)
class Line:
    """One number of every layer of one network."""

    name: str  # of the number; empty if there is only one
    layers: Sequence[str]
    values: np.ndarray  # (L,), nan where a layer does not have the number

    @classmethod
    def of(cls, name: str, layers: Sequence[Any], attribute: str) -> Line:
        """Return the line of one attribute of layers that have their name in the attribute `layer`."""
        return cls(name, [one.layer for one in layers], np.array([getattr(one, attribute) for one in layers]))


def layers_figure(
    compared: Compared[Sequence[Line]],
    *,
    title: str,
    axis: str,
    scale: str = "log",
    level: float | None = None,
    empty: str = NOTHING,
    ends: tuple[float, float] | None = None,
) -> go.Figure:
    """Draw lines over layers: networks differ by color and symbol, their numbers by dash.

    Args:
        compared: the lines of every network.
        title: above the plot.
        axis: title of the vertical axis.
        scale: "log", which leaves out values that are not positive, or "linear".
        level: height of a dotted horizontal line.
        empty: the sentence in place of the plot if no value is finite.
        ends: of a linear axis; None for those of the values.
    """
    compared = compared.with_results({label: lines for label, lines in compared.results.items() if lines})
    lines = [line for lines in compared.results.values() for line in lines]
    heights = [line.values if scale == "linear" else positive_or_nan(line.values) for line in lines]
    if not any(np.isfinite(values).any() for values in heights):
        return sentence_figure(empty, compared.theme_colors, height=HEIGHT)
    figure = go.Figure(_traces(compared, scale))
    order = merged([line.layers for line in lines])
    x_axis = {"categoryorder": "array", "categoryarray": order, "showticklabels": len(order) <= MAX_NAMES}
    y_axis = log_axis([*heights, np.array([] if level is None else [level])]) if scale == "log" else {"range": ends}
    style_axes(figure, compared.theme_colors, y_title=axis, x_axis=x_axis, y_axis=y_axis)
    if level is not None:
        figure.add_hline(y=level, line={"color": compared.theme_colors.faint, "width": 1, "dash": DOTTED})
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.25)


def _traces(compared: Compared[Sequence[Line]], scale: str) -> list[go.Scatter]:
    names = list(dict.fromkeys(line.name for lines in compared.results.values() for line in lines))
    return [
        _trace(compared, label, line, names.index(line.name), scale)
        for label, lines in compared.results.items()
        for line in lines
    ]


def _trace(compared: Compared[Sequence[Line]], label: str, line: Line, rank: int, scale: str) -> go.Scatter:
    name = ", ".join(filter(None, (label, line.name)))
    return line_trace(
        list(line.layers),
        line.values if scale == "linear" else positive_or_nan(line.values),
        name=name,
        color=compared.color(label),
        symbol=compared.symbol(label) + ("-open" if rank else ""),
        size=8,
        width=1 if rank else 2,
        dash=LINE_DASHES[rank % len(LINE_DASHES)],
        hover=f"%{{x}}<br>%{{y:.4g}}<extra>{name}</extra>",
    )


def merged(orders: Sequence[Sequence[str]]) -> list[str]:
    """Return all layers in one order that keeps the order of each network, unless two networks contradict."""
    kept: list[str] = []
    for order in orders:
        position = 0
        for name in order:
            if name not in kept:
                kept.insert(position, name)
            position = kept.index(name) + 1
    return kept
