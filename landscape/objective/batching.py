"""The partition of an evaluation set into batches, and the memory that one batch takes."""

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from normscape.specs import EvaluationSpec

MAX_MICRO_BATCH = 1024
MIN_MICRO_BATCH = 64
VALUES_PER_MICRO_BATCH = 2**17
"""Input values per micro-batch, used where no statistic depends on the partition. The limit bounds memory, fits the
caches (small images are fastest in micro-batches of 64 to 128), and changes only the last bits of a sum."""

ARRAYS_PER_ACTIVATION = 8
"""Largest number of arrays of all layers' outputs that exist at once, in the graph of a Hessian-vector product."""

CACHE_BYTES = 2**27
"""Size of a slice's cache of points and gradients, unless two grid rows take more. With it, refinement of a small
network's grid evaluates no point twice."""

SINGLE_BATCH_BYTES = 2 * 2**30
"""Memory of one batch above which population statistics are computed layer by layer. The limit is the same on every
machine, so the partition, and with it the last bits of a result, do not depend on the machine."""


def samples_per_batch(spec: EvaluationSpec, samples: int, activations: int, values: int) -> int:
    """Return the number of samples per forward pass.

    Args:
        spec: statistics, batch size, and precision.
        samples: M, the size of the evaluation set.
        activations: activations per sample, from `count_activations`.
        values: input values per sample.
    """
    if spec.statistics == "batch":
        return min(samples, spec.batch_size)
    if spec.statistics == "population" and batch_bytes(activations, samples, spec.precision) <= SINGLE_BATCH_BYTES:
        return samples
    return min(samples, micro_batch_samples(values))


def batch_bytes(activations: int, samples: int, precision: str) -> int:
    """Return the memory of a Hessian-vector product on one batch, in bytes.

    Args:
        activations: activations per sample.
        samples: samples in the batch.
        precision: "float32" or "float64".
    """
    return ARRAYS_PER_ACTIVATION * (8 if precision == "float64" else 4) * activations * samples


def micro_batch_samples(values: int) -> int:
    """Return the number of samples per micro-batch, for samples of `values` input values."""
    return min(MAX_MICRO_BATCH, max(MIN_MICRO_BATCH, VALUES_PER_MICRO_BATCH // max(1, values)))


def partition(statistics: str, inputs: Tensor, *, batch_size: int | None, micro_batch: int | None) -> tuple[slice, ...]:
    """Return the batches of an evaluation set.

    Args:
        statistics: the statistics mode (D1).
        inputs: (M, ...).
        batch_size: samples per statistics batch, for "batch".
        micro_batch: samples per forward pass for "population" and "running"; None for the default.
    """
    running = micro_batch or micro_batch_samples(inputs[0].numel())
    sizes = {"population": micro_batch, "batch": batch_size, "running": running}
    return tuple(batches(len(inputs), sizes[statistics] or len(inputs), minimum=1 if batch_size else 2))


def batches(samples: int, size: int, *, minimum: int = 1) -> Iterator[slice]:
    """Yield batches of equal size, except for the last; a last batch of fewer than `minimum` joins the one before."""
    for first in range(0, samples, size):
        if first and samples - first < minimum:
            return
        last = first + size
        yield slice(first, samples if samples - last < minimum else last)


def count_activations(module: nn.Module, inputs: Tensor) -> int:
    """Count the output values of all leaf modules for one sample; inputs are (N, ...)."""
    count = 0

    def add(layer: nn.Module, _: object, outputs: object) -> None:
        nonlocal count
        count += outputs.numel() if isinstance(outputs, Tensor) else 0

    hooks = [layer.register_forward_hook(add) for layer in _leaves(module)]
    try:
        with torch.no_grad():
            module(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return math.ceil(count / len(inputs))


def _leaves(module: nn.Module) -> Iterable[nn.Module]:
    """Yield the modules without submodules; parametrizations do not count as submodules."""
    for name, layer in module.named_modules():
        if "parametrizations" not in name and all("parametrizations" in child for child, _ in layer.named_children()):
            yield layer
