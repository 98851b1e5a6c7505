"""All trainable parameters of a network as one flat vector θ."""

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from normscape.landscape.objective.filters import FilterLayout, filters_of, plain_name, still_values


@dataclass(frozen=True)
class Layout:
    """The position of each parameter in θ: names, shapes and filters, in the order of `named_parameters`."""

    names: tuple[str, ...]
    filters: tuple[FilterLayout, ...]
    plain_names: tuple[str, ...]  # without normalization or pruning of weights; equal ones get equal draws (D4)
    dtypes: tuple[torch.dtype, ...]  # of the parameters; θ has the widest
    still: Mapping[str, Tensor] = field(default_factory=dict, compare=False)  # which values never move, by name (D0)

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

    @cached_property
    def moving(self) -> Tensor | None:
        """Which values of θ move (P,), as 0 and 1 in float64; None if all do."""
        if not self.still:
            return None
        masks = {name: ~mask for name, mask in self.still.items()}
        return torch.cat(
            [masks.get(name, torch.ones(size, dtype=torch.bool)).reshape(-1) for name, size in self._sizes_by_name()]
        ).double()

    def only_moving(self, values: Tensor) -> Tensor:
        """Return values (P,) with 0 where θ does not move."""
        return values if self.moving is None else values * self.moving.to(values)

    def _sizes_by_name(self) -> Iterator[tuple[str, int]]:
        return zip(self.names, self.sizes, strict=True)

    def blocks(self) -> Iterator[tuple[str, slice, FilterLayout]]:
        """Yield name, position in θ, and filters of every parameter."""
        start = 0
        for name, filters in zip(self.names, self.filters, strict=True):
            stop = start + math.prod(filters.shape)
            yield name, slice(start, stop), filters
            start = stop

    def unflatten(self, theta: Tensor) -> dict[str, Tensor]:
        """Return the parameters by name, as views of θ, so that gradients propagate to θ.

        In a network of several precisions, those of another than θ's are copies.
        """
        pieces = theta.split_with_sizes(self.sizes)
        views = {
            name: piece if len(shape) == 1 else piece.view(shape)
            for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)
        }
        if not self.is_mixed:
            return views
        return {name: view.to(dtype) for (name, view), dtype in zip(views.items(), self.dtypes, strict=True)}

    @cached_property
    def dtype(self) -> torch.dtype:
        """The precision of θ: the widest of the parameters'."""
        return functools.reduce(torch.promote_types, self.dtypes)

    @property
    def is_mixed(self) -> bool:
        """Whether the parameters have several precisions."""
        return len(set(self.dtypes)) > 1


def layout_of(module: nn.Module) -> Layout:
    """Return the layout of a network's trainable parameters.

    Shared parameters count once, frozen parameters do not count.

    Raises:
        ValueError: the network has no trainable parameter.
    """
    trainable = {name: tuple(p.shape) for name, p in module.named_parameters() if p.requires_grad}
    if not trainable:
        raise ValueError("the network has no trainable parameter, so θ is empty")
    filters = tuple(filters_of(module, name, shape) for name, shape in trainable.items())
    still = {name: mask for name in trainable if (mask := still_values(module, name)) is not None}
    dtypes = tuple(p.dtype for p in module.parameters() if p.requires_grad)
    return Layout(tuple(trainable), filters, tuple(plain_name(module, name) for name in trainable), dtypes, still)


def require_finite(theta: Tensor, layout: Layout) -> None:
    """Check that every value of θ is finite.

    Raises:
        ValueError: one is not; the message names its parameter.
    """
    if theta.is_meta or bool(torch.isfinite(theta).all()):
        return
    name = next(name for name, position, _ in layout.blocks() if not bool(torch.isfinite(theta[position]).all()))
    raise ValueError(f"the parameter {name} holds a value that is not finite, so there is no loss to measure around it")


def flatten(parameters: Mapping[str, Tensor], layout: Layout) -> Tensor:
    """Return θ (P,), a copy, from parameters by name."""
    return torch.cat([parameters[name].detach().reshape(-1) for name in layout.names])


def frozen_tensors(module: nn.Module, layout: Layout) -> dict[str, Tensor]:
    """Return the tensors of a network that are not in θ: buffers and frozen parameters."""
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: tensor.detach() for name, tensor in tensors.items() if name not in layout.names}
