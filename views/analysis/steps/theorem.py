"""Texts and verdict of A14: the gradient behind one batch-norm layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from normscape.landscape.analysis.theorem import NormLayer, Theorem
from normscape.views.analysis.steps.status import Status
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "On its way back through a batch-norm layer, the gradient loses two components: the one shared by all samples, "
    "since the mean depends on them, and the one along the normalized outputs, since the standard deviation does. "
    r"Apart from the factor $\gamma/\sqrt{v + \varepsilon}$ it can only become smaller."
)

ASSUMES = (
    "Statistics of the samples themselves, with gradients through them. It compares with a network of the same "
    r"outputs and without the layer, $\gamma = \sqrt{v + \varepsilon}$ and $\beta = \mu$; other $\gamma$ multiply "
    "everything. It says nothing of many layers at once, and bounds gradients, not how fast they turn."
)

MAX_NAMES = 3
"""Number of layers that a sentence names."""

DERIVATION = r"""
One layer $z_j = \gamma\hat y_j + \beta$, $\hat y_j = (y_j-\mu)/\sqrt{v+\varepsilon}$ over $m$ values. Moving one value
moves $\mu$ and $v$ as well, and the chain rule through them gives, with $g = \partial f/\partial z$ and
$r = v/(v+\varepsilon)$,

$$
\Big\|\frac{\partial f}{\partial y}\Big\|^2 = \frac{\gamma^2}{v+\varepsilon}\Big(\|g\|^2 -
\frac{\langle 1, g\rangle^2}{m} - (2-r)\frac{\langle g,\hat y\rangle^2}{m}\Big)
$$

(theorem 4.1 of Santurkar et al. 2018, arXiv 1805.11604, with $\varepsilon$, which the paper leaves out). Without the
layer, and with the same outputs, $\partial f/\partial y = g$: the ratio of the two is at most 1. With running averages
nothing follows, and only the factor remains.
"""


def verdict(result: Theorem) -> str:
    """State whether both sides agree and the ratio stays below 1, what takes most away, and what the factor does."""
    if not result.layers:
        return "There is no batch-norm layer in this network; the theorem is about nothing else."
    unknown = _where(result, lambda layer: ~np.isfinite(layer.left + layer.right))
    broken = _where(result, lambda layer: (layer.difference > result.noise) | (layer.ratio > 1 + result.noise))
    failures = [f"Nothing can be said of {unknown}: the gradient is not finite there."] if unknown else []
    if broken:
        failures.append(
            f"Fails beyond rounding ({number(result.noise)}) at {broken}: both sides differ by up to "
            f"{number(_largest(result, 'difference'))}, and the ratio reaches {number(_largest(result, 'ratio'))}."
        )
    return " ".join(failures or [_agree(result), _taken(result), _factors(result)])


def _where(result: Theorem, holds: Callable[[NormLayer], np.ndarray]) -> str:
    """Return in how many units of which layers a condition holds; empty if in none."""
    counts = {layer.layer: int(holds(layer).sum()) for layer in result.layers}
    names = [name for name, count in counts.items() if count]
    if not names:
        return ""
    others = f" and {len(names) - MAX_NAMES} more layers" if len(names) > MAX_NAMES else ""
    units = sum(len(layer.ratio) for layer in result.layers)
    return f"{sum(counts.values())} of {units} units (in {', '.join(names[:MAX_NAMES])}{others})"


def _agree(result: Theorem) -> str:
    units, compared = sum(len(layer.ratio) for layer in result.layers), len(_all(result, "difference"))
    if not compared:
        return f"Both sides are 0 at all {units} units."
    zero = f"; at {units - compared} more both are 0" if compared < units else ""
    return f"Both sides agree at all {compared} units to {number(_largest(result, 'difference'))}{zero}."


def _taken(result: Theorem) -> str:
    if not result.layers[0].projects:
        return "With running averages nothing is taken away."
    ratios = _all(result, "ratio")
    if not len(ratios):
        return "Nothing comes back through these layers."
    return (
        rf"Without the factor, {number(100 * float(np.median(ratios)))} % of $\|g\|^2$ comes through at the median "
        f"unit, {number(100 * float(ratios.min()))} % to {number(100 * float(ratios.max()))} % in all."
    )


def _factors(result: Theorem) -> str:
    factors = _all(result, "factor")
    above = int((factors > 1).sum())
    enlarged = f"{above} of {len(factors)} units" if above else "no unit"
    median = number(float(np.median(factors)))
    return rf"The factor $\gamma/\sqrt{{v + \varepsilon}}$ enlarges gradients at {enlarged}; its median is {median}."


RULE = "✗ where the two sides differ, or the gradient is larger with the layer, by more than rounding."


def status(result: Theorem) -> Status:
    """Return whether both sides of the theorem agree and the layer lowers the gradient."""
    if not result.layers or _where(result, lambda layer: ~np.isfinite(layer.left + layer.right)):
        return "undefined"
    broken = _where(result, lambda layer: (layer.difference > result.noise) | (layer.ratio > 1 + result.noise))
    return "fails" if broken else "holds"


def rows(result: Theorem) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    if not result.layers:
        return {"Batch-norm layers": "none"}
    values = sorted({layer.values for layer in result.layers})
    return {
        "Batch-norm layers": f"{len(result.layers)}, {sum(len(layer.ratio) for layer in result.layers)} units",
        "Values per unit": " to ".join(f"{value:,}" for value in dict.fromkeys((values[0], values[-1]))),
        "Largest difference of both sides": number(_largest(result, "difference")),
        "Share that comes through, by unit": span(_all(result, "ratio")),
        "Taken by the mean, by unit": span(_all(result, "by_mean")),
        "Taken by the deviation, by unit": span(_all(result, "by_deviation")),
        r"Factor $|\gamma|/\sqrt{v + \varepsilon}$, by unit": span(_all(result, "factor")),
    }


def _largest(result: Theorem, name: str) -> float:
    """Return the largest finite value of a number over all units, NaN if there is none."""
    return float(np.fmax.reduce([np.fmax.reduce(_of(layer, name)) for layer in result.layers]))


def _all(result: Theorem, name: str) -> np.ndarray:
    values = np.concatenate([_of(layer, name) for layer in result.layers])
    return np.asarray(values[np.isfinite(values)])


def _of(layer: NormLayer, name: str) -> np.ndarray:
    return np.asarray(getattr(layer, name), dtype=float)
