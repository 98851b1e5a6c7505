"""A linear layer or a convolution with merged batch norm, sum and ReLU: one pass over memory in place of four."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d
from torch.nn.utils.parametrize import is_parametrized


class Merged(nn.Module):
    """A linear layer or a convolution together with what follows it: batch norm, the sum with a shortcut, ReLU."""

    def __init__(self, layer: nn.Linear | nn.Conv2d) -> None:
        """Start with the layer alone."""
        super().__init__()
        self.source: tuple[nn.Linear | nn.Conv2d, BatchNorm1d | BatchNorm2d | None] = (layer, None)
        self.relu = False
        self.adds = False  # to the second input, which is overwritten
        self.kernel = isinstance(layer, nn.Conv2d) and _has_kernel(layer)
        self.tensors: tuple[Tensor, Tensor | None]
        self._fixed: tuple[Tensor, Tensor] | None = None  # 1/√(v + ε) and μ of the averages
        self.refresh()

    def absorb(self, norm: BatchNorm1d | BatchNorm2d) -> None:
        """Take over batch norm with running averages."""
        if norm.running_mean is not None and norm.running_var is not None:
            self.source = self.source[0], norm
            precision = torch.promote_types(norm.running_var.dtype, torch.float32)
            self._fixed = (norm.running_var.to(precision) + norm.eps).rsqrt(), norm.running_mean.to(precision)

    @property
    def changes(self) -> bool:
        """Whether weight and bias are computed; otherwise they are the layer's own, which are overwritten in place."""
        return self.source[1] is not None or is_parametrized(self.source[0])

    def refresh(self) -> None:
        """Compute weight and bias from the parameters of the layer and of batch norm."""
        layer, norm = self.source
        weight, bias = layer.weight.detach(), None if layer.bias is None else layer.bias.detach()
        if norm is not None and self._fixed is not None:
            inverse, mean = self._fixed  # float32 at least: products of bfloat16 are rounded once
            scale = inverse if norm.weight is None else inverse * norm.weight.detach()
            shift = mean.neg() if bias is None else bias - mean
            shift = shift * scale if norm.bias is None else torch.addcmul(norm.bias.detach().to(shift), shift, scale)
            bias = shift.to(weight.dtype)
            weight = (weight * scale.view(-1, *[1] * (weight.ndim - 1))).to(weight.dtype)
        elif bias is None and self.kernel:
            bias = weight.new_zeros(len(weight))
        self.tensors = weight, bias

    def forward(self, x: Tensor, shortcut: Tensor | None = None) -> Tensor:
        """Return the output for x (N, ...)."""
        layer, (weight, bias) = self.source[0], self.tensors
        if not isinstance(layer, nn.Conv2d):
            product = functional.linear(x, weight, bias)
            return product.relu_() if self.relu else product
        if not self.kernel:
            outputs: Tensor = layer._conv_forward(x, weight, bias)
            outputs = outputs if shortcut is None else outputs.add_(shortcut)
            return outputs.relu_() if self.relu else outputs
        settings = (layer.padding, layer.stride, layer.dilation, layer.groups)
        kernel = torch.ops.mkldnn
        if shortcut is None:
            result = kernel._convolution_pointwise(x, weight, bias, *settings, "relu" if self.relu else "none", [], "")
        else:
            follow: tuple[object, ...] = ("add", 1.0, "relu" if self.relu else None, [], "")
            result = kernel._convolution_pointwise_(shortcut, x, weight, bias, *settings, *follow)
        return cast(Tensor, result)


def _has_kernel(layer: nn.Conv2d) -> bool:
    """Whether oneDNN's convolution with a following sum and ReLU computes this layer."""
    fits = layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    available = hasattr(torch.ops.mkldnn, "_convolution_pointwise") and torch._C._has_mkldnn
    return fits and available and layer.weight.device.type == "cpu" and _has_type(layer.weight.dtype)


def _has_type(dtype: torch.dtype) -> bool:
    """Whether the kernel computes in a precision: bfloat16 needs instructions of the processor."""
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32
