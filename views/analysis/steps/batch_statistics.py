"""Texts and verdict of A11: batch statistics need a large batch."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.batch_statistics import BatchStatistics, LayerStatistics
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number, span

SENTENCE = (
    "The argument uses statistics of all samples; training uses those of a mini-batch of $m$. The batch mean is off by "
    r"about $\sigma/\sqrt m$, and the batch variance is too small by the fraction $1/m$, so small batches normalize by "
    "noisy numbers."
)

ASSUMES = (
    "Samples drawn without replacement, as in an epoch, and values of a whole pass over the evaluation set. Whether "
    "the noise hurts, or even helps, is another question: compare batch sizes, and look at training and held-out loss."
)

DERIVATION = r"""
Drawing $m$ of $M$ samples without replacement, the batch mean's variance is
$\frac{s^2}{m}\frac{M-m}{M-1}$, where $s^2$ is the variance over samples of their own means: $\sigma^2$ for a linear
layer, and less for a convolution, whose positions average out in part. A sample is worth $v/s^2$ independent values, at
most as many as it has positions. The variance within a batch misses just what its mean is off by,

$$
E[v_B] = v - \frac{s^2}{m}\frac{M-m}{M-1} .
$$
"""


def verdict(result: BatchStatistics) -> str:
    """State how far batches of some sizes are off, whether that is what the law says, and what positions are worth."""
    layers = [layer for layer in result.layers if np.isfinite(layer.error).any()]
    if not layers:
        return "No unit varies, so there is nothing to estimate."
    nearest = int(np.argmin(np.abs(np.log(result.sizes / 32))))
    error = float(np.mean([layer.error[nearest] for layer in layers]))
    spread = float(np.mean([layer.spread[nearest] for layer in layers]))
    off = max(_off(layer) for layer in layers)
    sentence = (
        f"Batches of {result.sizes[nearest]} put the mean off by {number(error)} deviations and the variance by "
        f"{number(100 * spread)} %; the mean's errors are within {number(100 * off)} % of the law."
    )
    convolved = [layer for layer in layers if layer.positions > 1]
    if convolved:
        worth = [layer.effective for layer in convolved]
        most = max(layer.positions for layer in convolved)
        sentence += (
            f" The positions of a sample, up to {most}, are worth {number(min(worth))} to {number(max(worth))} "
            "independent values."
        )
    return sentence


def _off(layer: LayerStatistics) -> float:
    positive = layer.law > 1e-9
    return float(np.max(np.abs(layer.error[positive] / layer.law[positive] - 1), initial=0.0))


RULE = "✓ if the errors of batch means follow the law within 20 %, ≈ within 50 %, ✗ beyond."


def status(result: BatchStatistics) -> Status:
    """Return how well the law predicts the errors of batch statistics."""
    layers = [layer for layer in result.layers if np.isfinite(layer.error).any()]
    return graded(max((_off(layer) for layer in layers), default=math.nan), 0.2, 0.5)


def rows(result: BatchStatistics) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    indices = [k for k, size in enumerate(result.sizes) if size in (2, 8, 32, 128, 512)]
    errors = {
        f"Mean off by, batches of {result.sizes[k]}": (
            rf"{_mean(result, 'error', k)} $\sigma$ (law {_mean(result, 'law', k)})"
        )
        for k in indices
    }
    biases = {
        f"Variance too small by, batches of {result.sizes[k]}": f"{_mean(result, 'bias', k, -100)} % (law "
        f"{_mean(result, 'bias_law', k, -100)} %)"
        for k in indices[:2]
    }
    worth = [layer.effective for layer in result.layers]
    where = "batch norm's inputs" if result.norms else "layers' outputs"
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
