"""Copies of any network that share nothing with it: without wrappers, and with second derivatives (science.md D0)."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch._dynamo.eval_frame import OptimizedModule
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.utils.parametrizations import _WeightNorm
from torch.nn.utils.weight_norm import WeightNorm


def copied(module: nn.Module) -> nn.Module:
    """Return a copy of a network that computes the same function, with names as without wrappers.

    `DataParallel`, `DistributedDataParallel` and `torch.compile` are taken off. Tensors that hooks compute before a
    forward pass (old weight and spectral normalization, pruning), which `copy.deepcopy` refuses, are copied by value.
    Torch's fused weight normalization, whose second derivative is wrong, becomes g v/‖v‖.
    """
    inner = _unwrapped(module)
    computed = {
        id(tensor): tensor.detach().clone()
        for part in inner.modules()
        for tensor in vars(part).values()
        if isinstance(tensor, Tensor) and not tensor.is_leaf
    }
    private: nn.Module = copy.deepcopy(inner, computed)
    for part in list(private.modules()):
        for name, child in part.named_children():
            if isinstance(child, _WRAPPERS):
                setattr(part, name, _unwrapped(child))
    for part in private.modules():
        _use_exact_weight_norm(part)
    return private


_WRAPPERS = (DataParallel, DistributedDataParallel, OptimizedModule)


def _unwrapped(module: nn.Module) -> nn.Module:
    while isinstance(module, _WRAPPERS):
        module = module._orig_mod if isinstance(module, OptimizedModule) else module.module
    return module


def _use_exact_weight_norm(part: nn.Module) -> None:
    if isinstance(part, _WeightNorm):
        part.forward = partial(_weight, axis=part.dim)  # type: ignore[method-assign]
    for hook in part._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm):
            hook.compute_weight = partial(_hooked_weight, hook)  # type: ignore[method-assign]


def _hooked_weight(hook: WeightNorm, layer: nn.Module) -> Any:
    return _weight(getattr(layer, f"{hook.name}_g"), getattr(layer, f"{hook.name}_v"), hook.dim)


def _weight(lengths: Tensor, directions: Tensor, axis: int) -> Tensor:
    """Return g v/‖v‖, the norm over all axes but one, or over all if it is -1."""
    over = tuple(k for k in range(directions.ndim) if k != axis)
    norms: Tensor = torch.linalg.vector_norm(directions, dim=over, keepdim=axis != -1)
    return lengths * directions / norms
