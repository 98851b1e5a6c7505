"""Texts and verdict of A14: the gradient behind one batch-norm layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from normscape.figures.analysis.by_layer import layer_name
from normscape.figures.analysis.theorem import REDUCED
from normscape.landscape.analysis.theorem import NormLayer, Theorem
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "A batch-norm layer removes two parts of the gradient that passes back through it and multiplies the rest by "
    r"$\gamma/\sqrt{v + \varepsilon}$ (theorem 4.1 of Santurkar et al. 2018): the gradient shrinks unless this factor "
    "is too far above 1."
)

ASSUMES = (
    "Population or mini-batch statistics, with gradients through them. The reference is the same network without the "
    r"layer at equal outputs, $\gamma = \sqrt{v + \varepsilon}$ and $\beta = \mu$; other $\gamma$ scale the result. "
    "The theorem covers one layer, not several, and bounds gradients, not how fast they change."
)

MAX_NAMES = 3
"""Number of layers that a sentence names."""

DERIVATION = r"""
One layer $z_j = \gamma\hat y_j + \beta$, $\hat y_j = (y_j-\mu)/\sqrt{v+\varepsilon}$ over $m$ values. Moving one value
also moves $\mu$ and $v$. The chain rule through them gives, with $g = \partial f/\partial z$ and
$r = v/(v+\varepsilon)$,

$$
\Big\|\frac{\partial f}{\partial y}\Big\|^2 = \frac{\gamma^2}{v+\varepsilon}\Big(\|g\|^2 -
\frac{\langle 1, g\rangle^2}{m} - (2-r)\frac{\langle g,\hat y\rangle^2}{m}\Big)
$$

