"""Texts and verdicts of A4 and A5: backpropagated signals, and gradients of weights and biases."""

from __future__ import annotations

import math

import numpy as np

from normscape.figures.analysis.derivatives import BOUNDED
from normscape.landscape.analysis.derivatives import Derivatives, SignalHistory, WeightBiasRatios
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "A weight's gradient is multiplied by the layer's input, a bias's gradient is not: if inputs make gradients change "
    "faster, weight gradients should change faster than bias gradients."
)

ASSUMES = (
    r"The signal $\delta$ is bounded at every layer (the “non-linear assumption”). Cross-entropy bounds only the "
    r"output: $\|\partial\ell/\partial h\|\le\sqrt2$ per sample. Squared error bounds nothing. At hidden layers "
    r"nothing bounds $\delta$, because every layer multiplies it."
)

DERIVATION = r"""
With $y = w\cdot x + b$ and the signal $\delta = M\,\partial f/\partial y$ of each sample,

$$
\nabla_b f = E[\delta], \qquad\allowbreak \nabla_w f = E[\delta\, x] ,
$$

since a bias is the weight of an input that is always 1. For softmax and cross-entropy
$\partial\ell/\partial h = \mathrm{softmax}(h) - e_y$, whose components lie in $[-1, 1]$ and whose norm is at most
$\sqrt 2$; for squared error it is $2(h - y)$. Each ratio below moves one weight or one bias alone, both by the same
length, and divides the change of its gradient by that length. A bias right before batch norm has no effect with
population or mini-batch statistics: its gradient is always zero, and rounding errors of it are not drawn.
"""


def verdict(result: Derivatives) -> str:
    """State whether weight gradients change faster than bias gradients, and whether the loss bounds the output."""
    if not _bounded(result):
        return (
            rf"The loss does not bound the output derivative ($\|\partial\ell/\partial h\|$ reaches "
            f"{number(result.largest_output)}), so the argument's assumption fails."
        )
    moved = _moved(result)
    if not moved:
        return f"No bias gradient to compare with.{_uncompared(result)}"
    steadier = sum(layer.bias < layer.weight for layer in moved)
    count = f"all {len(moved)}" if steadier == len(moved) else f"{steadier} of {len(moved)}"
    layers = "the one layer" if len(moved) == steadier == 1 else f"{count} {'layer' if len(moved) == 1 else 'layers'}"
    times = f"{number(_median_ratio(result), 2)}×{' at the median' if len(moved) > 1 else ''}"
    return (
        f"The weight gradient changes faster than the bias gradient in {layers}{_idle(result)}: {times}."
        f"{_uncompared(result)}"
    )


def brief(result: Derivatives) -> str:
    """Return how much faster weight gradients change than bias gradients in a few words."""
    if not _bounded(result):
        return "the loss does not bound its derivative"
    if not _moved(result):
        return "no bias has an effect (gradient 0)" if any(one.without_effect for one in result.layers) else "no biases"
    moved = len(_moved(result))
    which = "the one layer" if moved == 1 else f"the {moved} layers"
    where = f" in {which} whose bias has an effect" if moved < len(result.layers) else ""
    return f"weight gradients change {number(_median_ratio(result), 2)}× as fast{where}"


def _uncompared(result: Derivatives) -> str:
    """Return a sentence on the layers whose bias has no effect or is missing, if there are any."""
    idle = sum(layer.without_effect for layer in result.layers)
    bare = len(result.layers) - len(_moved(result)) - idle
    reasons = [f"has no effect (gradient 0) in {idle}"] * bool(idle) + [f"is missing in {bare}"] * bool(bare)
    return f" The bias {' and '.join(reasons)} of {len(result.layers)} layers." if reasons else ""


def _bounded(result: Derivatives) -> bool:
    return result.classifies and result.largest_output <= math.sqrt(2) * (1 + 1e-5)


def _moved(result: Derivatives) -> list[WeightBiasRatios]:
    """Return the layers whose bias has an effect."""
    return [layer for layer in result.layers if math.isfinite(layer.bias) and not layer.without_effect]


def _median_ratio(result: Derivatives) -> float:
    return float(np.median([layer.weight / layer.bias for layer in _moved(result)])) if _moved(result) else math.nan


def _idle(result: Derivatives) -> str:
    return " whose bias has an effect" if any(layer.without_effect for layer in result.layers) else ""


RULE = (
    r"✗ if the loss does not bound $\|\partial\ell/\partial h\|$, as with squared error. Otherwise ✓ if the weight "
    "gradient changes faster than the bias gradient in every layer; ≈ if not in every layer, or if a layer has no bias "
    "with an effect; – if none has."
)


