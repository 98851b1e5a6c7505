"""Signals that come back to every layer, and how steady weights' and biases' gradients are (A4, A5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from figures.layers import Line, layers_figure
from figures.template import NOTHING, dressed, ink, sentence_figure
from figures.ticks import number_text

if TYPE_CHECKING:
    from landscape.analysis.derivatives import Derivatives

HEIGHT = 400
SMALLEST, LARGEST = -8.0, 3.0
"""Ends of the histograms' axis, log₁₀ of a signal's size."""


def signal_figures(
    found: Mapping[str, Derivatives], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw the sizes of the signals, layers from top to bottom, with one range of colours for all networks."""
    most = max((float(s.shares.max()) for one in found.values() for s in one.signals), default=0.0)
    return {label: _signals(label, one, most, colours.get(label), dark) for label, one in found.items()}


def steadiness_figure(found: Mapping[str, Derivatives], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the block ratios of every layer's weight (solid) and bias (dotted), layer by layer."""
    lines = [
        Line(label, name, [layer.layer for layer in one.layers], np.array([getattr(x, name) for x in one.layers]))
        for label, one in found.items()
        for name in ("weight", "bias")
    ]
    title = "How fast gradients of weights and of biases turn"
    return layers_figure(lines, title=title, axis="block ratio", colours=colours, dark=dark)


def _signals(label: str, one: Derivatives, most: float, colour: str | None, dark: bool) -> go.Figure:
    if not one.signals or not most:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=label, colour=colour)
    names = [signal.layer for signal in one.signals]
    shares = np.array([signal.shares for signal in one.signals])
    width = (LARGEST - SMALLEST) / shares.shape[1]
    centres = SMALLEST + width * (np.arange(shares.shape[1]) + 0.5)
    figure = go.Figure(
        go.Heatmap(
            **{"x": centres, "y": list(range(len(names))), "z": shares, "zmin": 0, "zmax": most},
            **{"colorscale": "Viridis", "showscale": True, "customdata": [[name] * len(centres) for name in names]},
            colorbar={"title": {"text": "share", "side": "right"}, "thickness": 10, "len": 0.9},
            hovertemplate="%{customdata}<br>|δ| about 10^%{x:.1f}<br>share %{z:.3f}<extra></extra>",
        )
    )
    words: dict[str, Any] = {"color": ink(dark).text}
    marks = list(range(int(SMALLEST), int(LARGEST) + 1, 2))
    figure.update_xaxes(
        title={"text": "|δ|", "font": words, "standoff": 4},
        tickvals=marks,
        ticktext=[number_text(10.0**k) for k in marks],
        tickfont=words,
    )
    every = -(-len(names) // 12)
    figure.update_yaxes(
        **{"autorange": "reversed", "tickfont": words, "automargin": True},
        tickvals=list(range(0, len(names), every)),
        ticktext=names[::every],
    )
    figure.add_vline(x=0, line={"color": "rgba(255,255,255,0.7)", "width": 1, "dash": "dot"})
    return dressed(figure, dark=dark, height=HEIGHT, title=label, colour=colour, foot=46)
