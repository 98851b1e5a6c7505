"""Texts and verdict of A11: batch statistics need a large batch."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.batch_statistics import BatchStatistics, LayerStatistics
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "Training normalizes with the mean of a mini-batch of $m$ samples, which should be off by about "
    r"$\sigma/\sqrt m$: the smaller the batch, the noisier the normalization."
)

ASSUMES = (
    "Samples are drawn without replacement, as in an epoch, with all values from one pass over the evaluation set. "
    "Whether the noise hurts or helps training is a separate question: compare batch sizes."
)

DERIVATION = r"""
Drawing $m$ of $M$ samples without replacement, the batch mean's variance is
$\frac{s^2}{m}\frac{M-m}{M-1}$, where $s^2$ is the variance over samples of their own means: $\sigma^2$ for a linear
layer, and less for a convolution, whose positions partly average out. A sample is worth $v/s^2$ independent values, at
most its number of positions. The batch variance falls short of $v$ by the variance of the batch mean,

$$
E[v_B] = v - \frac{s^2}{m}\frac{M-m}{M-1} .
$$
"""


def verdict(result: BatchStatistics) -> str:
    """State the error of the batch mean at one batch size, and whether it follows from sampling."""
    if not result.norms:
        return "It normalizes nothing by batch statistics."
    layers = [layer for layer in result.layers if np.isfinite(layer.error).any()]
    if not layers:
        return "No unit varies over the samples, so there is nothing to estimate."
    nearest = int(np.argmin(np.abs(np.log(result.sizes / 32))))
    error = number(float(np.mean([layer.error[nearest] for layer in layers])))
    off = max(_off(layer) for layer in layers)
    match = status(result) == "holds"
    return (
        f"The errors {'match' if match else 'differ from'} sampling theory {'within' if match else 'by up to'} "
        rf"{number(100 * off, 2)} %; the mean of a batch of {result.sizes[nearest]} is off by {error} $\sigma$."
    )


def brief(result: BatchStatistics) -> str:
    """Return the error of the batch mean at about 32 samples in a few words."""
    if not result.norms:
        return "no batch statistics are used"
    layers = [layer for layer in result.layers if np.isfinite(layer.error).any()]
    if not layers:
        return "nothing varies"
    nearest = int(np.argmin(np.abs(np.log(result.sizes / 32))))
    error = number(float(np.mean([layer.error[nearest] for layer in layers])), 2)
    agrees = ", as predicted" if status(result) == "holds" else ", not as predicted"
    return rf"in batches of {result.sizes[nearest]} the mean is off by {error} $\sigma${agrees}"


def _off(layer: LayerStatistics) -> float:
    positive = layer.law > 1e-9
    return float(np.max(np.abs(layer.error[positive] / layer.law[positive] - 1), initial=0.0))


RULE = (
    "Errors of batch means over those of sampling theory: ✓ within 20 %, ≈ within 50 %, ✗ beyond; – without batch norm."
)


def status(result: BatchStatistics) -> Status:
    """Return how well the law predicts the errors of the batch statistics that the network uses, if it does."""
    if not result.norms:
        return "absent"
    layers = [layer for layer in result.layers if np.isfinite(layer.error).any()]
    return graded(max((_off(layer) for layer in layers), default=math.nan), 0.2, 0.5)


def rows(result: BatchStatistics) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    indices = [k for k, size in enumerate(result.sizes) if size in (2, 8, 32, 128, 512)]
    errors = {
        f"Error of the mean, batches of {result.sizes[k]}": (
            rf"{_mean(result, 'error', k)} $\sigma$ (theory {_mean(result, 'law', k)})"
        )
        for k in indices
    }
    biases = {
        f"Bias of the variance, batches of {result.sizes[k]}": f"{_mean(result, 'bias', k, -100)} % (theory "
        f"{_mean(result, 'bias_law', k, -100)} %)"
        for k in indices[:2]
    }
    worth = [layer.effective for layer in result.layers]
    where = "inputs of batch norm" if result.norms else "outputs of layers"
    return {
        "Values": f"{where}, {len(result.layers)} layers, {result.samples} samples",
        **errors,
        **biases,
        "Independent values per sample": span(worth),
        "Positions per sample": span(layer.positions for layer in result.layers),
    }


def _mean(result: BatchStatistics, name: str, k: int, factor: float = 1.0) -> str:
    values = [getattr(layer, name)[k] for layer in result.layers]
    finite = [value for value in values if math.isfinite(value)]
    return number(factor * float(np.mean(finite))) if finite else MISSING
