"""The two halves of batch normalization, each alone: subtract the mean, or divide by the deviation (A7, A8)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase


class _Half(_NormBase):
    """One channel's share of batch normalization, with batch norm's own buffers, momentum, ε, scale and shift.

    Sharing the base of torch's batch-norm layers, it is trained, evaluated, stored and stripped of its averages as they
    are (D1): the batch's statistics while training or where no averages are kept, the averages otherwise.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        super().__init__(channels, affine=affine)

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and biased variance (C,) of the batch, or the averages; update these while training (A12)."""
        if self.running_mean is not None and self.running_var is not None and not self.training:
            return self.running_mean, self.running_var
        count = x.numel() // x.shape[1]
        if count < 2:
            raise ValueError(f"inputs of shape {tuple(x.shape)} have one value per channel, which has no deviation")
        variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
        if self.training and self.track_running_stats:
            self._remember(mean.detach(), variance.detach() * (count / (count - 1)))
        return mean, variance

    def _remember(self, mean: Tensor, unbiased: Tensor) -> None:
        """Move the averages as torch does: by the momentum, and with the unbiased variance."""
        share = 0.1 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)  # type: ignore[union-attr]
        self.running_var.lerp_(unbiased, share)  # type: ignore[union-attr]
        self.num_batches_tracked.add_(1)  # type: ignore[union-attr]

    def _learned(self, x: Tensor, along: Callable[[Tensor], Tensor]) -> Tensor:
        return x if self.weight is None else x * along(self.weight) + along(self.bias)


class Centre(_Half):
    """y = γ (x - E[x]) + β for every channel: mean-only batch normalization (Salimans and Kingma 2016, §4)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        along = _per_channel(x)
        return self._learned(x - along(self._statistics(x)[0]), along)


class Scale(_Half):
    """y = γ x / √(Var[x] + ε) + β for every channel: divides by the centred deviation, and leaves the mean (A8)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize x (N, C, ...)."""
        along = _per_channel(x)
        return self._learned(x * along((self._statistics(x)[1] + self.eps).rsqrt()), along)


def _per_channel(x: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function that gives a vector (C,) the axes of x."""
    shape = [1, -1, *[1] * (x.ndim - 2)]
    return lambda vector: vector.view(shape)


__all__ = ["Centre", "Scale"]
