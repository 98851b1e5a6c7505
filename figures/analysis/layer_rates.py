"""How far inputs and layers are in step (A8)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.notation import html
from normscape.figures.style.template import GRID, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.layer_rates import LayerRates

HEIGHT = 400


def inputs_figure(found: Mapping[str, LayerRates], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the block ratio of each input's weights over the bias's, against E[x_i²]; dotted: equal."""
    figure, across, up = go.Figure(), [], []
    for (label, one), symbol in zip(found.items(), cycle(SYMBOLS), strict=False):
        values = _positive(one.over_bias)
        if not np.isfinite(values).any():
            continue
        across.append(one.second_moment)
        up.append(values)
        figure.add_scatter(
            **{"x": one.second_moment, "y": values, "name": label, "mode": "markers"},
            marker={"symbol": symbol, "size": 8, "color": colours.get(label)},
            hovertemplate="E[x²] = %{x:.4g}<br>%{y:.4g} times the bias's<extra>" + f"{label}</extra>",
        )
    if not up:
        return sentence_figure("No bias of the first layer has an effect to compare with", dark=dark, height=HEIGHT)
    ends = [float(np.min(np.concatenate(across))), float(np.max(np.concatenate(across)))]
    figure.add_scatter(
        **{"x": ends, "y": ends, "mode": "lines", "name": "equal to E[x²]"},
        line={"color": ink(dark).text, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )
    shared, words = _axes(dark)
    figure.update_xaxes(title={"text": "E[x²] of the input", "font": words}, **log_axis(across), **shared)
    figure.update_yaxes(title={"text": "ratio over the bias's", "font": words}, **log_axis([*up, *across]), **shared)
    dressed(figure, dark=dark, height=HEIGHT, title="Inputs of the first layer against its bias", foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.25})


def in_step_figure(found: Mapping[str, LayerRates], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw every layer's scale-free curvature and its step in lengths of its weight."""
    lines = [
        Line(label, words, [layer.layer for layer in one.layers], np.array([getattr(x, name) for x in one.layers]))
        for label, one in found.items()
        for name, words in (("scale_free", html("‖w‖²·λ_max")), ("relative_step", "‖∇f‖/‖w‖"))
    ]
    return layers_figure(lines, title="Are the layers in step?", axis="per layer", colours=colours, dark=dark)


def _positive(values: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(values > 0, values, np.nan)


def _axes(dark: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    words: dict[str, Any] = {"color": ink(dark).text}
    return {"gridcolor": GRID, "zeroline": False, "tickfont": words}, words
