"""Signals that come back to every layer, and how steady weights' and biases' gradients are (A4, A5)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from figures.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from figures.ticks import log_axis, number_text

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
    figure, seen = go.Figure(), []
    for (label, one), symbol in zip(found.items(), cycle(SYMBOLS), strict=False):
        for name, dash, hollow in (("weight", "solid", ""), ("bias", "dot", "-open")):
            values = np.array([getattr(layer, name) for layer in one.layers])
            seen.append(values)
            with np.errstate(invalid="ignore"):
                values = np.where(values > 0, values, np.nan)
            figure.add_scatter(
                **{"x": [layer.layer for layer in one.layers], "y": values, "name": f"{label}, {name}"},
                **{"mode": "lines+markers", "connectgaps": False},
                line={"color": colours.get(label), "width": 2 if name == "weight" else 1, "dash": dash},
                marker={"symbol": f"{symbol}{hollow}", "size": 8, "color": colours.get(label)},
                hovertemplate="%{x}<br>%{y:.4g}<extra>" + f"{label}, {name}</extra>",
            )
    if not any(np.isfinite(values).any() for values in seen):
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(showticklabels=max(map(len, seen)) <= 12, **shared)
    figure.update_yaxes(title={"text": "block ratio", "font": words}, **log_axis(seen), automargin=True, **shared)
    dressed(figure, dark=dark, height=HEIGHT, title="How fast gradients of weights and of biases turn", foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.25})


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
