"""Stored averages compared with the moments of all samples, by layer (A12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layer_name
from normscape.figures.comparison import Compared
from normscape.figures.style.notation import html
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.running_averages import RunningAverages

HEIGHT = 380
NO_AVERAGES = "No compared network keeps averages of samples."


def averages_figure(compared: Compared[RunningAverages]) -> go.Figure:
    """Draw the error of the stored mean (in standard deviations) and the ratio of the stored variance by channel."""
    drawn = compared.with_results({label: one for label, one in compared.results.items() if one.layers})
    if not drawn.results:
        return sentence_figure(NO_AVERAGES, drawn.theme_colors, height=HEIGHT)
    figure = go.Figure([_channels(drawn, label) for label in drawn.results])
    style_axes(
        figure,
        drawn.theme_colors,
        x_title=html(r"(stored mean − mean of all samples) / $\sigma$"),
        y_title="stored variance / variance",
        y_axis=log_axis(
            [*(layer.variance_ratio for one in drawn.results.values() for layer in one.layers), np.ones(1)]
        ),
    )
    exact = {"color": drawn.theme_colors.faint, "width": 1, "dash": "dot"}
    figure.add_hline(y=1, line=exact)
    figure.add_vline(x=0, line=exact)
    title = "Error of the stored averages, by channel"
    return styled(figure, drawn.theme_colors, height=HEIGHT, title=title, bottom=84, legend_y=-0.2)


def _channels(drawn: Compared[RunningAverages], label: str) -> go.Scatter:
    layers = drawn.results[label].layers
    return go.Scatter(
        x=np.concatenate([layer.mean_error for layer in layers]),
        y=np.concatenate([layer.variance_ratio for layer in layers]),
        customdata=[layer_name(layer.layer) for layer in layers for _ in layer.mean_error],
        **{"name": label, "mode": "markers"},
        marker={"symbol": drawn.symbol(label), "size": 7, "opacity": 0.7, "color": drawn.color(label)},
        hovertemplate="%{customdata}<br>mean off by %{x:.3g} deviations<br>variance × %{y:.3g}<extra>"
        + f"{label}</extra>",
    )
