"""Texts and verdict of A15: growth of gradients from layer to layer."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.gradient_growth import GradientGrowth
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "From layer to layer, gradients should neither grow nor shrink; in deep plain ReLU networks with batch norm they "
    "grow about 1.21 times per layer before training."
)

ASSUMES = (
    r"The factor 1.21 ≈ $\sqrt{\pi/(\pi - 1)}$ of Yang et al. holds for ReLU, random weights, wide layers, large "
    r"batches and no $\gamma$ and $\beta$. Residual connections, training and other activations change it."
)

DERIVATION = r"""
Let $n\sigma^2$ be fan-in times the variance of the weights. After batch norm a ReLU receives standard normal values.
Its outputs have second moment $\tfrac12$ but variance $\tfrac12 - \tfrac1{2\pi}$ over samples, since their mean is not
0. The next pre-activations therefore have variance $v = n\sigma^2(\tfrac12 - \tfrac1{2\pi})$. On the way back, the
squared gradient is divided by $v$ at the norm, multiplied by $n\sigma^2$ at the weights, and halved at the ReLU:

$$
\frac{\tfrac12}{\tfrac12 - \tfrac1{2\pi}} = \frac{\pi}{\pi-1} \approx 1.467 ,
\qquad\allowbreak 1.467^{1/2} \approx 1.211 .
$$

Without normalization, He initialization preserves the norm (1.00), and Glorot initialization halves its square at every
ReLU (0.71). The ratio of a layer is $\|\delta_l\|/\|\delta_{l+1}\|$ over all samples and units. The mean leaves out the
first and the last layer, whose neighbors are the data and the loss.
"""


def verdict(result: GradientGrowth) -> str:
    """State by how much gradients grow or shrink per layer, or over a network too shallow to judge."""
    finite = result.ratio[np.isfinite(result.ratio)]
    if not len(finite):
        return "No two layers have a gradient to compare."
    shortcuts = "" if result.plain else "; its layers do not form a chain, so this is not the effect of single layers"
    if len(finite) < FEWEST_RATIOS or not math.isfinite(result.per_layer):
        whole = number(float(result.size[0] / result.size[-1]) if result.size[-1] else math.nan)
        return (
            f"From the last layer to the first, the gradient norm is multiplied by {whole}; {len(finite) + 1} layers "
            f"are too few to judge growth per layer{shortcuts}."
        )
    change = result.per_layer
    if status(result) == "holds":
        return f"Gradients keep their norm: the factor per interior layer is {number(change)}{shortcuts}."
    does = "grow" if change > 1 else "shrink"
    return f"Gradients {does} in the backward pass, by a factor of {number(change)} per interior layer{shortcuts}."


def brief(result: GradientGrowth) -> str:
    """Return the change of gradients per layer in a few words."""
    if not math.isfinite(result.per_layer) or status(result) == "absent":
        return "too few layers to judge"
    return f"gradients are multiplied by {number(result.per_layer)} per layer"


FEWEST_RATIOS = 5
"""Ratios between layers below which no growth per layer is judged."""

RULE = (
    "Change per interior layer: ✓ up to 5 %, ≈ up to 15 %, ✗ above; – in networks with fewer than "
    f"{FEWEST_RATIOS + 1} layers."
)


def status(result: GradientGrowth) -> Status:
    """Return whether gradients keep their size from layer to layer, which shallow networks do not show."""
    if np.isfinite(result.ratio).sum() < FEWEST_RATIOS:
        return "absent"
    return graded(abs(result.per_layer - 1), 0.05, 0.15)


def rows(result: GradientGrowth) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    ends = [number(float(result.size[k])) for k in (0, -1)] if len(result.size) else [MISSING]
    return {
        "Growth per interior layer": number(result.per_layer),
        "Growth by layer": span(result.ratio),
        "Signal norm, first layer to last": " to ".join(ends),
    }
