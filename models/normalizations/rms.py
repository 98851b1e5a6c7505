"""Root-mean-square normalization of a sample over its channels and positions."""

from __future__ import annotations

from torch import Tensor, nn

from normscape.models.normalizations.affine import affine_map, scale_and_shift

EPSILON = 1e-5
"""That of torch's batch and layer norm, so that compared normalizations share it."""


class RootMeanSquare(nn.Module):
    """y = γ x / √(mean of x² + ε) + β (Zhang and Sennrich 2019, arXiv 1910.07467, equation 4).

    The paper has no β; here `affine` means a scale and a shift per channel for every normalization.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        """Build the layer for inputs (N, channels, ...)."""
        super().__init__()
        self.channels = channels
        self.weight, self.bias = scale_and_shift(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        axes = list(range(1, x.ndim))
        y = x * (x.square().mean(axes, keepdim=True) + EPSILON).rsqrt()
        return affine_map(y, self.weight, self.bias)
