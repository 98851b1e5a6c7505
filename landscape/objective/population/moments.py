"""Statistics of batch norm that come from elsewhere: given ones, or those that are recorded on the way (D1).

Two implementations of batch statistics are supported: `torch.nn.functional.batch_norm`, which all of torch's layers
call, and `torch.var_mean` over the first axis, which center-only and scale-only batch normalization call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Moments = tuple[Tensor, Tensor]
"""Mean and biased variance of every channel, (C,) each."""


def moments_of(x: Tensor) -> Moments:
    """Return mean and biased variance of every channel of x (N, C, ...)."""
    variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
    return mean, variance


def pooled(moments: Sequence[Moments], weights: Sequence[float]) -> Moments:
    """Return mean and variance over all micro-batches from those of each, with their fractions of the samples."""
    pairs = list(zip(moments, weights, strict=True))
    mean = sum((weight * m for (m, _), weight in pairs), start=torch.zeros_like(moments[0][0]))
    spreads = (weight * (v + (m - mean).square()) for (m, v), weight in pairs)
    return mean, sum(spreads, start=torch.zeros_like(mean))


class _Statistics(TorchFunctionMode):
    """Replace the batch statistics of batch normalization by those that `of` returns for a layer's input."""

    def of(self, x: Tensor) -> Moments:
        """Return the moments that the next layer uses; x is its input (N, C, ...)."""
        raise NotImplementedError

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Override calls that compute statistics over the batch; pass on all others."""
        named = kwargs or {}
        if func is functional.batch_norm:
            return self._batch_norm(*args, **named)
        if func is torch.var_mean and _over_samples(*args[1:], **named):
            mean, variance = self.of(args[0])
            return variance, mean
        return func(*args, **named)

    def _batch_norm(
        self,
        x: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        if not training:
            return functional.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
        shape = [1, -1, *[1] * (x.ndim - 2)]
        mean, variance = self.of(x)
        scale = (variance + eps).rsqrt() if weight is None else weight * (variance + eps).rsqrt()
        normalized = (x - mean.view(shape)) * scale.view(shape)
        return normalized if bias is None else normalized + bias.view(shape)


class UsedStatistics(_Statistics):
    """Let the layer inside use given moments; without any, its own."""

    def __init__(self, moments: Moments | None) -> None:
        super().__init__()
        self._moments = moments

    def of(self, x: Tensor) -> Moments:
        """Return the given moments."""
        return moments_of(x) if self._moments is None else self._moments


class RecordedStatistics(_Statistics):
    """Record the moments of every layer's input, in the order of the calls, and let the layer use them."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[Moments] = []

    def of(self, x: Tensor) -> Moments:
        """Return the moments of x."""
        self.recorded.append(moments_of(x))
        return self.recorded[-1]


class FixedStatistics(_Statistics):
    """Let layers use fixed moments, and record the moments of their inputs.

    Attributes:
        recorded: the moments of each layer's own input, in the order of the calls.
    """

    def __init__(self, moments: Sequence[Moments], *, last: int | None = None) -> None:
        """Use these moments for the first layers; with `last`, end the forward pass at the layer of that index."""
        super().__init__()
        self.recorded: list[Moments] = []
        self._moments, self._last = moments, last

    def of(self, x: Tensor) -> Moments:
        """Return the fixed moments of the next layer."""
        self.recorded.append(moments_of(x))
        index = len(self.recorded) - 1
        if index == self._last:
            raise _EarlyExitError
        return self._moments[index]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Leave the mode, and suppress the exception of an early exit."""
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        return kind is _EarlyExitError


class _EarlyExitError(Exception):
    """Ends a forward pass at the layer whose moments are needed."""


def _over_samples(dim: object = None, **_: object) -> bool:
    return isinstance(dim, list | tuple) and 0 in dim
