"""Texts and verdict of A7 and A8: second moments of inputs."""

from __future__ import annotations

import numpy as np

from normscape.figures.analysis.by_layer import layer_name
from normscape.landscape.analysis.second_moments import SecondMoments
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "Subtracting the mean makes the second moment $E[x^2]$ of an input as small as a shift can, and dividing by the "
    "standard deviation sets it to 1."
)

ASSUMES = (
    "A smaller bound is taken to mean a smaller $L$; the next step tests that. The mean is a constant, whereas the "
    "mean of batch norm depends on the samples."
)

DERIVATION = r"""
For any constant $\mu$, $E[(x_i-\mu_i)^2] = v_i + (\mu_i - E[x_i])^2$: a parabola with its minimum at the mean. With
$\mu = s\,E[x]$ the sum over inputs is $\sum_i v_i + (1-s)^2\sum_i E[x_i]^2$. After division by
$\sqrt{v_i+\varepsilon}$ an input that varies counts 1, and a constant input 0. For a convolution $x$ is the unfolded
patch, including the zeros of the padding. Standardizing by channel keeps those zeros, so each tap counts in proportion
to its overlap with the image. The trace of the last layer's block Hessian is smallest at $E[ax]/E[a]$, with
$a = p(1-p)$ the curvature of the cross-entropy. That is the mean only if $a$ does not depend on $x$.
"""


def verdict(result: SecondMoments) -> str:
    """State how much of the second moment centering removes, and in which layer it removes most."""
    if not result.layers:
        return "The network has no linear or convolution layer."
    removed = _removed(result)
    if not removed:
        return "All inputs of all layers are zero."
    most = max(removed, key=removed.__getitem__)
    if removed[most] < NOTICED:
        return (
            f"The inputs are nearly centered already: centering removes at most {number(100 * removed[most], 2)} % of "
            "the second moment."
        )
    median = float(np.median(list(removed.values())))
    return (
        f"Centering removes up to {number(100 * removed[most], 2)} % of the second moment (in {most}), and "
        f"{number(100 * median, 2)} % in the median layer.{_dividing(result)}"
    )


def brief(result: SecondMoments) -> str:
    """Return what centering removes, and where dividing undoes it, in a few words."""
    removed = list(_removed(result).values())
    if not removed:
        return "no input to center"
    raised = _raised(result)
    rises = f", and dividing raises it in {raised} of {len(removed)} layers" if raised else ""
    return f"centering removes {number(100 * float(np.median(removed)), 2)} % of the second moment{rises}"


def _dividing(result: SecondMoments) -> str:
    """Return a sentence on the layers in which dividing leaves more than the raw second moment, if there are any."""
    raised = _raised(result)
    return f" Dividing then raises it above the raw value in {raised} of {len(result.layers)} layers." if raised else ""


def _raised(result: SecondMoments) -> int:
    return sum(layer.standardized > layer.raw * (1 + RAISED) for layer in result.layers if layer.raw)


NOTICED = 0.1
"""Share of the second moment that centering has to remove in some layer."""

RAISED = 0.01
"""Share by which the standardized second moment has to exceed the raw one to count as raised."""

RULE = (
    "✓ if centering removes at least 10 % of the second moment in some layer, and dividing leaves it above the raw "
    "value in none. ≈ if inputs are nearly centered, or dividing raises it in some layer by more than 1 %."
)


def status(result: SecondMoments) -> Status:
    """Return whether centering has anything to take away, and dividing does not undo it."""
    removed = _removed(result).values()
    if not removed:
        return "undefined"
    return "holds" if max(removed) >= NOTICED and not _raised(result) else "loose"


def _removed(result: SecondMoments) -> dict[str, float]:
    """Return the share of the second moment that centering removes, by layer."""
    return {layer_name(layer.layer): 1 - layer.centered / layer.raw for layer in result.layers if layer.raw}


def rows(result: SecondMoments) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    return {
        r"Second moment $\textstyle\sum E[x^2]$, by layer": span(layer.raw for layer in result.layers),
        "Centered": span(layer.centered for layer in result.layers),
        "Standardized": span(layer.standardized for layer in result.layers),
        "Standardized by channel, then padded": span(layer.by_channel for layer in result.layers),
        "Inputs of a weight": span(layer.inputs for layer in result.layers),
        r"Last layer: $\|E[ax]/E[a]-E[x]\|/\|E[x]\|$": number(result.layers[-1].weighted) if result.layers else MISSING,
        "Positions $T$": span(layer.positions for layer in result.layers),
    }
