"""Texts and verdict of A6: the Cauchy–Schwarz step."""

from __future__ import annotations

import numpy as np

from normscape.figures.analysis.by_layer import layer_name
from normscape.figures.analysis.cauchy_schwarz import TIGHT
from normscape.landscape.analysis.cauchy_schwarz import BoundedChange, CauchySchwarz
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "How fast a layer's gradient can change has a proved limit, which grows with the second moment $E[x^2]$ of its "
    "inputs; the argument needs the gradient to come close to this limit."
)

ASSUMES = (
    r"The signal changes no faster than the weights: $\sqrt{E[\lambda^2]}\le c\,\|\Delta w\|$ with a constant $c$ that "
    r"does not depend on $x$. In fact $\lambda\approx a\,\langle\Delta w,x\rangle$, so it grows with $x$ as well."
)

DERIVATION = r"""
Only one layer's weight moves, so its input $x$ is fixed. With $\nabla_w f = T\,E[\delta x]$ over samples and $T$
positions,

$$
\nabla_w f(w+\Delta w) - \nabla_w f(w) = T\,E[\lambda x] ,\qquad\allowbreak \lambda = \delta(w+\Delta w) - \delta(w) .
$$

By Cauchy–Schwarz, $|E[\lambda x_i]| \le \sqrt{E[\lambda^2]}\sqrt{E[x_i^2]}$ for every input $i$. Summing the squares,

$$
\|E[\lambda x]\| \le \sqrt{E[\lambda^2]}\;\sqrt{\textstyle\sum_i E[x_i^2]} .
$$

If $\sqrt{E[\lambda^2]} \le c\,\|\Delta w\|$ with a constant $c$, the gradient's Lipschitz constant in $w$ is at most
$T c\sqrt{\sum_i E[x_i^2]}$. The measured step goes along the layer's $-\nabla_w f$ and is a hundredth as long as the
weight. Through later batch-norm layers, $\lambda$ also contains cross-sample terms.
"""


def verdict(result: CauchySchwarz) -> str:
    """State whether the bound holds at every unit, how tight it is, and how much λ's rate varies between layers."""
    if not result.layers:
        return "Every layer has a zero gradient, so no step can be taken."
    units = sum(len(layer.left) for layer in result.layers)
    failing = {layer_name(layer.layer): _failing(layer, result.noise) for layer in result.layers}
    if count := sum(failing.values()):
        names = ", ".join(name for name, failures in failing.items() if failures)
        return f"The bound is exceeded beyond rounding at {count} of {units} units, in {names}."
    tight = _median_tightness(result)
    used = f", but the gradient of the median unit changes {_below(tight)} less than it allows" if tight < TIGHT else ""
    used = used or (f"; the median unit reaches {number(100 * tight, 2)} % of it" if np.isfinite(tight) else "")
    return (
        rf"The limit, which is proved, holds at every unit{used}. The rate of $\lambda$, assumed constant, "
        f"{_varies(result)}."
    )


def brief(result: CauchySchwarz) -> str:
    """Return how much of the bound the median unit reaches in a few words."""
    if not result.layers:
        return "no gradient"
    if count := sum(_failing(layer, result.noise) for layer in result.layers):
        return f"the bound is exceeded at {count} units"
    tight = _median_tightness(result)
    if tight < TIGHT:
        return f"the gradient stays {_below(tight)} below the limit"
    return f"the gradient reaches {number(100 * tight, 2)} % of the limit"


def _below(tight: float) -> str:
    return f"{number(1 / tight, 2)}×" if tight else "infinitely"


def _median_tightness(result: CauchySchwarz) -> float:
    """Return the share of the bound that the median unit reaches; NaN if no unit has one."""
    tight = np.concatenate([layer.tightness for layer in result.layers])
    tight = tight[np.isfinite(tight)]
    return float(np.median(tight)) if len(tight) else float("nan")


def _varies(result: CauchySchwarz) -> str:
    rates = [layer.rate for layer in result.layers]
    return f"varies {number(max(rates) / min(rates), 2)}× between layers" if min(rates) else "is zero in some layers"


SPREAD = 10.0
"""Ratio of the largest to the smallest rate of λ up to which one constant describes all layers."""


def _failing(layer: BoundedChange, noise: float) -> int:
    return int((layer.left > layer.right * (1 + noise) + np.finfo(float).tiny).sum())


LOOSELY_TIGHT = 0.1
"""Share of the bound from which the median unit's gradient is of its order of magnitude."""

RULE = (
    "The limit itself is proved, so the mark says whether it explains the measured change. ✓ if the median unit "
    rf"reaches at least {100 * TIGHT:g} % of it, and the rates of $\lambda$ of all layers lie within a factor of "
    f"{SPREAD:g} of each other. ✗ if the median unit reaches less than {100 * LOOSELY_TIGHT:g} %, or a unit exceeds "
    "it by more than rounding. Otherwise ≈."
)


def status(result: CauchySchwarz) -> Status:
    """Return whether the bound explains the change: whether it holds, is tight, and has one constant for all layers."""
    if not result.layers:
        return "undefined"
    if any(_failing(layer, result.noise) for layer in result.layers):
        return "fails"
    rates, tight = [layer.rate for layer in result.layers], _median_tightness(result)
    if tight < LOOSELY_TIGHT:
        return "fails"
    return "holds" if tight >= TIGHT and max(rates) <= SPREAD * min(rates) else "loose"


def rows(result: CauchySchwarz) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    return {
        "Left side over right side, by layer": span([_share(layer.whole) for layer in result.layers]),
        "The same with centered inputs": span([_share(layer.totals_centered) for layer in result.layers]),
        r"$\sqrt{E[\lambda^2]}/\|\Delta w\|$, by layer": span([layer.rate for layer in result.layers]),
        "Bound on the gradient change per unit of step, times $T$": span(
            [layer.positions * layer.whole[1] / layer.step for layer in result.layers]
        ),
        "Measured gradient change per unit of step, times $T$": span(
            [layer.positions * layer.whole[0] / layer.step for layer in result.layers]
        ),
        "Positions $T$": span([float(layer.positions) for layer in result.layers]),
    }


def _share(sides: tuple[float, float]) -> float:
    return sides[0] / sides[1] if sides[1] else float("nan")
