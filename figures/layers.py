"""Numbers of every layer as lines over the layers, for compared networks on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

HEIGHT = 400

DASHES = ("solid", "dot", "dash", "dashdot")

MOST_NAMES = 12
"""Layers whose names find room beneath the axis; with more, the names are in the hover texts alone."""


@dataclass(frozen=True, eq=False)
class Line:
    """One number of every layer of one network."""

    label: str  # of the network
    name: str  # of the number; empty if there is only one
    layers: Sequence[str]
    values: np.ndarray  # (L,), nan where there is none


def layers_figure(
    lines: Sequence[Line],
    *,
    title: str,
    axis: str,
    colours: Mapping[str, str],
    dark: bool,
    scale: str = "log",
    level: float | None = None,
    nothing: str = NOTHING,
) -> go.Figure:
    """Draw lines over layers: networks differ by colour and symbol, their numbers by dash.

    Args:
        lines: what is drawn, on one axis.
        title: above the picture.
        axis: what the numbers are.
        colours: by network.
        dark: whether the page is dark.
        scale: "log" leaves out what is not positive; or "linear".
        level: where a dotted line is drawn.
        nothing: what is said if there is nothing to draw.
    """
    labels, names = (list(dict.fromkeys(getattr(line, kind) for line in lines)) for kind in ("label", "name"))
    figure, seen = go.Figure(), []
    for line in lines:
        with np.errstate(invalid="ignore"):
            values = np.where((line.values > 0) | (scale != "log"), line.values, np.nan)
        seen.append(values)
        words = ", ".join(part for part in (line.label, line.name) if part)
        rank = names.index(line.name)
        figure.add_scatter(
            **{"x": list(line.layers), "y": values, "name": words, "mode": "lines+markers", "connectgaps": False},
            line={"color": colours.get(line.label), "width": 1 if rank else 2, "dash": DASHES[rank % len(DASHES)]},
            marker={
                "symbol": SYMBOLS[labels.index(line.label) % len(SYMBOLS)] + ("-open" if rank else ""),
                **{"size": 8, "color": colours.get(line.label)},
            },
            hovertemplate="%{x}<br>%{y:.4g}<extra>" + words + "</extra>",
        )
    if not any(np.isfinite(values).any() for values in seen):
        return sentence_figure(nothing, dark=dark, height=HEIGHT)
    words_ink: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words_ink}
    order = merged([line.layers for line in lines])
    kept = {"categoryorder": "array", "categoryarray": order, "showticklabels": len(order) <= MOST_NAMES}
    figure.update_xaxes(**kept, **shared)
    along = log_axis([*seen, np.array([] if level is None else [level])]) if scale == "log" else {}
    figure.update_yaxes(title={"text": axis, "font": words_ink}, **along, automargin=True, **shared)
    if level is not None:
        figure.add_hline(y=level, line={"color": ink(dark).faint, "width": 1, "dash": "dot"})
    dressed(figure, dark=dark, height=HEIGHT, title=title, foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.25})


def merged(orders: Sequence[Sequence[str]]) -> list[str]:
    """Return all layers in one order in which each network's own is kept, where they do not contradict each other."""
    kept: list[str] = []
    for order in orders:
        place = 0
        for name in order:
            if name not in kept:
                kept.insert(place, name)
            place = kept.index(name) + 1
    return kept
