"""Population statistics and their gradients over micro-batches, exact to rounding (D1).

With mean and variance s_k of batch-norm layer k over the whole set, f(θ) = Σ_t f_t(θ, s_1 … s_K), where f_t is the term
of micro-batch t, and s_k = Σ_t m_kt(θ, s_1 … s_(k-1)). The forward pass runs all micro-batches up to layer k to
compute s_k, layer by layer. The backward pass uses Lagrange multipliers:
λ_k = Σ_t ∂/∂s_k [f_t + Σ_(j>k) ⟨λ_j, m_jt⟩], from the last layer to the first, and
∇f = Σ_t ∂/∂θ [f_t + Σ_j ⟨λ_j, m_jt⟩].
Only one micro-batch's graph exists at a time. The cost is one forward and one backward pass over the set per layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from normscape.landscape.measurement import Stop, check_stop

BatchLoss = Callable[[Tensor], Tensor]
"""The term of f(θ) that one batch contributes, as a function of θ (P,)."""

Moments = tuple[Tensor, Tensor]
"""Mean and biased variance of every channel, (C,) each."""


class _EarlyExitError(Exception):
    """Ends a forward pass at the layer whose moments are needed."""


class FixedStatistics(TorchFunctionMode):
    """Replace the batch statistics of batch normalization by fixed ones, and record the moments of its inputs.

    Two implementations of batch statistics are supported: `torch.nn.functional.batch_norm`, which all of torch's layers
    call, and `torch.var_mean` over the first axis, which center-only and scale-only batch normalization call.

    Attributes:
        recorded: the moments of each layer's own input, in the order of the calls.
    """

    def __init__(self, moments: Sequence[Moments], *, last: int | None = None) -> None:
        """Use these moments for the first layers; with `last`, end the forward pass at the layer of that index."""
        super().__init__()
        self.recorded: list[Moments] = []
        self._moments, self._last = moments, last

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Override calls that compute statistics over the batch; pass on all others."""
        named = kwargs or {}
        if func is functional.batch_norm:
            return self._batch_norm(*args, **named)
        if func is torch.var_mean and _over_samples(*args[1:], **named):
            mean, variance = self._next(args[0])
            return variance, mean
        return func(*args, **named)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Leave the mode, and suppress the exception of an early exit."""
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        return kind is _EarlyExitError

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
        mean, variance = self._next(x)
        scale = (variance + eps).rsqrt() if weight is None else weight * (variance + eps).rsqrt()
        normalized = (x - mean.view(shape)) * scale.view(shape)
        return normalized if bias is None else normalized + bias.view(shape)

    def _next(self, x: Tensor) -> Moments:
        variance, mean = torch.var_mean(x, [axis for axis in range(x.ndim) if axis != 1], correction=0)
        self.recorded.append((mean, variance))
        index = len(self.recorded) - 1
        if index == self._last:
            raise _EarlyExitError
        return self._moments[index]


def synchronous_statistics(
    losses: Sequence[BatchLoss], weights: Sequence[float], theta: Tensor, *, stop: Stop = lambda: False
) -> tuple[Moments, ...]:
    """Return the moments of every batch-norm layer's input over all micro-batches, in the order of the layers' calls.

    Args:
        losses: one function of θ per micro-batch; its value is not used.
        weights: each micro-batch's fraction of the samples.
        theta: θ (P,).
        stop: polled before every pass.

    Raises:
        StoppedError: `stop()` was true.
    """
    statistics: list[Moments] = []
    while True:
        recorded: list[Moments] = []
        for loss in losses:
            check_stop(stop)
            with FixedStatistics(statistics, last=len(statistics)) as mode:
                loss(theta)
            recorded.extend(mode.recorded[len(statistics) :])
        if not recorded:
            return tuple(statistics)
        statistics.append(_pooled(recorded, weights))


def synchronous_gradient(
    losses: Sequence[BatchLoss],
    weights: Sequence[float],
    theta: Tensor,
    statistics: Sequence[Moments],
    *,
    stop: Stop = lambda: False,
) -> Tensor:
    """Return the gradient (P,) of the sum of all terms, through the statistics of all micro-batches together.

    Args:
        losses: one function of θ per micro-batch.
        weights: each micro-batch's fraction of the samples.
        theta: θ (P,).
        statistics: the statistics at θ.
        stop: polled before every pass.

    Raises:
        StoppedError: `stop()` was true.
    """
    multipliers: list[Moments] = []  # λ_k, the last layer first
    for k in reversed(range(len(statistics))):
        total = tuple(torch.zeros_like(moment) for moment in statistics[k])
        for loss, weight in zip(losses, weights, strict=True):
            check_stop(stop)
            slope = torch.func.grad(_lagrangian(loss, weight, statistics, multipliers, k), argnums=1)
            total = tuple(a + b for a, b in zip(total, slope(theta, statistics[k]), strict=True))
        multipliers.append((total[0], total[1]))
    gradient = torch.zeros_like(theta)
    for loss, weight in zip(losses, weights, strict=True):
        check_stop(stop)
        gradient = gradient + torch.func.grad(_lagrangian(loss, weight, statistics, multipliers, None))(theta)
    return gradient


def synchronous_hvp(
    losses: Sequence[BatchLoss], weights: Sequence[float], theta: Tensor, v: Tensor, *, stop: Stop = lambda: False
) -> Tensor:
    """Return H(θ)v (P,), by forward mode over the synchronous gradient, which keeps no micro-batch's graph.

    Raises:
        StoppedError: `stop()` was true before a pass.
    """

    def gradient(point: Tensor) -> Tensor:
        statistics = synchronous_statistics(losses, weights, point, stop=stop)
        return synchronous_gradient(losses, weights, point, statistics, stop=stop)

    product: Tensor = torch.func.jvp(gradient, (theta,), (v,))[1]
    return product


def _lagrangian(
    loss: BatchLoss, weight: float, statistics: Sequence[Moments], multipliers: Sequence[Moments], k: int | None
) -> Callable[..., Tensor]:
    """Return θ, s_k ↦ f_t + Σ_(j>k) ⟨λ_j, m_jt⟩ for one micro-batch, with all other statistics fixed."""

    def value(theta: Tensor, moments: Moments | None = None) -> Tensor:
        fixed = list(statistics)
        if k is not None and moments is not None:
            fixed[k] = moments
        with FixedStatistics(fixed) as mode:
            total = loss(theta)
        last = len(statistics) - 1
        for step, (of_mean, of_variance) in enumerate(multipliers):
            mean, variance = mode.recorded[last - step]
            # the pooled variance is Σ w (v + (m - m̄)²), whose derivative by m̄ is 0
            spread = variance + (mean - statistics[last - step][0]).square()
            total = total + weight * ((of_mean * mean).sum() + (of_variance * spread).sum())
        return total

    return value


def _pooled(moments: Sequence[Moments], weights: Sequence[float]) -> Moments:
    """Return mean and variance over all micro-batches from those of each."""
    pairs = list(zip(moments, weights, strict=True))
    mean = sum((weight * m for (m, _), weight in pairs), start=torch.zeros_like(moments[0][0]))
    spreads = (weight * (v + (m - mean).square()) for (m, v), weight in pairs)
    return mean, sum(spreads, start=torch.zeros_like(mean))


def _over_samples(dim: object = None, **_: object) -> bool:
    return isinstance(dim, list | tuple) and 0 in dim
