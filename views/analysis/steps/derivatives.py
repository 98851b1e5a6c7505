"""Texts and verdicts of A4 and A5: backpropagated signals, and gradients of weights and biases."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.derivatives import Derivatives, SignalHistory
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "The backpropagated signal is assumed to be bounded, so that a weight gradient is large only where the layer's "
    r"input is: the gradient of a bias is the mean signal $E[\delta]$, that of a weight is $E[\delta x]$. Bias "
    "gradients should be steady, and weight gradients should change in proportion to their inputs."
)

ASSUMES = (
    "That the signal at every hidden layer is bounded. Nothing bounds it: cross-entropy bounds "
    r"$\partial\ell/\partial h$ by $\sqrt2$, squared error bounds nothing, and on the way back every layer "
    "multiplies."
)

DERIVATION = r"""
With $y = w\cdot x + b$ and the signal $\delta = M\,\partial f/\partial y$ of each sample,

$$
\nabla_b f = E[\delta], \qquad\allowbreak \nabla_w f = E[\delta\, x] ,
$$

a bias is the weight of an input that is always 1. For softmax and cross-entropy
$\partial\ell/\partial h = \mathrm{softmax}(h) - e_y$, whose components lie in $[-1, 1]$ and whose norm is at most
$\sqrt 2$; for squared error it is $2(h - y)$. Each ratio below moves one weight or one bias alone, both by the same
length, and divides the change of its own gradient by that length (D5). In front of batch norm with statistics of
samples a bias has no effect at all: its gradient is zero wherever it stands.
"""


def verdict(result: Derivatives) -> str:
    """State whether the output's derivative is bounded, how large signals get, and who is steadier."""
    if result.classifies:
        bounded = rf"$\|\partial\ell/\partial h\|$ is at most {number(result.largest_output)}, within $\sqrt2$"
        bounded += f" (squared error would make it {number(result.largest_squared)} on the same outputs)"
    else:
        bounded = rf"The loss bounds nothing: $\|\partial\ell/\partial h\|$ reaches {number(result.largest_output)}"
    hidden = result.signals[:-1]
    if hidden:
        largest = max(hidden, key=lambda signal: signal.largest)
        bounded += rf"; at hidden layers $|\delta|$ reaches {number(largest.largest)} (in {largest.layer})"
    return f"{bounded}. {_steadier(result)}"


def _steadier(result: Derivatives) -> str:
    moved = [layer for layer in result.layers if math.isfinite(layer.bias) and not layer.without_effect]
    idle = sum(layer.without_effect for layer in result.layers)
    silent = f" In {idle} layers the bias has no effect." if idle else ""
    if not moved:
        return f"No bias has an effect to compare.{silent}"
    steadier = sum(layer.bias < layer.weight for layer in moved)
    ratio = float(np.median([layer.weight / layer.bias for layer in moved]))
    return (
        f"The bias turns less than the weight in {steadier} of {len(moved)} layers; at the median the weight's ratio "
        f"is {number(ratio, 2)} times the bias's.{silent}"
    )


RULE = (
    r"✗ if the loss does not bound $\|\partial\ell/\partial h\|$, as with squared error. ✓ if it does and the bias is "
    "steadier than the weight in every layer, else ≈."
)


def status(result: Derivatives) -> Status:
    """Return whether the output's derivative is bounded, and whether biases are steadier than weights."""
    if not result.classifies or result.largest_output > math.sqrt(2) * (1 + 1e-5):
        return "fails"
    moved = [layer for layer in result.layers if math.isfinite(layer.bias) and not layer.without_effect]
    return "holds" if all(layer.bias < layer.weight for layer in moved) else "loose"


RULE_ALONG = "✓ if no checkpoint has a signal over 2 times the largest of the first, ≈ up to 10 times, ✗ beyond."


def status_along(result: SignalHistory) -> Status:
    """Return whether signals stay as small as they are at the first checkpoint."""
    if len(result.step) < 2 or not result.largest[0].max():
        return "undefined"
    return graded(float(result.largest.max() / result.largest[0].max()), 2, 10)


def rows(result: Derivatives) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    roots = [signal.root_mean_square for signal in result.signals]
    ratios = [layer.weight / layer.inputs**2 for layer in result.layers if layer.inputs]
    return {
        r"Largest $\|\partial\ell/\partial h\|$": number(result.largest_output),
        "The same outputs under squared error": number(result.largest_squared),
        r"Root mean square of $\delta$, first layer to last": f"{number(roots[0])} to {number(roots[-1])}"
        if roots
        else MISSING,
        r"Largest share of $|\delta|$ above 1": number(
            max((signal.beyond for signal in result.signals), default=math.nan)
        ),
        r"Weights' ratios over $\textstyle\sum E[x^2]$": span(ratios),
        "Biases' ratios": span([layer.bias for layer in result.layers if not layer.without_effect]),
        "Biases without effect": f"{sum(one.without_effect for one in result.layers)} of {len(result.layers)} layers",
    }


def verdict_along(result: SignalHistory) -> str:
    """State how signals change from the first checkpoint to the last, and how large they ever get."""
    if len(result.step) < 2:
        return "There is one checkpoint only; choose more (Training, Checkpoints)."
    first, last = (float(np.sqrt(np.mean(result.root_mean_square[k] ** 2))) for k in (0, -1))
    index = np.unravel_index(int(result.largest.argmax()), result.largest.shape)
    change = f"{number(last / first)} times" if first else "from 0 to"
    return (
        f"From step {result.step[0]} to {result.step[-1]} the signals' root mean square becomes {change} what it was "
        f"({number(first)} to {number(last)}). The largest of all is {number(float(result.largest.max()))}, in "
        f"{result.layers[index[1]]} at step {result.step[index[0]]}."
    )


def rows_along(result: SignalHistory) -> dict[str, str]:
    """Return the key numbers of a network at every checkpoint as text, by name."""
    return {
        rf"Root mean square of $\delta$, step {step}, by layer": span(values)
        for step, values in zip(result.step, result.root_mean_square, strict=True)
    }


SENTENCE_ALONG = (
    "Signals are large before training and fade as samples are learned, so whether they are bounded depends on the "
    "training step."
)

ASSUMES_ALONG = "The same evaluation samples and the same kind of statistics at every step."

DERIVATION_ALONG = r"""
At every checkpoint, $\delta = M\,\partial f/\partial y$ of every layer, sample, position and unit. With cross-entropy a
sample that is learned has $\mathrm{softmax}(h)_y \approx 1$ and sends almost nothing back. More checkpoints: *Training,
Checkpoints* under *Advanced*.
"""
