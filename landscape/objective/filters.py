"""What counts as a filter in a parameter of each kind (D3): the weights that one output is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvTransposeNd

ELEMENTWISE = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
"""Layers whose parameters scale and shift what passes, element by element, however many axes they have."""


@dataclass(frozen=True)
class Filters:
    """How a parameter falls into filters.

    Along the first axis: rows of linear layers, of attention's fused in-projection (a row makes one entry of a query, a
    key or a value) and of recurrent layers, output channels of convolutions, depthwise ones included, symbols of an
    embedding, learned positions. A transposed convolution holds its weights by input channel, in `groups` groups; there
    an output channel gathers from all inputs of its group. Parameters of one axis, and those of normalization layers,
    have no filters.
    """

    shape: tuple[int, ...]
    groups: int | None = None  # of a transposed convolution
    elementwise: bool = False

    @property
    def any(self) -> bool:
        """Whether the parameter has filters at all."""
        return len(self.shape) > 1 and not self.elementwise

    def rows(self, values: Tensor) -> Tensor:
        """Return the parameter's values (flat or not) as filters (F, n), one per row."""
        if self.groups is None:
            return values.reshape(self.shape[0], -1)
        inputs, per_group, *kernel = self.shape
        by_group = values.reshape(self.groups, inputs // self.groups, per_group, math.prod(kernel))
        return by_group.transpose(1, 2).reshape(self.groups * per_group, -1)

    def flat(self, rows: Tensor) -> Tensor:
        """Return the parameter's values, flat in the parameter's own order, from filters (F, n)."""
        if self.groups is None:
            return rows.reshape(-1)
        inputs, per_group, *kernel = self.shape
        by_group = rows.reshape(self.groups, per_group, inputs // self.groups, math.prod(kernel))
        return by_group.transpose(1, 2).reshape(-1)


def filters_of(module: nn.Module, name: str, shape: tuple[int, ...]) -> Filters:
    """Return how the parameter of that name falls into filters."""
    owner = module.get_submodule(name.rpartition(".")[0])
    if isinstance(owner, _ConvTransposeNd) and len(shape) > 1:
        return Filters(shape, groups=owner.groups)
    return Filters(shape, elementwise=isinstance(owner, ELEMENTWISE))
