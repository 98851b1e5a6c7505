"""Texts and verdict of A7 and A8: second moments of inputs."""

from __future__ import annotations

import math

from normscape.landscape.analysis.second_moments import SecondMoments
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "The second moment of a layer's input enters the bound on $L$. No constant makes it smaller than subtracting the "
    "mean does, and the layer can represent the same functions. Dividing by the standard deviation makes it equal to "
    "the number of inputs that vary."
)

ASSUMES = (
    "That the bound is what matters: a smaller bound is not a smaller $L$, which the next step measures. That a "
    "constant is subtracted, the same for all samples: batch norm's own mean follows the samples besides."
)

DERIVATION = r"""
For any constant $\mu$, $E[(x_i-\mu_i)^2] = v_i + (\mu_i - E[x_i])^2$: a parabola that is least at the mean. With
$\mu = s\,E[x]$ the sum over inputs is $\sum_i v_i + (1-s)^2\sum_i E[x_i]^2$. After division by
$\sqrt{v_i+\varepsilon}$ each input that varies counts 1, and one that is constant 0. For a convolution $x$ is the
unfolded patch, with the zeros of the padding; standardizing channels leaves those zeros, so that a tap counts only as
often as it meets the picture. The trace of the last layer's block Hessian is least at $E[ax]/E[a]$, with
$a = p(1-p)$ the curvature of the cross-entropy: the mean only if $a$ does not depend on $x$.
"""


def verdict(result: SecondMoments) -> str:
    """State what centering would take away, layer by layer, and where it is already gone."""
    if not result.layers:
        return "There is no linear layer or convolution."
    shares = {layer.layer: layer.centered / layer.raw for layer in result.layers if layer.raw}
    if not shares:
        return "All inputs of all layers are zero."
    most, least = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    last = result.layers[-1].weighted
    far = (
        ""
        if math.isnan(last)
        else f" At the last layer $E[ax]/E[a]$ lies {number(last)} lengths of $E[x]$ away from it."
    )
    return (
        f"Centering leaves {number(100 * shares[most])} % of the second moment in {most}, and "
        f"{number(100 * shares[least])} % in {least}.{far}"
    )


RULE = "✓ if centering takes at least 10 % of the second moment in some layer; ≈ if inputs are centered already."


def status(result: SecondMoments) -> Status:
    """Return whether centering has anything to take away."""
    shares = [layer.centered / layer.raw for layer in result.layers if layer.raw]
    if not shares:
        return "undefined"
    return "holds" if min(shares) <= 0.9 else "loose"


def rows(result: SecondMoments) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    return {
        r"Second moment $\textstyle\sum E[x^2]$, by layer": span(layer.raw for layer in result.layers),
        "Centered": span(layer.centered for layer in result.layers),
        "Standardized": span(layer.standardized for layer in result.layers),
        "Standardized by channel, then padded": span(layer.by_channel for layer in result.layers),
        "Inputs of a weight": span(layer.inputs for layer in result.layers),
        "Positions $T$": span(layer.positions for layer in result.layers),
    }
