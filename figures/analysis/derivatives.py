"""Signals that come back to every layer, and how steady weights' and biases' gradients are (A4, A5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.histograms import Histograms, histogram_figures
from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.ticks import number_text

if TYPE_CHECKING:
    from normscape.landscape.analysis.derivatives import Derivatives, SignalHistory

SMALLEST, LARGEST = -8, 3
"""Ends of the histograms' axis, log₁₀ of a signal's size."""

MARKS = {float(k): number_text(10.0**k) for k in range(SMALLEST, LARGEST + 1, 2)}


def signal_figures(
    found: Mapping[str, Derivatives], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw the sizes of the signals, layers from top to bottom, with one range of colours for all networks."""
    return _sizes(
        {
            label: Histograms(
                [signal.layer for signal in one.signals], np.array([signal.shares for signal in one.signals])
            )
            for label, one in found.items()
        },
        colours,
        dark,
    )


def signals_along_figures(
    found: Mapping[str, SignalHistory], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw the sizes of all layers' signals, steps of training from top to bottom."""
    return _sizes(
        {label: Histograms([f"step {step}" for step in one.step], one.shares) for label, one in found.items()},
        colours,
        dark,
    )


def steadiness_figure(found: Mapping[str, Derivatives], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the block ratios of every layer's weight (solid) and bias (dotted), layer by layer."""
    lines = [
        Line(label, name, [layer.layer for layer in one.layers], np.array([getattr(x, name) for x in one.layers]))
        for label, one in found.items()
        for name in ("weight", "bias")
    ]
    title = "How fast gradients of weights and of biases turn"
    return layers_figure(lines, title=title, axis="block ratio", colours=colours, dark=dark)


def _sizes(found: Mapping[str, Histograms], colours: Mapping[str, str], dark: bool) -> Mapping[str, go.Figure]:
    return histogram_figures(
        found, ends=(SMALLEST, LARGEST), axis="|δ|", marks=MARKS, lines=(0.0,), colours=colours, dark=dark
    )
