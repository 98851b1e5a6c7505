"""Filter response normalization, and the threshold that takes the place of the activation (arXiv 1911.09737)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from normscape.models.normalizations.affine import affine_map, per_channel, scale_and_shift
from normscape.models.normalizations.rms import EPSILON


class FilterResponse(nn.Module):
    """y = γ x / √(ν² + ε) + β, with ν² the mean of x² over a channel's positions (Singh and Krishnan 2020).

    ε is a constant here: the paper learns it only for maps of one position, where y is about the sign of x.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        """Build the layer for inputs (N, channels, *positions)."""
        super().__init__()
        self.weight, self.bias = scale_and_shift(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, *positions)."""
        squares = x.square().mean(list(range(2, x.ndim)), keepdim=True)
        return affine_map(x * (squares + EPSILON).rsqrt(), self.weight, self.bias)


class Threshold(nn.Module):
    """The thresholded linear unit max(y, τ), with τ learned per channel (Singh and Krishnan 2020).

    τ is learned without `affine`, too, since it is part of the activation. At τ = 0, its initial value, it is a ReLU.
    """

    def __init__(self, channels: int) -> None:
        """Build the layer for inputs (N, channels, ...)."""
        super().__init__()
        self.threshold = nn.Parameter(torch.zeros(channels))

    def forward(self, y: Tensor) -> Tensor:
        """Return max(y, τ) for y (N, C, ...)."""
        return torch.maximum(y, per_channel(self.threshold, y))
