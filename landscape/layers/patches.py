"""Sums over the inputs of a layer's weights: for a convolution its unfolded patches, padding included.

Patches are never materialized: each tap (i, j) of the kernel is a shifted, strided view of the padded input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from normscape.landscape.layers.activations import LayerActivations


@dataclass(frozen=True, eq=False)
class PatchSums:
    """Sums over samples and positions; patch entries are in the order of the weight: channel, row, column."""

    count: int  # samples times output positions
    first: Tensor  # (I,) Σ x_i
    second: Tensor  # (I,) Σ x_i²
    inside: Tensor  # (I,) how often the entry is an input value, not padding
    map_count: int  # samples times input positions
    map_first: Tensor  # (C,) Σ over the input itself, without padding
    map_second: Tensor  # (C,)

    def __add__(self, other: PatchSums) -> PatchSums:
        """Return the sums over both sets."""
        return PatchSums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def patch_sums(activations: LayerActivations) -> PatchSums:
    """Return the sums over one mini-batch, in float64; entries include all groups of channels."""
    if not isinstance(activations.module, nn.Conv2d):
        x = activations.inputs.double().flatten(0, -2)
        first, second = x.sum(0), x.square().sum(0)
        return PatchSums(len(x), first, second, torch.full_like(first, len(x)), len(x), first, second)
    x = activations.inputs.double()
    channels = x.transpose(0, 1).flatten(1)
    taps = zip(_taps(activations), _taps(activations, ones=True), strict=True)
    views = [(_sum(tap), _sum(tap.square()), _sum(one)) for tap, one in taps]
    first, second, inside = (torch.stack(column, 1).flatten() for column in zip(*views, strict=True))
    count = len(x) * activations.outputs.shape[2] * activations.outputs.shape[3]
    return PatchSums(count, first, second, inside, channels.shape[1], channels.sum(1), channels.square().sum(1))


def outer_product_sums(activations: LayerActivations, values: Tensor) -> Tensor:
    """Return Σ v_u x_i (U, I) over samples and positions, in float64; with groups, I counts one group's entries.

    Args:
        activations: the layer with its inputs x.
        values: v, one value per output, in the shape of the outputs.
    """
    v, x = values.double(), activations.inputs.double()
    if isinstance(activations.module, nn.Conv2d):
        layer = activations.module
        arguments = (_padded(layer, x), layer.weight.shape, v, layer.stride, 0, layer.dilation, layer.groups)
        products = conv2d_weight(*arguments)  # type: ignore[no-untyped-call]
        return torch.as_tensor(products).flatten(1)
    return v.flatten(0, -2).T @ x.flatten(0, -2)


def sum_per_unit(activations: LayerActivations, entries: Tensor) -> Tensor:
    """Return the sum of the entries (I,) in each output unit's group (U,)."""
    layer = cast(nn.Linear | nn.Conv2d, activations.module)
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    return entries.view(groups, -1).sum(1).repeat_interleave(len(layer.weight) // groups)


def _taps(activations: LayerActivations, *, ones: bool = False) -> list[Tensor]:
    """Return the view of the padded input for each tap of the kernel, (m, C, height', width') each."""
    layer = cast(nn.Conv2d, activations.module)
    x = activations.inputs.double()
    padded = _padded(layer, torch.ones_like(x) if ones else x)
    height, width = activations.outputs.shape[2:]
    (down, across), (by, along) = layer.stride, layer.dilation
    rows, columns = layer.kernel_size
    return [
        padded[:, :, i * by :: down, j * along :: across][:, :, :height, :width]
        for i in range(rows)
        for j in range(columns)
    ]


def _padded(layer: nn.Conv2d, x: Tensor) -> Tensor:
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return functional.pad(x, layer._reversed_padding_repeated_twice, mode)


def _sum(x: Tensor) -> Tensor:
    return x.sum((0, 2, 3))
