"""What batch norm removes from the backward gradient, by layer (A14)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING

if TYPE_CHECKING:
    from normscape.landscape.analysis.theorem import NormLayer, Theorem

NO_LAYERS = "None of these networks has a batch-norm layer, which is what the theorem is about"

SHARES = {"removed by the mean": "by_mean", "removed by the standard deviation": "by_deviation"}

REDUCED = 0.9
"""Share of units at which a layer has to shrink the gradient for the step to hold."""

FACTORS: Mapping[str, Callable[[np.ndarray], float]] = {"median": np.median, "smallest": np.min, "largest": np.max}


def shares_figure(compared: Compared[Theorem]) -> go.Figure:
    """Draw the shares of ‖g‖² that each layer removes; units are weighted by their ‖g‖². What remains is near 1."""
    return layers_figure(
        compared.map(_shares),
        title="Share of the squared gradient removed",
        axis=html(r"share of $\|g\|^2$"),
        empty=_empty(compared),
    )


def smaller_figure(compared: Compared[Theorem], *, enough: float = REDUCED) -> go.Figure:
    """Draw the share of units of each layer at which the gradient before the layer is not larger than behind it.

    Args:
        compared: the results.
        enough: share from which on the layer counts as shrinking the gradient, a dotted line.
    """
    return layers_figure(
        compared.map(lambda one: [Line("", _names(one), _smaller(one))] if one.layers else []),
        title="Units at which the layer shrinks the gradient",
        axis="share of units",
        scale="linear",
        level=enough,
        empty=_empty(compared),
        ends=(-0.03, 1.05),
    )


def factor_figure(compared: Compared[Theorem]) -> go.Figure:
    """Draw the further factor |γ|/√(v + ε): the median, the smallest and the largest of each layer."""
    return layers_figure(
        compared.map(_factors),
        title="Gradient factor by layer",
        axis=html(r"$|\gamma| / \sqrt{v + \varepsilon}$"),
        level=1.0,
        empty=_empty(compared),
    )


def mean_share(layer: NormLayer, name: str) -> float:
    """Return the mean of a share over units, weighted by their ‖g‖²; nan if the gradient is zero."""
    values, weight = getattr(layer, name), layer.signal
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")


def _shares(one: Theorem) -> list[Line]:
    shares = {name: [mean_share(layer, attribute) for layer in one.layers] for name, attribute in SHARES.items()}
    return [Line(name, _names(one), np.array(values)) for name, values in shares.items() if one.layers]


def _factors(one: Theorem) -> list[Line]:
    factors = {name: [take(layer.factor) for layer in one.layers] for name, take in FACTORS.items()}
    return [Line(name, _names(one), np.array(values)) for name, values in factors.items() if one.layers]


def _smaller(one: Theorem) -> np.ndarray:
    shares = []
    for layer in one.layers:
        known = layer.signal > 0
        shares.append(float((layer.left <= layer.signal * (1 + one.noise))[known].mean()) if known.any() else np.nan)
    return np.array(shares)


def _empty(compared: Compared[Theorem]) -> str:
    """Return the reason for an empty figure: no batch-norm layer, or no finite number in any."""
    return NOTHING if any(one.layers for one in compared.results.values()) else NO_LAYERS


def _names(one: Theorem) -> list[str]:
    return [layer.layer for layer in one.layers]
