"""All trainable parameters of a network as one flat vector θ, and its filters."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layout:
    """Where each parameter stands in θ: names, shapes, and offsets in the order of `named_parameters`."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def size(self) -> int:
        """P, the length of θ."""
        return sum(map(math.prod, self.shapes))

    def blocks(self) -> Iterator[tuple[str, slice, tuple[int, ...]]]:
        """Yield name, place in θ, and shape of every parameter."""
        start = 0
        for name, shape in zip(self.names, self.shapes, strict=True):
            stop = start + math.prod(shape)
            yield name, slice(start, stop), shape
            start = stop

    def unflatten(self, theta: Tensor) -> dict[str, Tensor]:
        """Return the parameters by name, as views of θ, so that derivatives flow back to θ."""
        pieces = torch.split(theta, [math.prod(shape) for shape in self.shapes])
        return {name: piece.view(shape) for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)}


def layout_of(module: nn.Module) -> Layout:
    """Return the layout of a network's trainable parameters; shared ones stand once, frozen ones not at all.

    Raises:
        ValueError: the network has no trainable parameter.
    """
    trainable = {name: tuple(p.shape) for name, p in module.named_parameters() if p.requires_grad}
    if not trainable:
        raise ValueError("the network has no trainable parameter, so there is no θ to move")
    return Layout(tuple(trainable), tuple(trainable.values()))


def flatten(parameters: Mapping[str, Tensor], layout: Layout) -> Tensor:
    """Return θ (P,), a copy, from parameters by name."""
    return torch.cat([parameters[name].detach().reshape(-1) for name in layout.names])
