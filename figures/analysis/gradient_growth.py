"""How backward gradients grow from layer to layer (A15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure

if TYPE_CHECKING:
    from normscape.landscape.analysis.gradient_growth import GradientGrowth


def growth_figure(found: Mapping[str, GradientGrowth], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw every layer's ‖δ_l‖ / ‖δ_{l+1}‖; above the dotted line gradients grow on their way back."""
    lines = [Line(label, "", one.layers[:-1], one.ratio) for label, one in found.items()]
    title = "Growth of gradients from each layer's successor"
    return layers_figure(lines, title=title, axis="‖δ_l‖ / ‖δ_l+1‖", colours=colours, dark=dark, level=1.0)


def size_figure(found: Mapping[str, GradientGrowth], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the size of the signal at every layer."""
    lines = [Line(label, "", one.layers, one.size) for label, one in found.items()]
    return layers_figure(lines, title="Signals that come back", axis="‖δ‖", colours=colours, dark=dark)
