"""Sums over what a layer's weights really meet: inputs, or for a convolution its unfolded patches, padding included.

No patch is ever made: a tap (i, j) of the kernel meets a shifted, strided view of the padded map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from normscape.landscape.analysis.activations import Flow


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over samples and positions; entries of a patch are in the order of the weight's: channel, row, column."""

    count: int  # samples times positions of the output
    first: Tensor  # (I,) Σ x_i
    second: Tensor  # (I,) Σ x_i²
    inside: Tensor  # (I,) how often the entry is a value of the map, and not padding
    map_count: int  # samples times positions of the input
    map_first: Tensor  # (C,) Σ over the map itself, without padding
    map_second: Tensor  # (C,)

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over both."""
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def sums_of(flow: Flow) -> Sums:
    """Return the sums over one mini-batch, in float64; entries are those of all groups of channels."""
    if not isinstance(flow.module, nn.Conv2d):
        x = flow.inputs.double().flatten(0, -2)
        first, second = x.sum(0), x.square().sum(0)
        return Sums(len(x), first, second, torch.full_like(first, len(x)), len(x), first, second)
    x = flow.inputs.double()
    channels = x.transpose(0, 1).flatten(1)
    taps = zip(_taps(flow), _taps(flow, ones=True), strict=True)
    views = [(_sum(tap), _sum(tap.square()), _sum(one)) for tap, one in taps]
    first, second, inside = (torch.stack(column, 1).flatten() for column in zip(*views, strict=True))
    taken = len(x) * flow.outputs.shape[2] * flow.outputs.shape[3]
    return Sums(taken, first, second, inside, channels.shape[1], channels.sum(1), channels.square().sum(1))


def correlated(flow: Flow, values: Tensor) -> Tensor:
    """Return Σ over samples and positions of v_u x_i (U, I), in float64; with groups, I is one group's entries.

    Args:
        flow: whose inputs.
        values: one for every output, as `flow.outputs`.
    """
    v, x = values.double(), flow.inputs.double()
    if isinstance(flow.module, nn.Conv2d):
        layer = flow.module
        given = (_padded(layer, x), layer.weight.shape, v, layer.stride, 0, layer.dilation, layer.groups)
        found = conv2d_weight(*given)  # type: ignore[no-untyped-call]
        return torch.as_tensor(found).flatten(1)
    return v.flatten(0, -2).T @ x.flatten(0, -2)


def per_unit(flow: Flow, entries: Tensor) -> Tensor:
    """Return, for every output unit, the sum over the entries (I,) that it meets (U,): its own group's."""
    layer = cast(nn.Linear | nn.Conv2d, flow.module)
    groups = layer.groups if isinstance(layer, nn.Conv2d) else 1
    return entries.view(groups, -1).sum(1).repeat_interleave(len(layer.weight) // groups)


def _taps(flow: Flow, *, ones: bool = False) -> list[Tensor]:
    """Return what each tap of the kernel meets, (m, C, height', width') each, as views."""
    layer = cast(nn.Conv2d, flow.module)
    x = flow.inputs.double()
    padded = _padded(layer, torch.ones_like(x) if ones else x)
    height, width = flow.outputs.shape[2:]
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
