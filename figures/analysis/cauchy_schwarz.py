"""Tightness of the Cauchy–Schwarz bound, and the rate that the argument takes for a constant (A6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.notation import html

if TYPE_CHECKING:
    from normscape.landscape.analysis.cauchy_schwarz import CauchySchwarz

TIGHT = 0.25
"""Share of the bound that the median unit has to reach: within a factor of 4, as for the step of the first bound."""


def tightness_figure(compared: Compared[CauchySchwarz]) -> go.Figure:
    """Draw the left side over the right side of the bound by layer, with raw (solid) and centered (dotted) inputs."""
    lines = compared.map(lambda one: [_tightness(one, "raw", "whole"), _tightness(one, "centered", "totals_centered")])
    return layers_figure(lines, title="Tightness of the Cauchy–Schwarz bound", axis="left side / right side", level=1.0)


def units_figure(compared: Compared[CauchySchwarz], *, useful: float = TIGHT) -> go.Figure:
    """Draw the left side over the right side of the bound by layer, for the median unit.

    Args:
        compared: the results.
        useful: share of the bound from which on it is called useful, a dotted line.
    """
    lines = compared.map(lambda one: [Line("", [layer.layer for layer in one.layers], _medians(one))])
    title = "Share of the bound that the median unit reaches"
    return layers_figure(lines, title=title, axis="share of the bound", level=useful)


def rate_figure(compared: Compared[CauchySchwarz]) -> go.Figure:
    """Draw √(E[λ²])/‖Δw‖ by layer: a constant would be a flat line, the same for all networks."""
    lines = compared.map(lambda one: [Line.of("", one.layers, "rate")])
    return layers_figure(lines, title="Rate of signal change", axis=html(r"$\sqrt{E[\lambda^2]} / \|\Delta w\|$"))


def _tightness(one: CauchySchwarz, name: str, attribute: str) -> Line:
    sides = [getattr(layer, attribute) for layer in one.layers]
    return Line(
        name,
        [layer.layer for layer in one.layers],
        np.array([left / right if right else np.nan for left, right in sides]),
    )


def _medians(one: CauchySchwarz) -> np.ndarray:
    finite = [layer.tightness[np.isfinite(layer.tightness)] for layer in one.layers]
    return np.array([float(np.median(values)) if values.size else np.nan for values in finite])
