"""The learned scale and shift per channel that end a normalization (A10)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def scale_and_shift(channels: int, *, affine: bool) -> tuple[nn.Parameter | None, nn.Parameter | None]:
    """Return γ = 1 and β = 0 (C,), or None twice without `affine`."""
    if not affine:
        return None, None
    return nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))


def affine_map(y: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """Return γ y + β for y (N, C, ...), or y without γ and β."""
    if weight is None or bias is None:
        return y
    return y * per_channel(weight, y) + per_channel(bias, y)


def per_channel(vector: Tensor, x: Tensor) -> Tensor:
    """Return a vector (C,) in a shape that broadcasts with x (N, C, ...)."""
    return vector.view(1, -1, *[1] * (x.ndim - 2))
