"""Texts and verdict of A13: other explanations."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.distributions import CovariateShift, Distributions
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "Batch norm was invented to reduce **internal covariate shift**, the change of a layer's inputs while earlier "
    "layers learn; Santurkar et al. (2018) find that it does not reduce it."
)

ASSUMES = (
    "No conclusion is drawn from these numbers. Standardized does not mean normal: see skew and excess kurtosis. "
    "Covariate shift is measured over one step of all earlier layers, with gradients of the whole evaluation set."
)

DERIVATION = r"""
Skew is $E[(x-\mu)^3]/\sigma^3$ and excess kurtosis $E[(x-\mu)^4]/\sigma^4 - 3$: both are 0 for a normal distribution,
and standardizing changes neither. A ReLU unit is dead if its input is never positive, and linear if it always is.
Internal covariate shift of layer $i$ (Santurkar et al. 2018, definition 2.1) is the change of its gradient when all
earlier layers take their step,

$$
\|G_i - G_i'\| ,\quad\allowbreak G_i = \nabla_{W_i} f(W_1, \dots, W_k) ,\quad\allowbreak
G_i' = \nabla_{W_i} f(W_1', \dots, W_{i-1}', W_i, \dots, W_k) ,\quad\allowbreak W_j' = W_j - \eta\,\nabla_{W_j} f
$$

with $\eta = 0.1$ here. Santurkar et al. find that batch norm does not reduce it.
"""


def verdict(result: Distributions) -> str:
    """State the internal covariate shift of the median layer, and the share of activation inputs in [−1, 1]."""
    return f"{_shift(result)}; {_activity(result)}."


def brief(result: Distributions) -> str:
    """Return the internal covariate shift of the median layer in a few words."""
    median = _median_shift(result)
    return (
        f"a step of earlier layers changes the gradient by {number(100 * median, 2)} %"
        if math.isfinite(median)
        else "no gradient to shift"
    )


def _median_shift(result: Distributions) -> float:
    shifts = [shift for shift in result.shifts[1:] if shift.size and math.isfinite(shift.cosine)]
    return float(np.median([_relative(shift) for shift in shifts])) if shifts else math.nan


def _activity(result: Distributions) -> str:
    if not result.activations:
        return "the network has no activation"
    within = float(np.mean([one.before.within for one in result.activations]))
    return f"{number(100 * within, 2)} % of the activation inputs lie in [−1, 1]"


def _shift(result: Distributions) -> str:
    median = _median_shift(result)
    if math.isnan(median):
        return "No later layer has a gradient that could shift"
    return f"One step of the earlier layers changes the median layer's gradient by {number(100 * median, 2)} %"


def _relative(shift: CovariateShift) -> float:
    return shift.distance / shift.size


RULE = "Always ○, measured but not judged: the argument does not depend on these hypotheses."


def status(result: Distributions) -> Status:
    """Return "unjudged": the argument does not rest on these hypotheses."""
    return "unjudged"


def rows(result: Distributions) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    shifts = [shift for shift in result.shifts[1:] if shift.size]
    before = [one.before for one in result.activations]
    return {
        "Skew of layer inputs": span([layer.skew for layer in result.layers]),
        "Excess kurtosis of layer inputs": span([layer.kurtosis for layer in result.layers]),
        "Standard deviation of layer inputs": span([layer.deviation for layer in result.layers]),
        "Activation inputs in [−1, 1]": span([one.within for one in before]),
        "Dead units": span([one.dead for one in result.activations]),
        "Linear units": span([one.linear for one in result.activations]),
        r"$\|G - G'\|/\|G\|$, after the first layer": span([_relative(shift) for shift in shifts]),
        "Cosine of $G$ and $G'$": span([shift.cosine for shift in shifts]),
    }
