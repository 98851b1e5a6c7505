"""The filters of a parameter (D3): the weights that belong to one output."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.utils.parametrizations import _WeightNorm
from torch.nn.utils.parametrize import ParametrizationList
from torch.nn.utils.weight_norm import WeightNorm

ELEMENTWISE = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)
"""Layers whose parameters scale and shift each element; their parameters have no filters, whatever their shape."""

WEIGHTED = (nn.Linear, _ConvNd, nn.Embedding, nn.EmbeddingBag, nn.Bilinear, nn.RNNBase, nn.MultiheadAttention)
"""Layers whose weights have one filter per index of the first axis, also if there is only one."""


@dataclass(frozen=True)
class FilterLayout:
    """The partition of a parameter into filters.

    One index of the first axis is one filter: a row of a linear layer, of attention's fused in-projection (one entry of
    a query, key or value) or of a recurrent layer, an output channel of a convolution (also depthwise), an embedding
    vector. Of learned positions (1, T, D), each of the T is a filter. A transposed convolution stores its weights by
    input channel, in `groups` groups; its filters are output channels, each with the weights from all input channels of
    its group. Parameters with one axis, parameters of normalization layers and the lengths of a normalized weight have
    no filters.
    """

    shape: tuple[int, ...]
    groups: int | None = None  # only for a transposed convolution
    elementwise: bool = False
    axis: int = 0  # of the filters

    @property
    def present(self) -> bool:
        """Whether the parameter has filters."""
        return len(self.shape) > 1 and not self.elementwise

    def rows(self, values: Tensor) -> Tensor:
        """Return the parameter's values (flat or not) as filters (F, n), one per row."""
        if self.groups is None:
            return values.reshape(self.shape[self.axis], -1)
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
    path, _, own = name.rpartition(".")
    holder = module.get_submodule(path)
    owner = module.get_submodule(layer_name(name) if is_parametrized(name) else path)
    if isinstance(owner, ELEMENTWISE) or _is_length(holder, own):
        return FilterLayout(shape, elementwise=True)
    if isinstance(owner, _ConvTransposeNd) and len(shape) > 1:
        return FilterLayout(shape, groups=owner.groups)
    are_positions = len(shape) == 3 and shape[0] == 1 and not isinstance(owner, WEIGHTED)
    return FilterLayout(shape, axis=1 if are_positions else 0)


def still_values(module: nn.Module, name: str) -> Tensor | None:
    """Return which values of a parameter do not move (bool, in its shape): they have no gradient although f may depend.

    These are the vector of an embedding's padding index, and values that pruning sets to 0. None if all move.
    """
    path, _, own = name.rpartition(".")
    holder = module.get_submodule(path)
    mask = getattr(holder, f"{own.removesuffix('_orig')}_mask", None) if own.endswith("_orig") else None
    if isinstance(mask, Tensor):
        return mask.detach().cpu() == 0
    if isinstance(holder, nn.Embedding | nn.EmbeddingBag) and own == "weight" and holder.padding_idx is not None:
        still = torch.zeros(holder.weight.shape, dtype=torch.bool)
        still[holder.padding_idx] = True
        return still
    return None


def is_parametrized(name: str) -> bool:
    """Whether a parameter is what a parametrization of torch computes a layer's tensor from."""
    return "parametrizations." in name


def layer_name(name: str) -> str:
    """Return the name of the layer that a parameter belongs to; "" is the network itself."""
    if is_parametrized(name):
        return name.partition("parametrizations.")[0].rstrip(".")
    return name.rpartition(".")[0]


def plain_name(module: nn.Module, name: str) -> str:
    """Return the name that a parameter has without parametrization, normalization or pruning of its tensor.

    Of a normalized weight, the direction counts as the weight.
    """
    if is_parametrized(name):
        layer, _, rest = name.partition("parametrizations.")
        tensor, _, part = rest.partition(".")
        return f"{layer}{tensor}" if part in ("original", "original1") else name
    path, _, own = name.rpartition(".")
    for hook in module.get_submodule(path)._forward_pre_hooks.values():
        normalized = getattr(hook, "name", getattr(hook, "_tensor_name", None))  # of a normalization, of pruning
        if normalized is not None and own in (f"{normalized}_v", f"{normalized}_orig"):
            return f"{path}.{normalized}".lstrip(".")
    return name


def _is_length(holder: nn.Module, name: str) -> bool:
    """Whether a parameter holds the lengths of torch's weight normalization, in either form."""
    if isinstance(holder, ParametrizationList):
        return name == "original0" and isinstance(holder[0], _WeightNorm)
    return any(isinstance(hook, WeightNorm) and name == f"{hook.name}_g" for hook in holder._forward_pre_hooks.values())
