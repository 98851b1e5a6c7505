"""Distributions of layer inputs, dead and linear units, and internal covariate shift (A13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import histogram_figures, layer_name, layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.histograms import Bins, Histograms
from normscape.figures.layers import Line
from normscape.figures.style.notation import html
from normscape.landscape.analysis.distributions import Distributions

if TYPE_CHECKING:
    pass

LOW, HIGH = -6.0, 6.0
"""Ends of the histograms; values beyond count in the first and in the last bin."""

BINS = Bins((LOW, HIGH), "input of the activation", lines=(-1.0, 1.0))


def distribution_figures(compared: Compared[Distributions]) -> Mapping[str, go.Figure]:
    """Draw the input of each activation, layers from top to bottom, with one range of colors for all networks."""
    return histogram_figures(compared.map(_histograms), BINS)


def units_figure(compared: Compared[Distributions]) -> go.Figure:
    """Draw the share of inputs in [-1, 1], of dead units and of linear units, by activation."""
    return layers_figure(
        compared.map(_units), title="Activation range, dead and linear units", axis="share", scale="linear"
    )


def shift_figure(compared: Compared[Distributions]) -> go.Figure:
    """Draw internal covariate shift: how much the gradient of each layer changes when the layers before it step.

    The first layer has none before it.
    """
    return layers_figure(compared.map(_shifts), title="Internal covariate shift", axis="relative change")


def _histograms(one: Distributions) -> Histograms:
    rows = [activity.before for activity in one.activations]
    return Histograms([row.layer for row in rows], np.array([row.shares for row in rows]))


def _units(one: Distributions) -> list[Line]:
    layers = [activity.before.layer for activity in one.activations]
    shares = {
        "in [-1, 1]": [activity.before.within for activity in one.activations],
        "dead": [activity.dead for activity in one.activations],
        "linear": [activity.linear for activity in one.activations],
    }
    return [Line(name, layers, np.array(values)) for name, values in shares.items()]


def _shifts(one: Distributions) -> list[Line]:
    later = one.shifts[1:]
    layers = [_module_name(shift.layer) for shift in later]
    distances = [shift.distance / shift.size if shift.size else np.nan for shift in later]
    angles = [1 - shift.cosine for shift in later]
    return [
        Line(html(r"$\|G - G'\|/\|G\|$"), layers, np.array(distances)),
        Line("1 − cos", layers, np.array(angles)),
    ]


def _module_name(module: str) -> str:
    """Return the name of a layer, or of its normalization, which has weights of its own."""
    return f"{layer_name(module)} norm" if module.endswith(".norm") else layer_name(module)
