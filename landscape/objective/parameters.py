"""All trainable parameters of a network as one flat vector θ."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from normscape.landscape.objective.filters import FilterLayout, filters_of


@dataclass(frozen=True)
class Layout:
    """The position of each parameter in θ: names, shapes and filters, in the order of `named_parameters`."""

    names: tuple[str, ...]
    filters: tuple[FilterLayout, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of every parameter."""
        return tuple(filters.shape for filters in self.filters)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The number of values of every parameter."""
        return tuple(map(math.prod, self.shapes))

    @property
    def size(self) -> int:
        """P, the length of θ."""
        return sum(self.sizes)

    def blocks(self) -> Iterator[tuple[str, slice, FilterLayout]]:
        """Yield name, position in θ, and filters of every parameter."""
        start = 0
        for name, filters in zip(self.names, self.filters, strict=True):
            stop = start + math.prod(filters.shape)
            yield name, slice(start, stop), filters
            start = stop

    def unflatten(self, theta: Tensor) -> dict[str, Tensor]:
        """Return the parameters by name, as views of θ, so that gradients propagate to θ."""
        pieces = theta.split_with_sizes(self.sizes)
        return {
            name: piece if len(shape) == 1 else piece.view(shape)
            for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)
        }


def plain_name(name: str) -> str:
    """Return a parameter's name without weight normalization; the direction counts as the weight."""
    return name.replace(".parametrizations.weight.original1", ".weight")


def layout_of(module: nn.Module) -> Layout:
    """Return the layout of a network's trainable parameters.

    Shared parameters count once, frozen parameters do not count.

    Raises:
        ValueError: the network has no trainable parameter.
    """
    trainable = {name: tuple(p.shape) for name, p in module.named_parameters() if p.requires_grad}
    if not trainable:
        raise ValueError("the network has no trainable parameter, so θ is empty")
    return Layout(tuple(trainable), tuple(filters_of(module, name, shape) for name, shape in trainable.items()))


def flatten(parameters: Mapping[str, Tensor], layout: Layout) -> Tensor:
    """Return θ (P,), a copy, from parameters by name."""
    return torch.cat([parameters[name].detach().reshape(-1) for name in layout.names])


def frozen_tensors(module: nn.Module, layout: Layout) -> dict[str, Tensor]:
    """Return the tensors of a network that are not in θ: buffers and frozen parameters."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach() for name, tensor in tensors.items() if name not in layout.names}
