"""The partition of an evaluation set into batches, and the memory that one batch takes."""

import math
import os
from collections.abc import Iterator
from typing import NamedTuple

from normscape.landscape.objective.counting import Saved
from normscape.specs import EvaluationSpec

MAX_MICRO_BATCH = 1024
MIN_MICRO_BATCH = 64
VALUES_PER_MICRO_BATCH = 2**17
"""Input values per micro-batch, used where no statistic depends on the partition. The limit bounds memory, fits the
caches (small images are fastest in micro-batches of 64 to 128), and changes only the last bits of a sum."""

VALUES_PER_PASS = 2**22
"""Values of a layer's output in one pass, where no statistic depends on the partition."""

GRADIENT_MEMORY, PRODUCT_MEMORY = 1.8, 6.6
"""Memory of a gradient and of a Hessian-vector product, relative to what autograd keeps in a forward pass. Measured:
ResNet-20 0.9 and 4.1, VGG-9 1.1 and 5.1, convolutional network 1.7 and 6.6, transformer 1.8 and 6.3. A perceptron takes
2.5 and 7.9, of little memory."""

CACHE_BYTES = 2**27
"""Size of a slice's cache of points and gradients, unless two grid rows take more. With it, refinement of a small
network's grid evaluates no point twice."""

LOSS_MEMORY = 4
"""Memory of a loss, relative to the largest output of a layer: input, output, a shortcut, and the kernel's own."""

ONE_PASS_BYTES = min(4 * 2**30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
"""Memory above which population statistics are computed over tiles, segment by segment or layer by layer."""

CARD_SHARE, CARD_VALUES = 4, 2**30
"""On a GPU a pass takes at most this part (a quarter) of the card's total memory, and a layer's output has at most so
many values, which 32-bit indices reach. A pass has at least two samples, as population statistics need."""


class Passes(NamedTuple):
    """How an evaluation set is divided: samples per forward pass."""

    loss: int
    gradient: int
    product: int  # H(θ)v
    every: int = 1  # over tiles, what lives between segments is kept at every n-th cut; 0: nothing is, layer by layer


def passes_of(
    spec: EvaluationSpec,
    samples: int,
    saved: Saved,
    values: int,
    *,
    coupled: bool = True,
    card_bytes: int | None = None,
) -> Passes:
    """Return how an evaluation set is divided: population statistics are taken in one pass wherever that fits.

    Args:
        spec: statistics, batch size, and precision.
        samples: M, the size of the evaluation set.
        saved: values per sample that are kept.
        values: input values per sample.
        coupled: whether a layer takes statistics over samples; otherwise no number depends on the division.
        card_bytes: total memory of the GPU; None on the CPU. On a GPU every pass is as large as its share allows.
    """
    if spec.statistics == "batch":
        return even_passes(min(samples, spec.batch_size))
    limit = ONE_PASS_BYTES if card_bytes is None else card_bytes // CARD_SHARE
    needs = LOSS_MEMORY * saved.largest, GRADIENT_MEMORY * saved.kept, PRODUCT_MEMORY * saved.kept

    def fits(values: float) -> bool:
        return saved_bytes(1, math.ceil(values * samples), spec.precision) <= limit

    every = next((every for every, held in saved.held if fits(2 * held)), 0)
    if card_bytes is not None:
        most = CARD_VALUES // max(1, saved.largest)
        sizes = (_fitting(limit, need, spec.precision) for need in needs)
        loss, gradient, product = (min(samples, max(2, min(size, most))) for size in sizes)
        return Passes(loss, gradient, product, every)
    tile = min(samples, samples_per_pass(saved.largest))
    if spec.statistics == "running" or not coupled:
        return Passes(tile, tile, min(tile, samples_within(limit, saved, spec.precision)))
    if not every:
        tile = min(samples, micro_batch_samples(values))
    loss, gradient, product = (samples if fits(need) else tile for need in needs)
    return Passes(loss, gradient, product, every)


def even_passes(samples: int) -> Passes:
    """Return passes of an equal number of samples."""
    return Passes(samples, samples, samples)


def measuring_bytes(saved: Saved, passes: Passes, samples: int, precision: str) -> int:
    """Return the memory of losses, gradients or Hessian-vector products, whichever needs most, in bytes.

    Args:
        saved: values per sample that are kept.
        passes: the division of the evaluation set.
        samples: M, the size of the evaluation set.
        precision: "float32" or "float64".
    """
    held = dict(saved.held).get(passes.every, 0)
    needs = [
        LOSS_MEMORY * saved.largest * passes.loss,
        GRADIENT_MEMORY * saved.kept * passes.gradient + held * samples * (passes.gradient < samples),
        PRODUCT_MEMORY * saved.kept * passes.product + 2 * held * samples * (passes.product < samples),
    ]
    return saved_bytes(1, math.ceil(max(needs)), precision)


def samples_within(limit: float, saved: Saved, precision: str) -> int:
    """Return the number of samples whose Hessian-vector product takes at most so many bytes; at least 1."""
    return max(1, _fitting(limit, PRODUCT_MEMORY * saved.kept, precision))


def _fitting(limit: float, values: float, precision: str) -> int:
    """Return the number of samples with so many values each that take at most `limit` bytes together."""
    return int(limit / max(1, values * saved_bytes(1, 1, precision)))


def saved_bytes(saved: int, samples: int, precision: str) -> int:
    """Return the memory of what autograd keeps for a batch of samples, in bytes."""
    return (8 if precision == "float64" else 4) * saved * samples


def micro_batch_samples(values: int) -> int:
    """Return the number of samples per micro-batch, for samples of `values` input values."""
    return min(MAX_MICRO_BATCH, max(MIN_MICRO_BATCH, VALUES_PER_MICRO_BATCH // max(1, values)))


def samples_per_pass(largest: int) -> int:
    """Return the number of samples per pass where no statistic depends on it.

    The largest output of a layer takes at most 16 MB: large tiles cost least per sample, and smaller ones gain nothing
    (`python -m benchmarks.engine`).

    Args:
        largest: values of the largest output of a layer, per sample.
    """
    return max(1, VALUES_PER_PASS // max(1, largest))


def batches(samples: int, size: int, *, minimum: int = 1) -> Iterator[slice]:
    """Yield batches of equal size, except for the last; a last batch of fewer than `minimum` joins the one before."""
    for first in range(0, samples, size):
        if first and samples - first < minimum:
            return
        last = first + size
        yield slice(first, samples if samples - last < minimum else last)
