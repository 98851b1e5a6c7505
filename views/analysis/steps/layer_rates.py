"""Texts and verdict of A8: dividing by the standard deviation."""

from __future__ import annotations

import math

import numpy as np

from normscape.figures.analysis.by_layer import layer_name
from normscape.landscape.analysis.layer_rates import LayerRates
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "The gradient of a weight should change $E[x^2]$ times as fast as that of the bias, so that standardized inputs, "
    "with $E[x^2]=1$, let all weights learn equally fast."
)

ASSUMES = (
    "The change of the signal does not depend on the input. Nor is 1 the smallest choice: a larger divisor lowers $L$ "
    "further, down to 0, where the network can no longer fit (gallery: *How much to divide by*)."
)

DERIVATION = r"""
The gradient of weight $w_i$ is $E[\delta x_i]$, and that of the bias is $E[\delta \cdot 1]$. When only $w_i$ moves, by
$\Delta$, the pre-activation changes by $\Delta x_i$, the signal by $a\,\Delta x_i$ with $a$ the curvature of the loss
there, and so

$$
\nabla_i f(w+\Delta) - \nabla_i f(w) = E[a x_i^2]\,\Delta ,\qquad\allowbreak
\nabla_b f(b+\Delta) - \nabla_b f(b) = E[a]\,\Delta .
$$

If $a$ does not depend on $x_i$ the ratio of the two is $E[x_i^2]$: 1 after centering and dividing by
$\sigma_i = \sqrt{E[(x_i-\mu_i)^2]}$. Over layers, $\|w\|^2\lambda_{\max}(H_{ww})$ is a curvature that does not depend
on the scale of $w$, and $\|\nabla_w f\|/\|w\|$ is the relative step at learning rate 1. One learning rate suits
all layers if both differ little between layers.
"""


def verdict(result: LayerRates) -> str:
    """State how well E[x²] predicts the rate of each input's weight relative to the bias."""
    if not result.first:
        return "The network has no linear layer whose inputs could be compared with a bias."
    if not _comparable(result):
        return (
            f"The bias of {layer_name(result.first)} has no effect, so it cannot serve as the reference for its inputs."
        )
    off = number(_largest_factor(result), 2)
    return {
        "holds": f"$E[x^2]$ predicts how fast every input's weight gradient changes, within a factor of {off}.",
        "loose": f"$E[x^2]$ predicts how fast an input's weight gradient changes only within a factor of {off}.",
        "fails": f"$E[x^2]$ mispredicts how fast an input's weight gradient changes, by a factor of up to {off}.",
    }[status(result)]


def brief(result: LayerRates) -> str:
    """Return how far E[x²] is from the measured rates in a few words."""
    if not _comparable(result):
        return "the bias has no effect" if result.first else "no linear layer"
    return f"$E[x^2]$ is off by up to {number(_largest_factor(result), 2)}×"


def _comparable(result: LayerRates) -> bool:
    over = result.over_bias
    return bool(result.first and len(over) and np.isfinite(over).all())


def _largest_factor(result: LayerRates) -> float:
    """Return the largest factor between an input's measured ratio and E[x²], in either direction."""
    return float(np.exp(np.abs(np.log(result.over_bias / result.second_moment)).max()))


RULE = (
    r"Ratio of an input's weight to the bias, over $E[x^2]$: ✓ if within a factor of 2 for every input, ≈ within 10, "
    "✗ beyond; – if the bias has no effect."
)


def status(result: LayerRates) -> Status:
    """Return how well the second moment of an input predicts how fast its weight's gradient changes."""
    return graded(_largest_factor(result), 2, 10) if _comparable(result) else "absent"


def rows(result: LayerRates) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    curvature, step = result.spread("scale_free"), result.spread("relative_step")
    return {
        "Ratio of an input's weight to the bias": span(result.over_bias),
        "The same over $E[x^2]$, median": number(_median_factor(result)),
        "$E[x^2]$ of those inputs": span(result.second_moment),
        "Scale-free curvature, largest over smallest layer": number(curvature[0]),
        "Scale-free curvature, coefficient of variation": number(curvature[1]),
        "Relative step, largest over smallest layer": number(step[0]),
        "Relative step, coefficient of variation": number(step[1]),
    }


def _median_factor(result: LayerRates) -> float:
    return float(np.median(result.over_bias / result.second_moment)) if _comparable(result) else math.nan
