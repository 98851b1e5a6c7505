"""Texts and verdict of A6: the Cauchy–Schwarz step."""

from __future__ import annotations

import numpy as np

from normscape.landscape.analysis.cauchy_schwarz import BoundedChange, CauchySchwarz
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    r"When the weights of one layer change, their gradient changes by the mean of $\lambda x$, the change of the "
    "signal times the input. The Cauchy–Schwarz inequality bounds it by the root mean square of the signal change "
    "times the root of the inputs' second moment."
)

ASSUMES = (
    r"That $\lambda$ grows no faster than the step, at a rate that is the same whatever is done to $x$. But $\lambda$ "
    r"is about $a\cdot\langle\Delta w, x\rangle$, so it grows with $x$ as well: look at the rate of compared "
    "networks."
)

DERIVATION = r"""
Only one layer's weight moves, so its input $x$ stays, and with $\nabla_w f = T\,E[\delta x]$ over samples and $T$
positions

$$
\nabla_w f(w+\Delta w) - \nabla_w f(w) = T\,E[\lambda x] ,\qquad\allowbreak \lambda = \delta(w+\Delta w) - \delta(w) .
$$

By Cauchy–Schwarz, for every input $i$, $|E[\lambda x_i]| \le \sqrt{E[\lambda^2]}\sqrt{E[x_i^2]}$, and together

$$
\|E[\lambda x]\| \le \sqrt{E[\lambda^2]}\;\sqrt{\textstyle\sum_i E[x_i^2]} .
$$

If $\sqrt{E[\lambda^2]} \le c\,\|\Delta w\|$ with a constant $c$, the gradient's Lipschitz constant in $w$ is at most
$T c\sqrt{\sum_i E[x_i^2]}$: that is where the second moment comes in. Measured is a step along the layer's own
$-\nabla_w f$, a hundredth as long as the weight. Through later batch norms $\lambda$ holds what samples do to each
other.
"""


def verdict(result: CauchySchwarz) -> str:
    """State at how many units the bound holds, how tight it is, and how far λ's rate is from a constant."""
    if not result.layers:
        return "No layer's gradient is different from zero, so nothing moves."
    units = sum(len(layer.left) for layer in result.layers)
    failing = {layer.layer: _failing(layer, result.noise) for layer in result.layers}
    count = sum(failing.values())
    if count:
        noise = number(result.noise)
        names = ", ".join(name for name, failures in failing.items() if failures)
        return f"Fails at {count} of {units} units, in {names}: by more than rounding explains ({noise})."
    tight = np.concatenate([layer.tightness for layer in result.layers])
    tight = tight[np.isfinite(tight)]
    rates = [layer.rate for layer in result.layers]
    used = f"at the median {number(float(np.median(tight)))} of it is used, at most {number(float(tight.max()))}"
    return (
        rf"Holds at all {units} units; {used if len(tight) else 'no signal changes'}. $\lambda$'s rate is "
        f"{number(min(rates))} to {number(max(rates))} between layers: "
        f"{number(max(rates) / min(rates)) if min(rates) else 'infinitely'} times apart, where the argument takes one "
        "constant."
    )


def _failing(layer: BoundedChange, noise: float) -> int:
    return int((layer.left > layer.right * (1 + noise) + np.finfo(float).tiny).sum())


RULE = (
    r"✗ where the bound is exceeded by more than rounding. ✓ if the rates of $\lambda$ of all layers are within a "
    "factor of 10 of each other, as one constant would have it, else ≈."
)


def status(result: CauchySchwarz) -> Status:
    """Return whether the bound holds at every unit, and whether one constant describes all layers."""
    if not result.layers:
        return "undefined"
    if any(_failing(layer, result.noise) for layer in result.layers):
        return "fails"
    rates = [layer.rate for layer in result.layers]
    return "holds" if max(rates) <= 10 * min(rates) else "loose"


def rows(result: CauchySchwarz) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    return {
        "Left over right, by layer": span([_share(layer.whole) for layer in result.layers]),
        "The same with centered inputs": span([_share(layer.totals_centered) for layer in result.layers]),
        r"$\sqrt{E[\lambda^2]}/\|\Delta w\|$, by layer": span([layer.rate for layer in result.layers]),
        "Bound on the gradient's change per step, $T$ times": span(
            [layer.positions * layer.whole[1] / layer.step for layer in result.layers]
        ),
        "Measured change per step, $T$ times": span(
            [layer.positions * layer.whole[0] / layer.step for layer in result.layers]
        ),
        "Positions $T$": span([float(layer.positions) for layer in result.layers]),
    }


def _share(sides: tuple[float, float]) -> float:
    return sides[0] / sides[1] if sides[1] else float("nan")
