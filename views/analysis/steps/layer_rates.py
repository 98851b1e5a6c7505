"""Texts and verdict of A8: dividing by the standard deviation."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.layer_rates import LayerRates
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "Dividing by the standard deviation puts every input on the scale of the bias's input, 1, so the gradients of its "
    "weights should change about as fast as the bias gradient. The division acts like a learning rate per input and "
    "keeps layers in step."
)

ASSUMES = (
    "That the change of the signal does not depend on the input. That 1 is the right size: a larger divisor makes $L$ "
    "smaller still, down to 0 where nothing can be fitted any more (story *How much to divide by* in the gallery)."
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
on the size of $w$ (D8), and $\|\nabla_w f\|/\|w\|$ how far one step goes for a learning rate of 1. One learning rate
suits all layers if these differ little.
"""


def verdict(result: LayerRates) -> str:
    """State how inputs compare with the bias, and how far layers are from being in step."""
    return f"{_inputs(result)} {_layers(result)}"


def _inputs(result: LayerRates) -> str:
    over = result.over_bias
    if not result.first:
        return "There is no linear layer whose inputs could be compared with a bias."
    if not len(over) or not np.isfinite(over).all():
        return f"The bias of {result.first} has no effect, so there is no standard to compare its inputs with."
    tightness = np.exp(np.abs(np.log(over / result.second_moment)))
    off = float(np.exp(np.median(np.log(over))))
    return (
        f"Inputs' weights turn {number(off)} times as fast as the bias (median; {number(float(over.min()))} to "
        f"{number(float(over.max()))}), where $E[x^2]$ says {number(float(np.median(result.second_moment)))}: off by a "
        f"factor of at most {number(float(tightness.max()))}."
    )


def _layers(result: LayerRates) -> str:
    curvature, step = result.spread("scale_free")[0], result.spread("relative_step")[0]
    if not math.isfinite(curvature) or not math.isfinite(step):
        return "Layers cannot be compared: some have no curvature or no gradient."
    return (
        f"Between layers scale-free curvature differs up to {number(curvature)} times, and one step's share of the "
        f"weights up to {number(step)} times."
    )


RULE = (
    r"✓ if the ratio of every input's weight to the bias is within a factor of 2 of $E[x^2]$, ≈ up to a factor of 10, "
    "✗ beyond."
)


def status(result: LayerRates) -> Status:
    """Return how well the second moment of an input predicts how fast its weight's gradient changes."""
    over = result.over_bias
    if not result.first or not len(over) or not np.isfinite(over).all():
        return "undefined"
    return graded(float(np.exp(np.abs(np.log(over / result.second_moment)).max())), 2, 10)


def rows(result: LayerRates) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    curvature, step = result.spread("scale_free"), result.spread("relative_step")
    return {
        "Inputs' ratios over the bias's": span(result.over_bias),
        "Second moments of those inputs": span(result.second_moment),
        "Scale-free curvature, largest over smallest layer": number(curvature[0]),
        "Its coefficient of variation": number(curvature[1]),
        "Step over weight, largest over smallest layer": number(step[0]),
        "Its variation": number(step[1]),
    }
