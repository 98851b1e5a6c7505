"""Distributions of what goes into layers, dead and linear units, and covariate shift (A13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from figures.layers import Line, layers_figure
from figures.template import NOTHING, dressed, ink, sentence_figure

if TYPE_CHECKING:
    from landscape.analysis.inputs import Inputs

HEIGHT = 400
LOW, HIGH = -6.0, 6.0
"""Ends of the histograms; what is beyond counts in their first and last bins."""


def distribution_figures(
    found: Mapping[str, Inputs], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw what goes into each activation, layers from top to bottom, with one range of colours for all networks."""
    rows = {label: [activity.before for activity in one.activations] for label, one in found.items()}
    most = max((float(row.shares.max()) for kept in rows.values() for row in kept), default=0.0)
    return {label: _figure(label, kept, most, colours.get(label), dark) for label, kept in rows.items()}


def units_figure(found: Mapping[str, Inputs], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the share of inputs in [-1, 1], of dead units and of linear ones, activation by activation."""
    lines = []
    for label, one in found.items():
        names = [activity.before.layer for activity in one.activations]
        for words, values in (
            ("in [-1, 1]", [activity.before.within for activity in one.activations]),
            ("dead", [activity.dead for activity in one.activations]),
            ("linear", [activity.linear for activity in one.activations]),
        ):
            lines.append(Line(label, words, names, np.array(values)))
    title = "Where activations work"
    return layers_figure(lines, title=title, axis="share", scale="linear", colours=colours, dark=dark)


def shift_figure(found: Mapping[str, Inputs], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw internal covariate shift: how far each layer's gradient turns when the layers in front of it step."""
    lines = [
        Line(label, words, [shift.layer for shift in one.shifts], np.array(values))
        for label, one in found.items()
        for words, values in (
            ("‖G − G′‖/‖G‖", [s.distance / s.size if s.size else np.nan for s in one.shifts]),
            ("1 − cos", [1 - s.cosine for s in one.shifts]),
        )
    ]
    title = "Internal covariate shift"
    return layers_figure(lines, title=title, axis="shift", colours=colours, dark=dark)


def _figure(label: str, rows: list[Any], most: float, colour: str | None, dark: bool) -> go.Figure:
    if not rows or not most:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=label, colour=colour)
    shares, names = np.array([row.shares for row in rows]), [row.layer for row in rows]
    width = (HIGH - LOW) / shares.shape[1]
    centres = LOW + width * (np.arange(shares.shape[1]) + 0.5)
    figure = go.Figure(
        go.Heatmap(
            **{"x": centres, "y": list(range(len(names))), "z": shares, "zmin": 0, "zmax": most},
            **{"colorscale": "Viridis", "customdata": [[name] * len(centres) for name in names]},
            colorbar={"title": {"text": "share", "side": "right"}, "thickness": 10, "len": 0.9},
            hovertemplate="%{customdata}<br>about %{x:.1f}<br>share %{z:.3f}<extra></extra>",
        )
    )
    words: dict[str, Any] = {"color": ink(dark).text}
    figure.update_xaxes(title={"text": "input of the activation", "font": words, "standoff": 4}, tickfont=words)
    every = -(-len(names) // 12)
    figure.update_yaxes(
        **{"autorange": "reversed", "tickfont": words, "automargin": True},
        tickvals=list(range(0, len(names), every)),
        ticktext=names[::every],
    )
    for edge in (-1, 1):
        figure.add_vline(x=edge, line={"color": "rgba(255,255,255,0.7)", "width": 1, "dash": "dot"})
    return dressed(figure, dark=dark, height=HEIGHT, title=label, colour=colour, foot=46)
