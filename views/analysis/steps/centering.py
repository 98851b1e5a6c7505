"""Texts and verdict of A7 and A8: the curvature of layers with centered and standardized inputs."""

from __future__ import annotations

import math

from normscape.landscape.analysis.centering import Centering, Reparametrized
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "A smaller bound does not imply a smaller $L$. Each layer is rewritten to receive centered or standardized inputs "
    "while computing the same function; its curvature is measured before and after."
)

ASSUMES = (
    "Nothing but that means and deviations are held fixed: batch norm's own follow the samples. The Lipschitz constant "
    "at a point is that of the layer's own block of the Hessian, all other layers standing still."
)

DERIVATION = r"""
$h = Wx + b = W(x-\mu) + (b + W\mu)$, and $= (W\,\mathrm{diag}\,\sigma)\frac{x-\mu}{\sigma} + (b + W\mu)$: the
function is the same, its coordinates are others. With $(W, b) = A(W', b')$, where $W = W'$, or
$W = W'\,\mathrm{diag}(1/\sigma)$, and $b = b' - W\mu$, the block of the Hessian becomes $A^\top H A$. Its largest
eigenvalue may fall or rise. For a linear regression the block of the weight is $2E[xx^\top]$, so it falls with the
second moment; in general it is $E[a\,xx^\top]$ with $a$ the curvature behind the layer, and falls if $a$ is large where
$x$ is far from zero. For a convolution $x$ is the unfolded patch. In front of batch norm a bias has no effect, and
centering changes nothing.
"""


def verdict(result: Centering) -> str:
    """State in how many layers centering and dividing lower λ_max, and where they raise it."""
    if not result.layers:
        return "There is no layer with a plain weight to rewrite."
    curved = f"{_curvature(result, 'both', 'of weight and bias')} {_curvature(result, 'weight', 'of the weight alone')}"
    centered, scaled = (span(_change(layer, "rate", k) for layer in result.layers) for k in (1, 2))
    return (
        rf"{curved} $\lambda$'s rate, which the argument takes for a constant, becomes {centered} times what it was, "
        f"and {scaled} times with division."
    )


def _curvature(result: Centering, name: str, block: str) -> str:
    lowered = [layer for layer in result.layers if _change(layer, name, 1) < 1 - NOTICED]
    raised = [layer.layer for layer in result.layers if _change(layer, name, 1) > 1 + NOTICED]
    changes = [_change(layer, name, 1) for layer in result.layers]
    scaled = [_change(layer, name, 2) for layer in result.layers]
    where = (
        f", raises it in {len(raised)} ({', '.join(raised[:3])}{', …' if len(raised) > 3 else ''})" if raised else ""
    )
    return (
        rf"Centering lowers $\lambda_{{\max}}$ {block} in {len(lowered)} of {len(result.layers)} layers{where}; it "
        f"becomes {span(changes)} times what it was, and {span(scaled)} times with division, too."
    )


NOTICED = 0.01
"""Share by which λ_max has to change to count as lower or higher."""


def _change(layer: Reparametrized, name: str, k: int) -> float:
    before, after = getattr(layer, name)[0], getattr(layer, name)[k]
    return after / before if before > 0 else math.nan


RULE = (
    r"✓ if neither centering nor centering with division raises $\lambda_{\max}$ of weight and bias in any layer, and "
    "each lowers it in some; ✗ if one of them raises it in more layers than it lowers it; else ≈."
)


def status(result: Centering) -> Status:
    """Return whether the curvature of layers follows the second moment of their inputs: the worse of both."""
    each = [[_change(layer, "both", k) for layer in result.layers] for k in (1, 2)]
    if not any(math.isfinite(change) for changes in each for change in changes):
        return "undefined"
    counts = [(sum(one < 1 - NOTICED for one in own), sum(one > 1 + NOTICED for one in own)) for own in each]
    if any(raised > lowered for lowered, raised in counts):
        return "fails"
    return "holds" if all(lowered and not raised for lowered, raised in counts) else "loose"


def rows(result: Centering) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    kinds = ("raw", "centered", "standardized")
    numbers = {
        rf"$\lambda_{{\max}}$ of {block}, {inputs}": span([getattr(layer, name)[k] for layer in result.layers])
        for name, block in (("both", "weight and bias"), ("weight", "weight alone"))
        for k, inputs in enumerate(kinds)
    }
    numbers |= {
        rf"$\sqrt{{E[\lambda^2]}}/\|\Delta W\|$, {inputs}": span(layer.rate[k] for layer in result.layers)
        for k, inputs in enumerate(kinds)
    }
    residual = max((layer.residual for layer in result.layers), default=math.nan)
    added = sum(layer.added for layer in result.layers)
    return numbers | {
        "Largest residual": number(residual),
        "Layers given a bias of 0": f"{added} of {len(result.layers)}",
    }
