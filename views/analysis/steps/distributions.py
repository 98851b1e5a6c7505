"""Texts and verdict of A13: other explanations."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.distributions import CovariateShift, Distributions
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "Other explanations are about distributions: that they stay fixed while earlier layers learn (internal covariate "
    "shift), or that they stay where activations are most nonlinear. These are hypotheses; their quantities are "
    "measured here."
)

ASSUMES = (
    "Nothing is concluded from these numbers. Standardized is not normal: look at skew and excess kurtosis. Covariate "
    "shift is that of one step of all earlier layers with gradients of the whole evaluation set."
)

DERIVATION = r"""
Skew is $E[(x-\mu)^3]/\sigma^3$ and excess kurtosis $E[(x-\mu)^4]/\sigma^4 - 3$: both are 0 for a normal distribution,
and dividing by a deviation changes neither. A rectifier's unit is dead if its input is never positive, and linear if it
always is. Internal covariate shift of layer $i$ (Santurkar et al. 2018, definition 2.1) is how far its gradient turns
when the layers in front of it make their step,

$$
\|G_i - G_i'\| ,\quad\allowbreak G_i = \nabla_{W_i} f(W_1, \dots, W_k) ,\quad\allowbreak
G_i' = \nabla_{W_i} f(W_1', \dots, W_{i-1}', W_i, \dots, W_k) ,\quad\allowbreak W_j' = W_j - \eta\,\nabla_{W_j} f
$$

with $\eta = 0.1$ here. They result that batch norm does not make it smaller.
"""


def verdict(result: Distributions) -> str:
    """State where activations work, which units do nothing, and how far gradients turn by earlier layers' steps."""
    return f"{_activity(result)} {_shift(result)}"


def _activity(result: Distributions) -> str:
    if not result.activations:
        return "There is no activation."
    within = float(np.mean([one.before.within for one in result.activations]))
    sentence = f"{number(100 * within)} % of what goes into activations lies in [−1, 1]"
    dead = [one.dead for one in result.activations if math.isfinite(one.dead)]
    linear = [one.linear for one in result.activations if math.isfinite(one.linear)]
    if dead:
        idle, passing = (number(100 * float(np.mean(shares))) for shares in (dead, linear))
        sentence += f"; {idle} % of the units are dead and {passing} % linear"
    return f"{sentence}."


def _shift(result: Distributions) -> str:
    shifts = [shift for shift in result.shifts[1:] if shift.size and math.isfinite(shift.cosine)]
    if not shifts:
        return "No layer behind the first has a gradient that could shift."
    furthest = max(shifts, key=_relative)
    median = float(np.median([_relative(shift) for shift in shifts]))
    return (
        f"The step of earlier layers turns a layer's gradient by {number(median)} of its length at the median, "
        f"at most {number(_relative(furthest))} (cos {number(furthest.cosine)}, in {furthest.layer})."
    )


def _relative(shift: CovariateShift) -> float:
    return shift.distance / shift.size


RULE = "– always: these are rival hypotheses, not steps of the argument."


def status(result: Distributions) -> Status:
    """Return "undefined": the argument does not rest on these hypotheses."""
    return "undefined"


def rows(result: Distributions) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    shifts = [shift for shift in result.shifts[1:] if shift.size]
    before = [one.before for one in result.activations]
    return {
        "Skew of layers' inputs": span([layer.skew for layer in result.layers]),
        "Their excess kurtosis": span([layer.kurtosis for layer in result.layers]),
        "Deviation of layers' inputs": span([layer.deviation for layer in result.layers]),
        "Inputs of activations in [−1, 1]": span([one.within for one in before]),
        "Dead units": span([one.dead for one in result.activations]),
        "Linear units": span([one.linear for one in result.activations]),
        r"$\|G - G'\|/\|G\|$, behind the first layer": span([_relative(shift) for shift in shifts]),
        "Cosine of $G$ and $G'$": span([shift.cosine for shift in shifts]),
    }