(theorem 4.1 of Santurkar et al. 2018, arXiv 1805.11604, with $\varepsilon$, which the paper omits). Without the layer,
at the same outputs, $\partial f/\partial y = g$, so the ratio of the two is at most 1. With running averages there is
no projection, only the factor.
"""


def verdict(result: Theorem) -> str:
    """State whether the theorem holds at all units, what the projections leave, and how often the factor enlarges."""
    if not result.layers:
        return "The network has no batch-norm layer, so the theorem does not apply."
    unknown = _where(result, lambda layer: ~np.isfinite(layer.left + layer.right))
    broken = _broken(result)
    failures = [f"The gradient is not finite at {unknown}."] if unknown else []
    if broken:
        failures.append(
            f"The theorem fails beyond rounding at {broken}: the sides differ by up to "
            f"{number(_largest(result, 'difference'))}, and the ratio reaches {number(_largest(result, 'ratio'))}."
        )
    return " ".join(failures or [_agreement(result)])


def _where(result: Theorem, holds: Callable[[NormLayer], np.ndarray]) -> str:
    """Return in how many units of which layers a condition holds; empty if in none."""
    counts = {layer_name(layer.layer): int(holds(layer).sum()) for layer in result.layers}
    names = [name for name, count in counts.items() if count]
    if not names:
        return ""
    others = f" and {len(names) - MAX_NAMES} more layers" if len(names) > MAX_NAMES else ""
    units = sum(len(layer.ratio) for layer in result.layers)
    return f"{sum(counts.values())} of {units} units (in {', '.join(names[:MAX_NAMES])}{others})"


def _agreement(result: Theorem) -> str:
    ratios, factors = _all(result, "ratio"), _all(result, "factor")
    if not len(ratios):
        return "No gradient reaches these layers, so both sides are 0."
    above = int((factors > 1).sum())
    enlarged = f"{above} of {len(factors)} units"
    if not result.layers[0].projects:
        return f"With running averages nothing is removed; the factor enlarges the gradient at {enlarged}."
    removed = number(100 * (1 - float(np.median(ratios))), 2)
    smaller, units = _reduced(result)
    if smaller == units:
        return f"The theorem is confirmed, and the gradient shrinks at all {units} units."
    return (
        f"The theorem is confirmed, but the gradient shrinks at only {smaller} of {units} units: the layer removes "
        rf"{removed} % of its square at the median unit, and the factor $\gamma/\sqrt{{v + \varepsilon}}$ enlarges the "
        f"rest at {enlarged}."
    )


def brief(result: Theorem) -> str:
    """Return at how many units the gradient shrinks in a few words."""
    judged = status(result)
    if judged in ("absent", "undefined"):
        return "the gradient is zero or not finite" if result.layers else "no batch-norm layer"
    if _broken(result):
        return "the identity fails beyond rounding"
    smaller, units = _reduced(result)
    if judged == "holds" or not result.layers[0].projects:
        return f"the gradient shrinks at {smaller} of {units} units"
    return f"the gradient shrinks at only {smaller} of {units} units"


def _reduced(result: Theorem) -> tuple[int, int]:
    """Return at how many units ‖∂f/∂y‖ does not exceed ‖g‖, and how many units have a gradient."""
    known = [layer.signal > 0 for layer in result.layers]
    smaller = [layer.left <= layer.signal * (1 + result.noise) for layer in result.layers]
    pairs = list(zip(smaller, known, strict=True))
    return sum(int((less & has).sum()) for less, has in pairs), sum(int(has.sum()) for has in known)


MOSTLY_REDUCED = 0.5
"""Share of units at which the layer has to shrink the gradient for the step to hold loosely."""

RULE = (
    "The mark is about the consequence, not the theorem, which is proved: ✓ if the layer does not enlarge the gradient "
    "at 90 % of the units or more, ≈ at half of them or more, ✗ at fewer. Also ✗ if at some unit the two sides of the "
    "theorem's identity differ, or the ratio exceeds 1, by more than rounding: then the measurement is wrong. – "
    "without batch norm, ? if a gradient is not finite or zero everywhere."
)


def status(result: Theorem) -> Status:
    """Return whether the layer shrinks the gradient at most units, which needs more than the proved identity."""
    if not result.layers:
        return "absent"
    if _where(result, lambda layer: ~np.isfinite(layer.left + layer.right)):
        return "undefined"
    if _broken(result):
        return "fails"
    smaller, units = _reduced(result)
    return graded(-smaller / units if units else float("nan"), -REDUCED, -MOSTLY_REDUCED)


def _broken(result: Theorem) -> str:
    """Return where the identity fails by more than rounding; empty if nowhere."""
    return _where(result, lambda layer: (layer.difference > result.noise) | (layer.ratio > 1 + result.noise))


def rows(result: Theorem) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    if not result.layers:
        return {"Batch-norm layers": "none"}
    values = sorted({layer.values for layer in result.layers})
    return {
        "Batch-norm layers": f"{len(result.layers)}, {sum(len(layer.ratio) for layer in result.layers)} units",
        "Values per unit": " to ".join(f"{value:,}" for value in dict.fromkeys((values[0], values[-1]))),
        "Units where both sides are 0": str(
            sum(len(layer.ratio) for layer in result.layers) - len(_all(result, "ratio"))
        ),
        "Largest difference between the sides": number(_largest(result, "difference")),
        r"Share of $\|g\|^2$ that remains, by unit": span(_all(result, "ratio")),
        "Share removed by the mean, by unit": span(_all(result, "by_mean")),
        "Share removed by the standard deviation, by unit": span(_all(result, "by_deviation")),
        r"Factor $|\gamma|/\sqrt{v + \varepsilon}$, by unit": span(_all(result, "factor")),
        "Median factor": number(float(np.median(_all(result, "factor")))) if len(_all(result, "factor")) else MISSING,
    }


def _largest(result: Theorem, name: str) -> float:
    """Return the largest finite value of a number over all units, NaN if there is none."""
    return float(np.fmax.reduce([np.fmax.reduce(_of(layer, name)) for layer in result.layers]))


def _all(result: Theorem, name: str) -> np.ndarray:
    values = np.concatenate([_of(layer, name) for layer in result.layers])
    return np.asarray(values[np.isfinite(values)])


def _of(layer: NormLayer, name: str) -> np.ndarray:
    return np.asarray(getattr(layer, name), dtype=float)
