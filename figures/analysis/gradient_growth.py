"""Growth of backward gradients from layer to layer (A15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.notation import html
from normscape.landscape.analysis.gradient_growth import GradientGrowth

if TYPE_CHECKING:
    pass


def growth_figure(compared: Compared[GradientGrowth]) -> go.Figure:
    """Draw ‖δ_l‖ / ‖δ_{l+1}‖ by layer; above the dotted line gradients grow on the backward pass."""
    lines = compared.map(lambda one: [Line("", one.layers[:-1], one.ratio)])
    title = "Gradient growth in the backward pass"
    return layers_figure(lines, title=title, axis=html(r"$\|\delta_l\| / \|\delta_{l+1}\|$"), level=1.0)


def size_figure(compared: Compared[GradientGrowth]) -> go.Figure:
    """Draw the size of the back-propagated signal by layer."""
    lines = compared.map(lambda one: [Line("", one.layers, one.size)])
    return layers_figure(lines, title="Backpropagated signal by layer", axis=html(r"$\|\delta\|$"))
