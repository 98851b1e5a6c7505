"""Curvature of layers in coordinates that centre and scale their inputs (A7, A8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.notation import html

if TYPE_CHECKING:
    from normscape.landscape.analysis.centering import Centering

WAYS = ("raw", "centred", "standardized")


def both_figure(found: Mapping[str, Centering], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw λ_max of every layer's block of weight and bias: raw (solid), centred (dotted), standardized (dashed)."""
    return _figure(found, "both", html("λ_max of weight and bias, the same function"), colours, dark)


def weight_figure(found: Mapping[str, Centering], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw λ_max of every layer's block of the weight alone."""
    return _figure(found, "weight", html("λ_max of the weight alone, the same function"), colours, dark)


def rates_figure(found: Mapping[str, Centering], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw λ's rate of every layer (A6), which the argument takes for the same in all three coordinates."""
    return _figure(found, "rate", "How fast signals change, the same function", colours, dark, "√(E[λ²]) / ‖ΔW‖")


def _figure(
    found: Mapping[str, Centering],
    name: str,
    title: str,
    colours: Mapping[str, str],
    dark: bool,
    axis: str = html("λ_max of the block"),
) -> go.Figure:
    lines = [
        Line(label, way, [x.layer for x in one.layers], np.array([getattr(x, name)[place] for x in one.layers]))
        for label, one in found.items()
        for place, way in enumerate(WAYS)
    ]
    return layers_figure(lines, title=title, axis=axis, colours=colours, dark=dark)
