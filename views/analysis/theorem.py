"""A14 in words: what one batch-norm layer does to the gradient."""

from __future__ import annotations

import numpy as np

from landscape.analysis.theorem import NormLayer, Theorem
from views.facts import number, span

SENTENCE = (
    "On its way back through a batch-norm layer the gradient loses two parts: the one that all samples share, because "
    "the mean follows, and the one along the normalized outputs, because the deviation follows. So it can only get "
    "smaller, but for the factor γ/√(v + ε)."
)

ASSUMES = (
    "Statistics of the samples themselves, with gradients through them. It compares with a network of the same outputs "
    "and without the layer, γ = √(v + ε) and β = μ; other γ multiply everything. It says nothing of many layers at "
    "once, and bounds gradients, not how fast they turn."
)

DERIVATION = r"""
One layer $z_j = \gamma\hat y_j + \beta$, $\hat y_j = (y_j-\mu)/\sqrt{v+\varepsilon}$ over $m$ values. Moving one value
moves $\mu$ and $v$ as well, and the chain rule through them gives, with $g = \partial f/\partial z$ and
$r = v/(v+\varepsilon)$,

$$\Big\|\frac{\partial f}{\partial y}\Big\|^2 = \frac{\gamma^2}{v+\varepsilon}\Big(\|g\|^2 -
\frac{\langle 1, g\rangle^2}{m} - (2-r)\frac{\langle g,\hat y\rangle^2}{m}\Big)$$

(theorem 4.1 of Santurkar et al. 2018, arXiv 1805.11604, with ε, which the paper leaves out). Without the layer, and
with the same outputs, $\partial f/\partial y = g$: the ratio of the two is at most 1. With running averages nothing
follows, and only the factor remains.
"""


def verdict(found: Theorem) -> str:
    """Say whether both sides agree and the ratio stays below 1, what takes most away, and what the factor does."""
    if not found.layers:
        return "There is no batch-norm layer in this network; the theorem is about nothing else."
    units = sum(len(layer.ratio) for layer in found.layers)
    wrong = [layer for layer in found.layers if np.nanmax(layer.difference, initial=0.0) > found.noise]
    above = [layer for layer in found.layers if np.nanmax(layer.ratio, initial=0.0) > 1 + found.noise]
    if wrong or above:
        names = ", ".join(dict.fromkeys(layer.layer for layer in (*wrong, *above)))
        return f"Fails beyond rounding ({number(found.noise)}) in {names} of {len(found.layers)} layers."
    largest = max(float(np.nanmax(layer.difference, initial=0.0)) for layer in found.layers)
    return f"Both sides agree at all {units} units to {number(largest)}. {_taken(found)} {_factors(found)}"


def _taken(found: Theorem) -> str:
    if not found.layers[0].projects:
        return "With running averages nothing is taken away."
    ratios = _all(found, "ratio")
    if not len(ratios):
        return "Nothing comes back through these layers."
    return (
        f"Without the factor, {number(100 * float(np.median(ratios)))} % of ‖g‖² comes through at the median unit, "
        f"{number(100 * float(ratios.min()))} % to {number(100 * float(ratios.max()))} % in all."
    )


def _factors(found: Theorem) -> str:
    factors = _all(found, "factor")
    above = int((factors > 1).sum())
    tells = "at none" if not above else f"at {above} of {len(factors)}"
    return f"The factor γ/√(v + ε) enlarges gradients {tells} units; its median is {number(float(np.median(factors)))}."


def rows(found: Theorem) -> dict[str, str]:
    """Return the facts of a network."""
    if not found.layers:
        return {"Batch-norm layers": "none"}
    largest = max(float(np.nanmax(layer.difference, initial=0.0)) for layer in found.layers)
    return {
        "Batch-norm layers": f"{len(found.layers)}, {sum(len(layer.ratio) for layer in found.layers)} units",
        "Values per unit": span([layer.values for layer in found.layers]),
        "Largest difference of both sides": number(largest),
        "Share that comes through, by unit": span(_all(found, "ratio")),
        "Taken by the mean, by unit": span(_all(found, "by_mean")),
        "Taken by the deviation, by unit": span(_all(found, "by_deviation")),
        "Factor |γ|/√(v + ε), by unit": span(_all(found, "factor")),
    }


def _all(found: Theorem, name: str) -> np.ndarray:
    values = np.concatenate([_of(layer, name) for layer in found.layers])
    return np.asarray(values[np.isfinite(values)])


def _of(layer: NormLayer, name: str) -> np.ndarray:
    return np.asarray(getattr(layer, name), dtype=float)
