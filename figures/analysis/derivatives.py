"""Sizes of back-propagated signals, and how much gradients of weights and of biases change (A4, A5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import histogram_figures, layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.histograms import Bins, Histograms
from normscape.figures.layers import Line
from normscape.figures.style.notation import html
from normscape.figures.style.ticks import number_text
from normscape.landscape.analysis.derivatives import SignalHistory

if TYPE_CHECKING:
    from normscape.landscape.analysis.derivatives import Derivatives

SMALLEST, LARGEST = -8, 3
"""Ends of the histograms' axis, log₁₀ of the size of a signal."""

BOUNDED = 2
"""Growth of the largest signal up to which it counts as bounded."""

BINS = Bins(
    (SMALLEST, LARGEST),
    html(r"$|\delta|$"),
    {float(k): number_text(10.0**k) for k in range(SMALLEST, LARGEST + 1, 2)},
    (0.0,),
)


def signal_figures(compared: Compared[Derivatives]) -> Mapping[str, go.Figure]:
    """Draw the sizes of the signals, layers from top to bottom, with one range of colors for all networks."""
    return histogram_figures(compared.map(_by_layer), BINS)


def signals_along_figures(compared: Compared[SignalHistory]) -> Mapping[str, go.Figure]:
    """Draw the sizes of the signals of all layers, training steps from top to bottom."""
    return histogram_figures(
        compared.map(lambda one: Histograms([f"step {step}" for step in one.step], one.shares)), BINS
    )


def growth_figure(compared: Compared[SignalHistory], *, bounded: float = BOUNDED) -> go.Figure:
    """Draw the largest (solid) and the typical signal (dotted) by training step, relative to the first checkpoint.

    Args:
        compared: the results.
        bounded: growth of the largest signal up to which it counts as bounded, a dotted line.
    """
    title = "Signal relative to the first checkpoint"
    return layers_figure(compared.map(_growth), title=title, axis="relative signal", level=bounded)


def steadiness_figure(compared: Compared[Derivatives]) -> go.Figure:
    """Draw the block ratios of the weight (solid) and of the bias (dotted) by layer.

    A bias without effect has none: its gradient is 0 in theory, and what is measured is rounding error.
    """
    title = "Gradient change of weights and biases"
    figure = layers_figure(compared.map(_steadiness), title=title, axis="gradient change")
    if idle := [_idle(label, one) for label, one in compared.results.items() if _biases_without_effect(one)]:
        figure.add_annotation(
            text="<br>".join(idle),
            **{"xref": "paper", "yref": "paper", "x": 0, "y": 0, "xanchor": "left", "yanchor": "bottom"},
            align="left",
            showarrow=False,
            font={"size": 12, "color": compared.theme_colors.faint},
        )
    return figure


def _growth(one: SignalHistory) -> list[Line]:
    steps = [f"step {step}" for step in one.step]
    sizes = {"largest": one.largest.max(axis=1), "root mean square": np.sqrt(np.mean(one.root_mean_square**2, axis=1))}
    return [Line(name, steps, size / (size[0] or np.nan)) for name, size in sizes.items()]


def _steadiness(one: Derivatives) -> list[Line]:
    weight = Line.of("weight", one.layers, "weight")
    bias = [math.nan if layer.without_effect else layer.bias for layer in one.layers]
    return [weight, Line("bias", weight.layers, np.array(bias))]


def _biases_without_effect(one: Derivatives) -> int:
    return sum(layer.without_effect for layer in one.layers)


def _idle(label: str, one: Derivatives) -> str:
    return f"{label}: bias without effect (gradient 0) in {_biases_without_effect(one)} of {len(one.layers)} layers"


def _by_layer(one: Derivatives) -> Histograms:
    return Histograms([signal.layer for signal in one.signals], np.array([signal.shares for signal in one.signals]))
