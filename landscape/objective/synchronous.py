"""Population statistics of a set that is too large for one pass, exactly, gradient included: layer by layer (D1).

With mean and variance s_k of batch-norm layer k over the whole set, f(θ) = Σ_t f_t(θ, s_1 … s_K), where each tile t has
a share f_t, and s_k = Σ_t m_kt(θ, s_1 … s_(k-1)). Forward, one layer after another: all tiles up to layer k give s_k.
Backward, the method of Lagrange multipliers: λ_k = Σ_t ∂/∂s_k [f_t + Σ_(j>k) ⟨λ_j, m_jt⟩], from the last layer to the
first, and ∇f = Σ_t ∂/∂θ [f_t + Σ_j ⟨λ_j, m_jt⟩]. No more than one tile's graph exists at a time; the price is a pass
over the set for every layer, forward and backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from normscape.landscape.measurement import Stop, unless

Share = Callable[[Tensor], Tensor]
"""One tile's share of a scalar, as a function of θ."""

Moments = tuple[Tensor, Tensor]
"""Mean and biased variance of every channel, (C,) each."""


class _Reached(Exception):  # noqa: N818 - not an error: the layer that was waited for
    """The layer whose moments are wanted has been reached."""


class given_statistics(TorchFunctionMode):  # noqa: N801 - used as a verb: with given_statistics(…)
    """Let batch normalization use statistics that are given, and keep those of what it is shown.

    Two ways to take statistics over a batch are known: `torch.nn.functional.batch_norm`, which all of torch's layers
    call, and `torch.var_mean` over the first axis, which the halves of batch normalization call.

    Attributes:
        met: the moments of each layer's own input, in the order of the calls.
    """

    def __init__(self, given: Sequence[Moments], *, last: int | None = None) -> None:
        """Use the moments of the first layers; with `last`, leave the network at the layer of that number."""
        super().__init__()
        self.met: list[Moments] = []
        self._given, self._last = given, last

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Take the place of a call that would take statistics of its batch, and of no other."""
        named = kwargs or {}
        if func is functional.batch_norm:
            return self._normalized(*args, **named)
        if func is torch.var_mean and _over_samples(*args[1:], **named):
            mean, variance = self._next(args[0])
            return variance, mean
        return func(*args, **named)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Leave the mode; a network that was left on purpose is no error."""
        super().__exit__(kind, error, trace)  # type: ignore[no-untyped-call]
        return kind is _Reached

    def _normalized(
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
        self.met.append((mean, variance))
        number = len(self.met) - 1
        if number == self._last:
            raise _Reached
        return self._given[number]


def statistics_at(
    shares: Sequence[Share], weights: Sequence[float], theta: Tensor, *, stop: Stop = lambda: False
) -> tuple[Moments, ...]:
    """Return the moments of every batch-norm layer's input over all tiles, in the order of the layers' calls.

    Args:
        shares: one function of θ per tile; what they return is not used.
        weights: each tile's share of the samples.
        theta: θ (P,).
        stop: asked before every pass.

    Raises:
        Stopped: `stop()` was true.
    """
    found: list[Moments] = []
    while True:
        met: list[Moments] = []
        for share in shares:
            unless(stop)
            with given_statistics(found, last=len(found)) as mode:
                share(theta)
            met.extend(mode.met[len(found) :])
        if not met:
            return tuple(found)
        found.append(_together(met, weights))


def gradient_at(
    shares: Sequence[Share],
    weights: Sequence[float],
    theta: Tensor,
    statistics: Sequence[Moments],
    *,
    stop: Stop = lambda: False,
) -> Tensor:
    """Return the gradient (P,) of the sum of all shares, through the statistics of all tiles together.

    Args:
        shares: one function of θ per tile.
        weights: each tile's share of the samples.
        theta: θ (P,).
        statistics: those at θ.
        stop: asked before every pass.

    Raises:
        Stopped: `stop()` was true.
    """
    multipliers: list[Moments] = []  # λ_k, of the last layer first
    for k in reversed(range(len(statistics))):
        total = tuple(torch.zeros_like(moment) for moment in statistics[k])
        for share, weight in zip(shares, weights, strict=True):
            unless(stop)
            slope = torch.func.grad(_lagrangian(share, weight, statistics, multipliers, k), argnums=1)
            total = tuple(a + b for a, b in zip(total, slope(theta, statistics[k]), strict=True))
        multipliers.append((total[0], total[1]))
    gradient = torch.zeros_like(theta)
    for share, weight in zip(shares, weights, strict=True):
        unless(stop)
        gradient = gradient + torch.func.grad(_lagrangian(share, weight, statistics, multipliers, None))(theta)
    return gradient


def hessian_product(
    shares: Sequence[Share], weights: Sequence[float], theta: Tensor, v: Tensor, *, stop: Stop = lambda: False
) -> Tensor:
    """Return H(θ)v (P,): forward mode over all of the above, which keeps no tile's graph either.

    Raises:
        Stopped: `stop()` was true before a pass.
    """

    def gradient(point: Tensor) -> Tensor:
        return gradient_at(shares, weights, point, statistics_at(shares, weights, point, stop=stop), stop=stop)

    product: Tensor = torch.func.jvp(gradient, (theta,), (v,))[1]
    return product


def _lagrangian(
    share: Share, weight: float, statistics: Sequence[Moments], multipliers: Sequence[Moments], k: int | None
) -> Callable[..., Tensor]:
    """Return θ, s_k ↦ f_t + Σ_(j>k) ⟨λ_j, m_jt⟩ of one tile, with all other statistics held."""

    def value(theta: Tensor, moments: Moments | None = None) -> Tensor:
        given = list(statistics)
        if k is not None and moments is not None:
            given[k] = moments
        with given_statistics(given) as mode:
            total = share(theta)
        last = len(statistics) - 1
        for step, (of_mean, of_variance) in enumerate(multipliers):
            mean, variance = mode.met[last - step]
            # of all tiles together the variance is Σ w (v + (m - m̄)²), in which m̄ has no slope
            spread = variance + (mean - statistics[last - step][0]).square()
            total = total + weight * ((of_mean * mean).sum() + (of_variance * spread).sum())
        return total

    return value


def _together(met: Sequence[Moments], weights: Sequence[float]) -> Moments:
    """Return mean and variance of all tiles' values from those of each."""
    pairs = list(zip(met, weights, strict=True))
    mean = sum((weight * m for (m, _), weight in pairs), start=torch.zeros_like(met[0][0]))
    spreads = (weight * (v + (m - mean).square()) for (m, v), weight in pairs)
    return mean, sum(spreads, start=torch.zeros_like(mean))


def _over_samples(dim: object = None, **_: object) -> bool:
    return isinstance(dim, list | tuple) and 0 in dim