def status(result: Derivatives) -> Status:
    """Return whether the output's derivative is bounded, and whether biases are steadier than weights."""
    if not _bounded(result):
        return "fails"
    moved = _moved(result)
    if not moved:
        return "undefined"
    everywhere = len(moved) == len(result.layers) and all(layer.bias < layer.weight for layer in moved)
    return "holds" if everywhere else "loose"


LOOSELY_BOUNDED = 10
"""Growth of the largest signal up to which the step holds loosely."""

RULE_ALONG = (
    f"Largest signal of all checkpoints over the largest of the first: ✓ up to {BOUNDED}, ≈ up to {LOOSELY_BOUNDED}, ✗ "
    "above; ? with one checkpoint."
)


def status_along(result: SignalHistory) -> Status:
    """Return whether signals stay as small as they are at the first checkpoint."""
    if len(result.step) < 2 or not result.largest[0].max():
        return "undefined"
    return graded(float(result.largest.max() / result.largest[0].max()), BOUNDED, LOOSELY_BOUNDED)


def rows(result: Derivatives) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    roots = [signal.root_mean_square for signal in result.signals]
    ratios = [layer.weight / layer.inputs**2 for layer in result.layers if layer.inputs]
    return {
        r"Largest $\|\partial\ell/\partial h\|$": number(result.largest_output),
        "The same outputs under squared error": number(result.largest_squared),
        r"Largest $|\delta|$ at hidden layers": number(
            max((signal.largest for signal in result.signals[:-1]), default=math.nan)
        ),
        r"Root mean square of $\delta$, first layer to last": f"{number(roots[0])} to {number(roots[-1])}"
        if roots
        else MISSING,
        r"Largest share of $|\delta|$ above 1": number(
            max((signal.beyond for signal in result.signals), default=math.nan)
        ),
        "Weight ratio over bias ratio, median": number(_median_ratio(result)),
        r"Weight ratio over $\textstyle\sum E[x^2]$": span(ratios),
        "Bias ratio": span([layer.bias for layer in result.layers if not layer.without_effect]),
        "Biases without effect": f"{sum(one.without_effect for one in result.layers)} of {len(result.layers)} layers",
    }


def verdict_along(result: SignalHistory) -> str:
    """State whether the typical signal grows or shrinks with training, and the largest signal of all checkpoints."""
    if len(result.step) < 2:
        return "Only one checkpoint is stored. Add checkpoints under *Advanced*, *Training*."
    first, last = (float(np.sqrt(np.mean(result.root_mean_square[k] ** 2))) for k in (0, -1))
    start = float(result.largest[0].max())
    if not first or not start:
        return "All signals are zero at the first checkpoint, so there is nothing to compare later ones with."
    index = np.unravel_index(int(result.largest.argmax()), result.largest.shape)
    peak = float(result.largest.max())
    does = "shrinks" if last < first else "grows"
    most = (
        "no signal ever exceeds the largest initial one"
        if peak <= start
        else f"the largest signal, at step {result.step[index[0]]}, is {number(peak / start, 2)}× the largest initial "
        "one"
    )
    return f"The typical signal (root mean square) {does} to {number(last / first, 2)}× its initial size; {most}."


def brief_along(result: SignalHistory) -> str:
    """Return the largest signal of all checkpoints over the largest initial one in a few words."""
    if len(result.step) < 2 or not result.largest[0].max():
        return "only one checkpoint" if len(result.step) < 2 else "no signal"
    growth = float(result.largest.max() / result.largest[0].max())
    return f"the largest signal reaches {number(growth, 2)}× the initial one"


def rows_along(result: SignalHistory) -> dict[str, str]:
    """Return the key numbers of a network at every checkpoint as text, by name."""
    return {
        rf"Root mean square of $\delta$, step {step}, by layer": span(values)
        for step, values in zip(result.step, result.root_mean_square, strict=True)
    } | {r"Largest $|\delta|$ of all steps": number(float(result.largest.max()))}


SENTENCE_ALONG = (
    r"The argument assumes that the signal $\delta$, which backpropagation hands to each layer (the derivative of the "
    "loss with respect to its output), does not grow much during training."
)

ASSUMES_ALONG = "The same evaluation samples and the same batch-norm statistics at every step."

DERIVATION_ALONG = r"""
The histograms show $\delta = M\,\partial f/\partial y$ of every layer, sample, position and unit at each checkpoint.
With cross-entropy a learned sample has $\mathrm{softmax}(h)_y \approx 1$, so its signal is close to 0. To add
checkpoints, open *Advanced* and choose *Training*.
"""
