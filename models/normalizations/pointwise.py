"""Functions of each value alone in place of a normalization: tanh and the error function, without statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from normscape.models.normalizations.affine import affine_map, scale_and_shift

INITIAL_SCALE = 0.5
"""The initial α of both papers."""


class DynamicTanh(nn.Module):
    """y = γ tanh(α x) + β for every channel (Zhu et al. 2025, arXiv 2503.10622, §4).

    α is one scalar per layer. It is learned without `affine`, too, since it is not part of the affine map.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        """Build the layer for inputs (N, channels, ...)."""
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), INITIAL_SCALE))
        self.weight, self.bias = scale_and_shift(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output for x (N, C, ...)."""
        return affine_map(torch.tanh(self.alpha * x), self.weight, self.bias)


class DynamicErf(nn.Module):
    """y = γ erf(α x + s) + β for every channel (Chen et al. 2025, arXiv 2512.10938).

    α and s are one scalar each per layer, initially 0.5 and 0. They are learned without `affine`, too.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        """Build the layer for inputs (N, channels, ...)."""
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), INITIAL_SCALE))
        self.shift = nn.Parameter(torch.zeros(1))
        self.weight, self.bias = scale_and_shift(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output for x (N, C, ...)."""
        return affine_map(torch.erf(self.alpha * x + self.shift), self.weight, self.bias)
