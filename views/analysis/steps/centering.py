"""Texts and verdict of A7 and A8: the curvature of layers with centered and standardized inputs."""

from __future__ import annotations

import math

from normscape.landscape.analysis.centering import Centering, Reparametrized
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "When a layer gets centered or standardized inputs, and its weights are rewritten so that the network computes the "
    r"same function, the layer's curvature $\lambda_{\max}$ should fall."
)

ASSUMES = (
    "Means and standard deviations are constants here; those of batch norm depend on the samples. The curvature is "
    "that of one layer's block of the Hessian, with all other layers fixed."
)

DERIVATION = r"""
$h = Wx + b = W(x-\mu) + (b + W\mu)$, and $= (W\,\mathrm{diag}\,\sigma)\frac{x-\mu}{\sigma} + (b + W\mu)$: the
function is the same, only its coordinates differ. With $(W, b) = A(W', b')$, where $W = W'$, or
$W = W'\,\mathrm{diag}(1/\sigma)$, and $b = b' - W\mu$, the block of the Hessian becomes $A^\top H A$. Its largest
eigenvalue may fall or rise. For a linear regression the block of the weight is $2E[xx^\top]$, so it falls with the
second moment; in general it is $E[a\,xx^\top]$ with $a$ the curvature after the layer, and falls if $a$ is large where
$x$ is far from zero. For a convolution $x$ is the unfolded patch. Right before batch norm a bias has no effect, and
centering changes nothing.
"""


def verdict(result: Centering) -> str:
    """State in how many layers centering, alone and with division, lowers λ_max, and whether it follows the bound."""
    if not result.layers:
        return "No layer has a plain weight to rewrite."
    judged = status(result)
    if judged == "undefined":
        return "No layer has a positive curvature to compare."
    layers = len(result.layers)
    of = f"{layers} {'layer' if layers == 1 else 'layers'}"
    centered, scaled = (_moves(*_counts(result, k)) for k in (1, 2))
    follows = {
        "holds": "the curvature follows the bound",
        "loose": "the curvature follows the bound only in part",
        "fails": "the curvature does not follow the bound",
    }[judged]
    return (
        rf"$\lambda_{{\max}}$ {centered} of {of} with centered inputs; with standardized inputs it {scaled}: {follows}."
    )


def brief(result: Centering) -> str:
    """Return in how many layers λ_max falls and rises with standardized inputs in a few words."""
    if status(result) in ("absent", "undefined"):
        return "no curvature to compare"
    lowered, raised = _counts(result, 2)
    return f"with standardized inputs the curvature {_moves(lowered, raised)} of {len(result.layers)} layers"


def _moves(lowered: int, raised: int) -> str:
    """Return in how many layers a number falls and rises."""
    parts = [f"falls in {lowered}"] * bool(lowered) + [f"rises in {raised}"] * bool(raised)
    return " and ".join(parts) or "changes in none"


def _counts(result: Centering, k: int) -> tuple[int, int]:
    """Return in how many layers λ_max of weight and bias falls and rises, centered (1) or standardized (2)."""
    changes = [_change(layer, "both", k) for layer in result.layers]
    return sum(one < 1 - NOTICED for one in changes), sum(one > 1 + NOTICED for one in changes)


def weaker_change(result: Centering) -> tuple[int, int, int]:
    """Return which of centering (1) and standardizing (2) helps less, and in how many layers λ_max falls and rises."""
    k = min((2, 1), key=lambda k: _counts(result, k)[0] - _counts(result, k)[1])
    return (k, *_counts(result, k))


NOTICED = 0.01
"""Share by which λ_max has to change to count as lower or higher."""


def _change(layer: Reparametrized, name: str, k: int) -> float:
    before, after = getattr(layer, name)[0], getattr(layer, name)[k]
    return after / before if before > 0 else math.nan


RULE = (
    r"✓ if centering, and centering with division, each lower $\lambda_{\max}$ of weight and bias in every layer. ✗ if "
    "one of them raises it in at least as many layers as it lowers it. Otherwise ≈. Changes below 1 % do not count."
)


def status(result: Centering) -> Status:
    """Return whether the curvature of layers follows the second moment of their inputs: the worse of both."""
    if not result.layers:
        return "absent"
    each = [[_change(layer, "both", k) for layer in result.layers] for k in (1, 2)]
    if not any(math.isfinite(change) for changes in each for change in changes):
        return "undefined"
    counts = [_counts(result, k) for k in (1, 2)]
    if any(raised and raised >= lowered for lowered, raised in counts):
        return "fails"
    return "holds" if all(lowered == len(result.layers) for lowered, _ in counts) else "loose"


def rows(result: Centering) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    kinds = ("raw", "centered", "standardized")
    numbers = {
        rf"$\lambda_{{\max}}$ of {block}, {inputs}": span([getattr(layer, name)[k] for layer in result.layers])
        for name, block in (("both", "weight and bias"), ("weight", "weight alone"))
        for k, inputs in enumerate(kinds)
    }
    numbers |= {
        rf"$\lambda_{{\max}}$ of {block}, {inputs} over raw": span(_change(layer, name, k) for layer in result.layers)
        for name, block in (("both", "weight and bias"), ("weight", "weight alone"))
        for k, inputs in list(enumerate(kinds))[1:]
    }
    numbers |= {
        rf"$\sqrt{{E[\lambda^2]}}/\|\Delta W\|$, {inputs}": span(layer.rate[k] for layer in result.layers)
        for k, inputs in enumerate(kinds)
    }
    numbers |= {
        rf"$\sqrt{{E[\lambda^2]}}/\|\Delta W\|$, {inputs} over raw": span(
            _change(layer, "rate", k) for layer in result.layers
        )
        for k, inputs in list(enumerate(kinds))[1:]
    }
    residual = max((layer.residual for layer in result.layers), default=math.nan)
    added = sum(layer.added for layer in result.layers)
    return numbers | {
        "Largest residual": number(residual),
        "Layers given a bias of 0": f"{added} of {len(result.layers)}",
    }
