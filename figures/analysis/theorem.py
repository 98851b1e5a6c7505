"""What batch norm takes away from the gradient that comes back, layer by layer (A14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.layers import Line, layers_figure
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING

if TYPE_CHECKING:
    from normscape.landscape.analysis.theorem import NormLayer, Theorem

NO_LAYERS = "None of these networks has a batch-norm layer, which is what the theorem is about"

SHARES = {"passes": "ratio", "taken by the mean": "by_mean", "taken by the deviation": "by_deviation"}


def shares_figure(found: Mapping[str, Theorem], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw which share of ‖g‖² comes through each layer, and what takes the rest; units count by their ‖g‖²."""
    lines = [
        Line(label, words, _names(one), np.array([mean_share(layer, name) for layer in one.layers]))
        for label, one in found.items()
        for words, name in SHARES.items()
        if one.layers
    ]
    title = "What comes through each batch-norm layer"
    return layers_figure(
        lines,
        title=title,
        axis=html(r"share of $\|g\|^2$"),
        scale="linear",
        colours=colours,
        dark=dark,
        nothing=_nothing(lines),
    )


def factor_figure(found: Mapping[str, Theorem], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw what multiplies it besides, |γ|/√(v + ε): the median, the smallest and the largest of each layer."""
    lines = [
        Line(label, words, _names(one), np.array([take(layer.factor) for layer in one.layers]))
        for label, one in found.items()
        for words, take in (("median", np.median), ("smallest", np.min), ("largest", np.max))
        if one.layers
    ]
    title = "The factor of each layer"
    return layers_figure(
        lines,
        title=title,
        axis=html(r"$|\gamma| / \sqrt{v + \varepsilon}$"),
        colours=colours,
        dark=dark,
        level=1.0,
        nothing=_nothing(lines),
    )


def mean_share(layer: NormLayer, name: str) -> float:
    """Return the mean of a share over units, each counted by its ‖g‖²; nan if nothing comes back."""
    values, weight = getattr(layer, name), layer.signal
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")


def _nothing(lines: list[Line]) -> str:
    """Say why there is nothing to draw, if there is nothing: no layers, or no finite number in them."""
    return NOTHING if lines else NO_LAYERS


def _names(one: Theorem) -> list[str]:
    return [layer.layer for layer in one.layers]
