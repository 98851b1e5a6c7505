"""Stored averages compared with the moments of all samples, by layer (A12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layer_name
from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED
from normscape.figures.style.notation import html
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.running_averages import RunningAverages

HEIGHT = 380
BAR_WIDTH = 8  # pixels
NO_AVERAGES = "No compared network keeps averages of samples."

SMALL = 0.05
"""Relative change of the loss up to which averages count as a replacement."""


def loss_figure(compared: Compared[RunningAverages], *, small: float = SMALL) -> go.Figure:
    """Draw by how many percent predicting with the stored averages changes the loss, one bar per network.

    Args:
        compared: the results.
        small: relative change up to which the averages count as a replacement, dotted lines.
    """
    drawn = compared.with_results(
        {label: one for label, one in compared.results.items() if one.layers and one.population_loss > 0}
    )
    changes = {label: 100 * (one.running_loss / one.population_loss - 1) for label, one in drawn.results.items()}
    if not changes:
        return sentence_figure(NO_AVERAGES, compared.theme_colors, height=HEIGHT)
    traces = [trace for row, label in enumerate(changes) for trace in _bar(drawn, label, row, changes[label])]
    figure = go.Figure(traces)
    end = 1.35 * max(100 * small, *map(abs, changes.values()))
    style_axes(
        figure,
        drawn.theme_colors,
        x_title="change of the loss, %",
        x_axis={"range": [-end, end]},
        y_axis={
            **{"tickvals": list(range(len(changes))), "ticktext": list(changes)},
            **{"range": [len(changes) - 0.4, -0.6], "showgrid": False},
        },
    )
    figure.add_vline(x=0, line={"color": drawn.theme_colors.text, "width": 1})
    for limit in (-100 * small, 100 * small):
        figure.add_vline(x=limit, line={"color": drawn.theme_colors.faint, "width": 1, "dash": DOTTED})
    title = "Loss with the stored averages"
    return styled(figure, drawn.theme_colors, height=HEIGHT, title=title, bottom=44)


def _bar(drawn: Compared[RunningAverages], label: str, row: int, change: float) -> tuple[go.Scatter, go.Scatter]:
    """Return a bar from 0 to a change, and its end with the number beside it."""
    color, text = drawn.color(label), f"{change:+.2g} %".replace("-", "−")
    hover = f"{text}<extra>{label}</extra>"
    bar = go.Scatter(
        **{"x": [0.0, change], "y": [row, row], "mode": "lines", "name": label, "hovertemplate": hover},
        line={"color": color, "width": BAR_WIDTH},
    )
    position = "top right" if change >= 0 else "top left"
    end = go.Scatter(
        **{"x": [change], "y": [row], "mode": "markers+text", "text": [text], "textposition": position, "name": label},
        **{"textfont": {"size": 14, "color": color}, "hovertemplate": hover},
        marker={"symbol": drawn.symbol(label), "size": 11, "color": color},
    )
    return bar, end


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
    exact = {"color": drawn.theme_colors.faint, "width": 1, "dash": DOTTED}
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
