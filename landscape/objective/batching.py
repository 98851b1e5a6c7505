"""How an evaluation set is cut into passes, and what a pass takes."""

import math
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from normscape.specs import EvaluationSpec

MOST_PER_TILE = 1024
FEWEST_PER_TILE = 64
VALUES_PER_TILE = 2**17
"""Where nothing depends on the partition, as many samples per pass as have this many input values, within limits. It
bounds memory, suits the caches (small images are fastest in tiles of 64 to 128), and changes only a sum's last bits."""

ARRAYS_PER_UNIT = 8
"""Arrays of all layers' outputs that exist at once at most: those that the graph of a Hessian product keeps."""

KEPT_BYTES = 2**27
"""Of points and their gradients that a slice keeps, if two rows of them do not take more: small networks then find the
points of coarser grids again."""

ONE_PASS_BYTES = 2 * 2**30
"""A set whose single pass would take more has its population statistics taken layer by layer, whatever the machine has:
so the partition, and with it a number's last bits, do not depend on where it is computed."""


def samples_per_pass(spec: EvaluationSpec, samples: int, units: int, values: int) -> int:
    """Return how many of the samples are evaluated at a time.

    Args:
        spec: statistics, their batch size, and precision.
        samples: M, the size of the evaluation set.
        units: as `count_units` counts them.
        values: input values of one sample.
    """
    if spec.statistics == "batch":
        return min(samples, spec.batch_size)
    if spec.statistics == "population" and pass_bytes(units, samples, spec.precision) <= ONE_PASS_BYTES:
        return samples
    return min(samples, tile_size(values))


def pass_bytes(units: int, samples: int, precision: str) -> int:
    """Return the memory of one pass over so many samples, with all that a Hessian product keeps of it."""
    return ARRAYS_PER_UNIT * (8 if precision == "float64" else 4) * units * samples


def tile_size(values: int) -> int:
    """Return how many samples of so many input values each are evaluated in one pass."""
    return min(MOST_PER_TILE, max(FEWEST_PER_TILE, VALUES_PER_TILE // max(1, values)))


def cut(samples: int, size: int, *, fewest: int = 1) -> Iterator[slice]:
    """Yield the parts of a set, of equal size but for the last; one of less than `fewest` joins the part before it."""
    for first in range(0, samples, size):
        if first and samples - first < fewest:
            return
        last = first + size
        yield slice(first, samples if samples - last < fewest else last)


def count_units(module: nn.Module, inputs: Tensor) -> int:
    """Count the numbers that all innermost layers of a network put out for one sample; inputs are (N, ...)."""
    count = 0

    def add(layer: nn.Module, _: object, outputs: object) -> None:
        nonlocal count
        count += outputs.numel() if isinstance(outputs, Tensor) else 0

    hooks = [layer.register_forward_hook(add) for layer in _innermost(module)]
    try:
        with torch.no_grad():
            module(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return math.ceil(count / len(inputs))


def _innermost(module: nn.Module) -> Iterable[nn.Module]:
    """Yield the layers that hold no other layer; a parametrization is no layer."""
    for name, layer in module.named_modules():
        if "parametrizations" not in name and all("parametrizations" in child for child, _ in layer.named_children()):
            yield layer
