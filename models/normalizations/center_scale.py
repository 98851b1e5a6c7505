"""The two halves of batch normalization, alone: subtract the mean, or divide by the standard deviation (A7, A8)."""

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase

from normscape.models.normalizations.affine import affine_map, per_channel


class OverSamples(_NormBase):
    """A relative of batch normalization, with the buffers, momentum, ε, scale and shift of torch's batch norm.

    It inherits from the base class of torch's batch-norm layers, so that code for these applies (D1): it uses batch
    statistics in training mode or without running averages, and the running averages otherwise.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        super().__init__(channels, affine=affine)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return batch mean and biased variance (C,), or the running averages; update these in training (A12)."""
        if self.running_mean is not None and self.running_var is not None and not self.training:
            return self.running_mean, self.running_var
        count = x.numel() // x.shape[1]
        if count < 2:
            raise ValueError(f"inputs of shape {tuple(x.shape)} have one value per channel, which has no variance")
        variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
        if self.training and self.track_running_stats:
            self._update_averages(mean.detach(), variance.detach() * (count / (count - 1)))
        return mean, variance

    def _update_averages(self, mean: Tensor, unbiased: Tensor) -> None:
        """Update the running averages as torch does: by the momentum, with the unbiased variance."""
        weight = 0.1 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, weight)  # type: ignore[union-attr]
        self.running_var.lerp_(unbiased, weight)  # type: ignore[union-attr]
        self.num_batches_tracked.add_(1)  # type: ignore[union-attr]

    def _affine(self, y: Tensor) -> Tensor:
        return affine_map(y, self.weight, self.bias)


class Center(OverSamples):
    """y = γ (x - E[x]) + β for every channel: mean-only batch normalization (Salimans and Kingma 2016, §4)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        return self._affine(x - per_channel(self._statistics(x)[0], x))


class Scale(OverSamples):
    """y = γ x / √(Var[x] + ε) + β for every channel: divides by the standard deviation and keeps the mean (A8)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        return self._affine(x * per_channel((self._statistics(x)[1] + self.eps).rsqrt(), x))


__all__ = ["Center", "OverSamples", "Scale"]
