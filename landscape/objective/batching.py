"""The partition of an evaluation set into batches, and the memory that one batch takes."""

import math
import os
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from normscape.specs import EvaluationSpec

MAX_MICRO_BATCH = 1024
MIN_MICRO_BATCH = 64
VALUES_PER_MICRO_BATCH = 2**17
"""Input values per micro-batch, used where no statistic depends on the partition. The limit bounds memory, fits the
caches (small images are fastest in micro-batches of 64 to 128), and changes only the last bits of a sum."""

VALUES_PER_PASS = 2**22
"""Values of a layer's output in one pass, where no statistic depends on the partition."""

GRADIENT_MEMORY, PRODUCT_MEMORY = 2.0, 6.0
"""Memory of a gradient and of a Hessian-vector product, relative to what autograd saves in a forward pass. Measured on
a residual network: 1.5 and 4.4; on small networks up to 2.2 and 7."""

CACHE_BYTES = 2**27
"""Size of a slice's cache of points and gradients, unless two grid rows take more. With it, refinement of a small
network's grid evaluates no point twice."""

ONE_PASS_BYTES = min(4 * 2**30, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
"""Memory of one batch above which population statistics are computed layer by layer, which takes many times as long."""


def samples_per_batch(
    spec: EvaluationSpec, samples: int, saved: int, values: int, *, memory: float = GRADIENT_MEMORY
) -> int:
    """Return the number of samples per forward pass.

    Args:
        spec: statistics, batch size, and precision.
        samples: M, the size of the evaluation set.
        saved: values that autograd saves per sample, from `count_saved`.
        values: input values per sample.
        memory: `GRADIENT_MEMORY` or `PRODUCT_MEMORY`.
    """
    if spec.statistics == "batch":
        return min(samples, spec.batch_size)
    if spec.statistics == "population" and memory * saved_bytes(saved, samples, spec.precision) <= ONE_PASS_BYTES:
        return samples
    return min(samples, micro_batch_samples(values))


def measuring_bytes(saved: int, gradient_batch: int, product_batch: int, precision: str) -> int:
    """Return the memory of gradients or of Hessian-vector products, whichever needs more, in bytes.

    Args:
        saved: values that autograd saves per sample.
        gradient_batch: samples per forward pass of a gradient.
        product_batch: the same for a product.
        precision: "float32" or "float64".
    """
    gradient, product = (saved_bytes(saved, samples, precision) for samples in (gradient_batch, product_batch))
    return int(max(GRADIENT_MEMORY * gradient, PRODUCT_MEMORY * product))


def saved_bytes(saved: int, samples: int, precision: str) -> int:
    """Return the memory of what autograd saves for a batch of samples, in bytes."""
    return (8 if precision == "float64" else 4) * saved * samples


def micro_batch_samples(values: int) -> int:
    """Return the number of samples per micro-batch, for samples of `values` input values."""
    return min(MAX_MICRO_BATCH, max(MIN_MICRO_BATCH, VALUES_PER_MICRO_BATCH // max(1, values)))


def samples_per_pass(module: nn.Module, inputs: Tensor) -> int:
    """Return the number of samples per pass where no statistic depends on it; inputs are (M, ...).

    The largest output of a layer takes at most 16 MB: large tiles cost least per sample, and smaller ones gain nothing
    (`python -m benchmarks.engine`).
    """
    largest = 1

    def see(outputs: Tensor) -> None:
        nonlocal largest
        largest = max(largest, outputs.numel())

    _run(module, inputs[:1], see)
    return max(1, VALUES_PER_PASS // largest)


def partition(statistics: str, samples: int, *, batch_size: int | None, micro_batch: int | None) -> tuple[slice, ...]:
    """Return the batches of an evaluation set of M samples.

    Args:
        statistics: the statistics mode (D1).
        samples: M.
        batch_size: samples per statistics batch, for "batch".
        micro_batch: samples per forward pass for "population" and "running"; None for all of them.
    """
    size = batch_size if statistics == "batch" else micro_batch
    return tuple(batches(samples, size or samples, minimum=1 if batch_size else 2))


def batches(samples: int, size: int, *, minimum: int = 1) -> Iterator[slice]:
    """Yield batches of equal size, except for the last; a last batch of fewer than `minimum` joins the one before."""
    for first in range(0, samples, size):
        if first and samples - first < minimum:
            return
        last = first + size
        yield slice(first, samples if samples - last < minimum else last)


def count_saved(module: nn.Module, inputs: Tensor) -> int:
    """Count the values that autograd saves for a gradient, per sample; inputs are (N, ...), also on the meta device.

    What does not grow with the number of samples does not count, and tensors that share memory count once.
    """
    once, twice = inputs.clone(), torch.cat([inputs, inputs])  # copies, since a view would count with all its memory
    return math.ceil((_saved(module, twice) - _saved(module, once)) / len(inputs))


def _saved(module: nn.Module, inputs: Tensor) -> int:
    parameters = {tensor.untyped_storage()._cdata for tensor in module.parameters()}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module(inputs)
    return sum(t.untyped_storage().nbytes() // t.element_size() for key, t in saved.items() if key not in parameters)


def count_activations(module: nn.Module, inputs: Tensor) -> int:
    """Count the output values of all leaf modules for one sample; inputs are (N, ...)."""
    count = 0

    def add(outputs: Tensor) -> None:
        nonlocal count
        count += outputs.numel()

    _run(module, inputs, add)
    return math.ceil(count / len(inputs))


def _run(module: nn.Module, inputs: Tensor, see: Callable[[Tensor], None]) -> None:
    """Run a network, and let `see` have the output of every leaf module."""

    def hook(layer: nn.Module, _: object, outputs: object) -> None:
        if isinstance(outputs, Tensor):
            see(outputs)

    hooks = [layer.register_forward_hook(hook) for layer in _leaves(module)]
    try:
        with torch.no_grad():
            module(inputs)
    finally:
        for handle in hooks:
            handle.remove()


def _leaves(module: nn.Module) -> Iterable[nn.Module]:
    """Yield the modules without submodules; parametrizations do not count as submodules."""
    for name, layer in module.named_modules():
        if "parametrizations" not in name and all("parametrizations" in child for child, _ in layer.named_children()):
            yield layer
