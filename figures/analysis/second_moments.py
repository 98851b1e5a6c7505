"""Second moments of layers' inputs (A7, A8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure

if TYPE_CHECKING:
    from normscape.landscape.analysis.second_moments import SecondMoments

HEIGHT = 400
SHARES = np.linspace(-1.0, 3.0, 41)
"""Where the parabola is drawn: what is subtracted, in means."""

KINDS = {"raw": "raw", "centred": "centred", "standardized": "standardized"}


def moments_figure(found: Mapping[str, SecondMoments], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw Σ E[x²] of every layer: as it is (solid), centred (dotted), and standardized (dashed)."""
    lines = [
        Line(label, words, [layer.layer for layer in one.layers], np.array([getattr(x, name) for x in one.layers]))
        for label, one in found.items()
        for name, words in KINDS.items()
    ]
    title = "Second moments of what the weights meet"
    return layers_figure(lines, title=title, axis="Σ E[x²]", colours=colours, dark=dark)


def parabola_figure(found: Mapping[str, SecondMoments], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the second moment after subtracting s times the mean, summed over layers in shares of the raw one."""
    figure = go.Figure()
    for place, (label, one) in enumerate(found.items()):
        raw = sum(layer.raw for layer in one.layers)
        if not raw:
            continue
        values = sum((layer.about(SHARES) for layer in one.layers), start=np.zeros(len(SHARES))) / raw
        figure.add_scatter(
            **{"x": SHARES, "y": values, "name": label, "mode": "lines+markers"},
            line={"color": colours.get(label), "width": 2},
            marker={"symbol": SYMBOLS[place % len(SYMBOLS)], "size": 7, "maxdisplayed": 9},
            hovertemplate="minus %{x:.2f} means<br>%{y:.4g} of the raw moment<extra>" + f"{label}</extra>",
        )
    if not figure.data:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(title={"text": "subtracted, in means", "font": words, "standoff": 4}, **shared)
    axis = {"text": "Σ E[(x - sE[x])²] / Σ E[x²]", "font": words}
    figure.update_yaxes(title=axis, automargin=True, rangemode="tozero", **shared)
    figure.add_vline(x=1, line={"color": ink(dark).faint, "width": 1, "dash": "dot"})
    dressed(figure, dark=dark, height=HEIGHT, title="What subtracting does to all layers together", foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})
