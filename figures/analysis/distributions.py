"""Distributions of what goes into layers, dead and linear units, and covariate shift (A13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.histograms import Histograms, histogram_figures
from normscape.figures.layers import Line, layers_figure

if TYPE_CHECKING:
    from normscape.landscape.analysis.distributions import Distributions

LOW, HIGH = -6.0, 6.0
"""Ends of the histograms; what is beyond counts in their first and last bins."""


def distribution_figures(
    found: Mapping[str, Distributions], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw what goes into each activation, layers from top to bottom, with one range of colours for all networks."""
    rows = {label: [activity.before for activity in one.activations] for label, one in found.items()}
    return histogram_figures(
        {
            label: Histograms([row.layer for row in kept], np.array([row.shares for row in kept]))
            for label, kept in rows.items()
        },
        ends=(LOW, HIGH),
        axis="input of the activation",
        lines=(-1.0, 1.0),
        colours=colours,
        dark=dark,
    )


def units_figure(found: Mapping[str, Distributions], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
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


def shift_figure(found: Mapping[str, Distributions], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
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
