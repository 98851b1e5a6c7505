"""Texts and verdict of A15: growth of gradients from layer to layer."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.gradient_growth import GradientGrowth
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "The theorem bounds the gradient behind one layer. In deep plain networks the opposite happens across layers: with "
    "batch norm, gradients at initialization grow by about 1.21 on their way back through each layer."
)

ASSUMES = (
    r"The 1.21 = $\sqrt{\pi/(\pi - 1)}$ of Yang et al. is for ReLU, random weights, wide layers, large batches, and "
    "no affine map. Shortcuts, training and other activations change it."
)

DERIVATION = r"""
Let $n\sigma^2$ be fan in times the variance of the weights. Behind batch norm a rectifier sees standard normal values:
its outputs have the second moment $\tfrac12$, but only the variance $\tfrac12 - \tfrac1{2\pi}$ over samples, since
their mean is not 0. So the next pre-activations have the variance $v = n\sigma^2(\tfrac12 - \tfrac1{2\pi})$. On the
way back the square of the gradient is divided by $v$ at the norm, multiplied by $n\sigma^2$ at the weights, and
halved at the rectifier:

$$
\frac{\tfrac12}{\tfrac12 - \tfrac1{2\pi}} = \frac{\pi}{\pi-1} \approx 1.467 ,
\qquad\allowbreak 1.467^{1/2} \approx 1.211 .
$$

Without normalization He's initialization keeps the size (1.00), and Glorot's halves the square at every rectifier
(0.71). Yang et al. 2019, arXiv 1902.08129. A layer's ratio is $\|\delta_l\|/\|\delta_{l+1}\|$ over all samples and
units; the mean leaves out the first and the last one, whose neighbors are the data and the loss.
"""


def verdict(result: GradientGrowth) -> str:
    """State by how much gradients grow per layer, and what that makes over the network."""
    finite = result.ratio[np.isfinite(result.ratio)]
    if not len(finite):
        return "There are no two layers with a gradient to compare."
    whole = result.size[0] / result.size[-1] if result.size[-1] else math.nan
    sentence = (
        f"From the last layer to the first, gradients are multiplied by {number(float(whole))} over {len(finite)} steps"
    )
    if math.isfinite(result.per_layer):
        does = "grow" if result.per_layer > 1 else "shrink"
        sentence += f"; between interior layers they {does}, by {number(result.per_layer)} per layer"
    shortcuts = "" if result.plain else " This network is no chain of layers, so that a ratio is not one layer's doing."
    return f"{sentence}.{shortcuts}"


FEWEST_RATIOS = 5
"""Ratios between layers below which no growth per layer is judged."""

RULE = (
    "✓ if gradients change by at most 5 % per interior layer, ≈ up to 15 %, ✗ beyond; – in networks with fewer than "
    f"{FEWEST_RATIOS + 1} layers."
)


def status(result: GradientGrowth) -> Status:
    """Return whether gradients keep their size from layer to layer; undefined in shallow networks."""
    if np.isfinite(result.ratio).sum() < FEWEST_RATIOS:
        return "undefined"
    return graded(abs(result.per_layer - 1), 0.05, 0.15)


def rows(result: GradientGrowth) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    ends = [number(float(result.size[k])) for k in (0, -1)] if len(result.size) else [MISSING]
    return {
        "Growth per interior layer": number(result.per_layer),
        "Ratios, smallest to largest": span(result.ratio),
        "Size of the signal, first layer to last": " to ".join(ends),
    }
