"""Counts of a network that decide memory and passes: values of outputs, and values that autograd keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from normscape.landscape.objective.population.segments import segments_of
from normscape.landscape.objective.statistics import normalizes_over_samples, private_copy


class Saved(NamedTuple):
    """Values per sample that decide how much fits into one pass."""

    kept: int  # by autograd for a gradient
    largest: int  # of a layer's output
    held: tuple[tuple[int, int], ...] = ()  # between segments, for each n-th cut that is kept; () without segments


def count_saved(network: nn.Module, inputs: Tensor) -> Saved:
    """Count what autograd keeps for a gradient, and the largest output; inputs are (N, ...), also on the meta device.

    What does not grow with the number of samples does not count, and tensors that share memory count once.
    """
    once, twice = inputs.clone(), torch.cat([inputs, inputs])  # copies, since a view would count with all its memory
    kept = math.ceil((_kept(network, twice) - _kept(network, once)) / len(inputs))
    return Saved(kept, largest_output(network, once), _held(network, once))


def _held(network: nn.Module, inputs: Tensor) -> tuple[tuple[int, int], ...]:
    if not normalizes_over_samples(network):
        return ()
    segments = segments_of(private_copy(network, "population"), inputs)
    return () if segments is None else segments.held(inputs)


def _kept(network: nn.Module, inputs: Tensor) -> int:
    return _kept_by(network, lambda: network(inputs))


def _kept_by(network: nn.Module, run: Callable[[], object]) -> int:
    parameters = {tensor.untyped_storage()._cdata for tensor in network.parameters()}
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run()
    return sum(t.untyped_storage().nbytes() // t.element_size() for key, t in saved.items() if key not in parameters)


def count_saved_of(network: nn.Module, run: Callable[[], object], samples: int) -> Saved:
    """Count the same for any network, from one pass over some samples, parameters and constants included.

    Args:
        network: with the layers whose outputs count.
        run: calls it.
        samples: number of samples of the call.
    """
    return Saved(math.ceil(_kept_by(network, run) / samples), largest_output_of(network, run, samples))


def largest_output(network: nn.Module, inputs: Tensor) -> int:
    """Return the values of the largest output of a leaf module, per sample; inputs are (N, ...)."""
    return largest_output_of(network, lambda: network(inputs), len(inputs))


def largest_output_of(network: nn.Module, run: Callable[[], object], samples: int) -> int:
    """Return the values of the largest output of a leaf module, per sample.

    Args:
        network: with the layers.
        run: calls it.
        samples: number of samples of the call.
    """
    largest = 1

    def see(layer: nn.Module, _: object, outputs: object) -> None:
        nonlocal largest
        largest = max(largest, outputs.numel() if isinstance(outputs, Tensor) else 0)

    with hooks_on_leaves(network, see), torch.no_grad():
        run()
    return math.ceil(largest / samples)


def count_activations(module: nn.Module, inputs: Tensor) -> int:
    """Count the output values of all leaf modules for one sample; inputs are (N, ...)."""
    count = 0

    def add(layer: nn.Module, _: object, outputs: object) -> None:
        nonlocal count
        count += outputs.numel() if isinstance(outputs, Tensor) else 0

    with hooks_on_leaves(module, add), torch.no_grad():
        module(inputs)
    return math.ceil(count / len(inputs))


@contextmanager
def hooks_on_leaves(module: nn.Module, hook: Callable[[nn.Module, object, object], None]) -> Iterator[None]:
    """Call a hook with every leaf module, its inputs and its outputs, after it has run."""
    handles = [layer.register_forward_hook(hook) for layer in _leaves(module)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _leaves(module: nn.Module) -> Iterable[nn.Module]:
    """Yield the modules without submodules; parametrizations do not count as submodules."""
    for name, layer in module.named_modules():
        if "parametrizations" not in name and all("parametrizations" in child for child, _ in layer.named_children()):
            yield layer
