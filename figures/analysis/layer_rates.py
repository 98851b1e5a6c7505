"""Learning rates that inputs and layers allow, compared with each other (A8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.lines import DOTTED
from normscape.figures.style.notation import html
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan
from normscape.landscape.analysis.layer_rates import LayerRates

if TYPE_CHECKING:
    pass

HEIGHT = 400
SAME = 1.05
"""Factor between the largest and the smallest second moment up to which they count as equal."""

NO_BIAS = "No bias of the first layer has an effect to compare with"


def inputs_figure(compared: Compared[LayerRates]) -> go.Figure:
    """Draw the block ratio of each input's weights over that of the bias, against E[x_i²]; dotted: equal.

    If E[x_i²] is the same for all inputs, as in standardized data, the ratios are in increasing order instead, each
    over E[x_i²].
    """
    ratios = compared.map(lambda one: positive_or_nan(one.over_bias)).results
    drawn = {label: values for label, values in ratios.items() if np.isfinite(values).any()}
    if not drawn:
        return sentence_figure(NO_BIAS, compared.theme_colors, height=HEIGHT)
    moments = [compared.results[label].second_moment for label in drawn]
    if same_moments(np.concatenate(moments)):
        return _in_order(
            compared, {label: values / compared.results[label].second_moment for label, values in drawn.items()}
        )
    figure = go.Figure([_points(compared, label, values) for label, values in drawn.items()])
    figure.add_trace(_equal(np.concatenate(moments), compared.theme_colors.text))
    style_axes(
        figure,
        compared.theme_colors,
        x_title=html("$E[x^2]$ of the input"),
        y_title="ratio to the bias",
        x_axis=log_axis(moments),
        y_axis=log_axis([*drawn.values(), *moments]),
    )
    title = "First-layer inputs relative to the bias"
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.25)


def same_moments(moments: np.ndarray) -> bool:
    """Return whether second moments are the same within `SAME`, so that nothing can be drawn against them."""
    return bool(moments.max() <= SAME * moments.min())


def _in_order(compared: Compared[LayerRates], ratios: Mapping[str, np.ndarray]) -> go.Figure:
    figure = go.Figure([_ordered(compared, label, np.sort(values)) for label, values in ratios.items()])
    style_axes(
        figure,
        compared.theme_colors,
        x_title="inputs, in increasing order of the ratio",
        y_title=html("ratio / $E[x^2]$"),
        y_axis=log_axis([*ratios.values(), np.ones(1)]),
    )
    figure.add_hline(y=1, line={"color": compared.theme_colors.text, "width": 1, "dash": DOTTED})
    title = "First-layer inputs relative to the bias"
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.25)


def _ordered(compared: Compared[LayerRates], label: str, ratios: np.ndarray) -> go.Scatter:
    return go.Scatter(
        **{"x": np.arange(1, len(ratios) + 1), "y": ratios, "name": label, "mode": "lines+markers"},
        marker={"symbol": compared.symbol(label), "size": 8, "color": compared.color(label)},
        line={"color": compared.color(label), "width": 1},
        hovertemplate=html("input %{x}<br>%{y:.4g} times the prediction $E[x^2]$<extra>") + f"{label}</extra>",
    )


def in_step_figure(compared: Compared[LayerRates]) -> go.Figure:
    """Draw the scale-free curvature and the step in lengths of the weight by layer."""
    numbers = {html(r"$\|w\|^2\cdot\lambda_{\max}$"): "scale_free", html(r"$\|\nabla f\|/\|w\|$"): "relative_step"}
    lines = compared.map(lambda one: [Line.of(name, one.layers, attribute) for name, attribute in numbers.items()])
    return layers_figure(lines, title="Curvature and relative step by layer", axis="per layer")


def _points(compared: Compared[LayerRates], label: str, ratios: np.ndarray) -> go.Scatter:
    return go.Scatter(
        **{"x": compared.results[label].second_moment, "y": ratios, "name": label, "mode": "markers"},
        marker={"symbol": compared.symbol(label), "size": 8, "color": compared.color(label)},
        hovertemplate=html("$E[x^2]$ = %{x:.4g}<br>%{y:.4g} times the bias's<extra>") + f"{label}</extra>",
    )


def _equal(moments: np.ndarray, color: str) -> go.Scatter:
    ends = [float(np.min(moments)), float(np.max(moments))]
    return go.Scatter(
        **{"x": ends, "y": ends, "mode": "lines", "name": html("equal to $E[x^2]$"), "hoverinfo": "skip"},
        line={"color": color, "width": 1, "dash": DOTTED},
    )
