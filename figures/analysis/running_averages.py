"""Stored averages beside the moments of all samples, layer by layer (A12)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.template import GRID, SYMBOLS, dressed, ink, legend, sentence_figure

if TYPE_CHECKING:
    from normscape.landscape.analysis.running_averages import RunningAverages

HEIGHT = 380
NO_AVERAGES = "No compared network keeps averages of samples."


def averages_figure(
    found: Mapping[str, RunningAverages], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the stored mean's error (in deviations) and the stored variance's ratio for every channel of every layer."""
    drawn = {label: one for label, one in found.items() if one.layers}
    if not drawn:
        return sentence_figure(NO_AVERAGES, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, one), symbol in zip(drawn.items(), cycle(SYMBOLS), strict=False):
        errors = np.concatenate([layer.mean_error for layer in one.layers])
        ratios = np.concatenate([layer.variance_ratio for layer in one.layers])
        names = [layer.layer for layer in one.layers for _ in layer.mean_error]
        figure.add_scatter(
            **{"x": errors, "y": ratios, "name": label, "mode": "markers", "customdata": names},
            marker={"symbol": symbol, "size": 7, "opacity": 0.7, "color": colours.get(label)},
            hovertemplate="%{customdata}<br>mean off by %{x:.3g} deviations<br>variance × %{y:.3g}<extra>"
            + label
            + "</extra>",
        )
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    title = {"text": "stored mean - mean of all samples, in deviations", "font": words, "standoff": 4}
    figure.update_xaxes(title=title, **shared)
    figure.update_yaxes(title={"text": "stored variance / variance", "font": words}, automargin=True, **shared)
    figure.add_hline(y=1, line={"color": ink(dark).faint, "width": 1, "dash": "dot"})
    figure.add_vline(x=0, line={"color": ink(dark).faint, "width": 1, "dash": "dot"})
    dressed(figure, dark=dark, height=HEIGHT, title="Averages that batch norm predicts with, by channel", foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})
