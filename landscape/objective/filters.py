"""The filters of a parameter (D3): the weights that belong to one output."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvTransposeNd

ELEMENTWISE = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
"""Layers whose parameters scale and shift each element; their parameters have no filters, whatever their shape."""


@dataclass(frozen=True)
class FilterLayout:
    """The partition of a parameter into filters.

    One index of the first axis is one filter: a row of a linear layer, of attention's fused in-projection (one entry of
    a query, key or value) or of a recurrent layer, an output channel of a convolution (also depthwise), an embedding
    vector, a learned position. A transposed convolution stores its weights by input channel, in `groups` groups; its
    filters are output channels, each with the weights from all input channels of its group. Parameters with one axis
    and parameters of normalization layers have no filters.
    """

    shape: tuple[int, ...]
    groups: int | None = None  # only for a transposed convolution
    elementwise: bool = False

    @property
    def present(self) -> bool:
        """Whether the parameter has filters."""
        return len(self.shape) > 1 and not self.elementwise

    def rows(self, values: Tensor) -> Tensor:
        """Return the parameter's values (flat or not) as filters (F, n), one per row."""
        if self.groups is None:
            return values.reshape(self.shape[0], -1)
        inputs, per_group, *kernel = self.shape
        by_group = values.reshape(self.groups, inputs // self.groups, per_group, math.prod(kernel))
        return by_group.transpose(1, 2).reshape(self.groups * per_group, -1)

    def flat(self, rows: Tensor) -> Tensor:
        """Return the parameter's values in its own order, flattened, from filters (F, n)."""
        if self.groups is None:
            return rows.reshape(-1)
        inputs, per_group, *kernel = self.shape
        by_group = rows.reshape(self.groups, per_group, inputs // self.groups, math.prod(kernel))
        return by_group.transpose(1, 2).reshape(-1)


def filters_of(module: nn.Module, name: str, shape: tuple[int, ...]) -> FilterLayout:
    """Return the filters of the parameter with this name."""
    owner = module.get_submodule(name.rpartition(".")[0])
    if isinstance(owner, _ConvTransposeNd) and len(shape) > 1:
        return FilterLayout(shape, groups=owner.groups)
    return FilterLayout(shape, elementwise=isinstance(owner, ELEMENTWISE))
