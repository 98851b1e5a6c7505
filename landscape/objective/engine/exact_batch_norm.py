"""Batch norm over a whole evaluation set with the channels last: as fast as torch's, as exact as with channels first.

torch sums a channel's values one by one in float32 when the channels come last, so that statistics of many values are
off by up to 1e-4. Here moments are taken by blocks and pooled in float64, with w a block's share of the values:
mean = Σ w m, variance = Σ w (v + (m - mean)²).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import BatchNorm2d

VALUES_PER_BLOCK = 2048
"""Values per channel in one block: few enough for exact sums, and a block of 16 to 64 channels stays in the cache."""


def use_exact_batch_norm(network: nn.Module) -> None:
    """Let the batch-norm layers of a network that take batch statistics do so by blocks, where channels come last."""
    for layer in network.modules():
        if type(layer) is BatchNorm2d and layer.running_mean is None:
            layer.forward = partial(_forward, layer)  # type: ignore[method-assign]


def _forward(layer: BatchNorm2d, x: Tensor) -> Tensor:
    if x.dtype != torch.float32 or x.device.type != "cpu" or not _has_channels_last(x):
        return BatchNorm2d.forward(layer, x)
    return _BatchNorm.apply(x, layer.weight, layer.bias, layer.eps)  # type: ignore[no-any-return, no-untyped-call]


class _BatchNorm(torch.autograd.Function):
    """y = γ (x - μ)/√(v + ε) + β with the batch's own μ and v, for x (N, C, H, W)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        mean, variance = block_moments(x)
        ctx.eps = eps
        ctx.save_for_backward(x, weight, mean, (variance.double() + eps).rsqrt().to(x.dtype))
        return functional.batch_norm(x, mean, variance, weight, bias, training=False, momentum=0.0, eps=eps)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        x, weight, mean, inverse = ctx.saved_tensors
        wanted = [ctx.needs_input_grad[0], *(needed and weight is not None for needed in ctx.needs_input_grad[1:3])]
        through = torch.ops.aten.native_batch_norm_backward
        return *through(slopes[0], x, weight, None, None, mean, inverse, True, ctx.eps, wanted), None


def block_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of every channel (C,) of x (N, C, H, W)."""
    rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    blocks = torch.split(rows, VALUES_PER_BLOCK)
    moments = [torch.batch_norm_update_stats(block.T[None, :, :, None], None, None, 0.0) for block in blocks]
    share = torch.tensor([len(block) / len(rows) for block in blocks], dtype=torch.float64)[:, None]
    means, variances = (torch.stack(column).double() for column in zip(*moments, strict=True))
    mean = (share * means).sum(0)
    variance = (share * (variances + (means - mean).square())).sum(0)
    return mean.to(x.dtype), variance.to(x.dtype)


def _has_channels_last(x: Tensor) -> bool:
    return x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
