"""A11 in words: it needs a large batch."""

from __future__ import annotations

import math

import numpy as np

from normscape.landscape.analysis.batch_statistics import BatchStatistics, LayerStatistics
from normscape.views.widgets.numbers import number, span

SENTENCE = (
    "The analysis speaks of the statistics of all samples, training takes those of a mini-batch: their mean is off by "
    r"about $\sigma/\sqrt m$, and their variance too small by the share $1/m$. So small batches normalize by numbers "
    "that are noise."
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


def verdict(found: BatchStatistics) -> str:
    """Say how far batches of some sizes are off, whether that is what the law says, and what positions are worth."""
    layers = [layer for layer in found.layers if np.isfinite(layer.error).any()]
    if not layers:
        return "No unit varies, so there is nothing to estimate."
    place = int(np.argmin(np.abs(np.log(found.sizes / 32))))
    error = float(np.mean([layer.error[place] for layer in layers]))
    spread = float(np.mean([layer.spread[place] for layer in layers]))
    off = max(_off(layer) for layer in layers)
    told = (
        f"Batches of {found.sizes[place]} put the mean off by {number(error)} deviations and the variance by "
        f"{number(100 * spread)} %; the mean's errors are within {number(100 * off)} % of the law."
    )
    convolved = [layer for layer in layers if layer.positions > 1]
    if convolved:
        worth = [layer.effective for layer in convolved]
        most = max(layer.positions for layer in convolved)
        told += (
            f" The positions of a sample, up to {most}, are worth {number(min(worth))} to {number(max(worth))} "
            "independent values."
        )
    return told


def _off(layer: LayerStatistics) -> float:
    known = layer.law > 1e-9
    return float(np.max(np.abs(layer.error[known] / layer.law[known] - 1), initial=0.0))


def rows(found: BatchStatistics) -> dict[str, str]:
    """Return the facts of a network."""
    asked = [place for place, size in enumerate(found.sizes) if size in (2, 8, 32, 128, 512)]
    errors = {
        f"Mean off by, batches of {found.sizes[k]}": (
            rf"{_mean(found, 'error', k)} $\sigma$ (law {_mean(found, 'law', k)})"
        )
        for k in asked
    }
    biases = {
        f"Variance too small by, batches of {found.sizes[k]}": f"{_mean(found, 'bias', k, -100)} % (law "
        f"{_mean(found, 'bias_law', k, -100)} %)"
        for k in asked[:2]
    }
    worth = [layer.effective for layer in found.layers]
    where = "batch norm's inputs" if found.norms else "layers' outputs"
    return {
        "Values": f"{where}, {len(found.layers)} layers, {found.samples} samples",
        **errors,
        **biases,
        "Independent values per sample": span(worth),
        "Positions per sample": span(layer.positions for layer in found.layers),
    }


def _mean(found: BatchStatistics, name: str, place: int, times: float = 1.0) -> str:
    values = [getattr(layer, name)[place] for layer in found.layers]
    known = [value for value in values if math.isfinite(value)]
    return number(times * float(np.mean(known))) if known else "n/a"
