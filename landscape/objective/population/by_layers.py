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
from dataclasses import dataclass

import torch
from torch import Tensor

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.forward import BatchLoss, Forward
from normscape.landscape.objective.population.moments import FixedStatistics, Moments, pooled


@dataclass(frozen=True, eq=False)
class LayeredLoss:
    """f(θ) over tiles of an evaluation set, of any network."""

    forward: Forward

    def outputs(self, theta: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False) -> list[Tensor]:
        """Return the outputs of every tile.

        Args:
            theta: θ (P,).
            tiles: the partition of the evaluation set.
            stop: polled before every pass.

        Raises:
            StoppedError: `stop()` was true.
        """
        return self._outputs(theta, tiles, _statistics(*self._terms(tiles), theta, stop))

    def gradient(
        self, theta: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False
    ) -> tuple[list[Tensor], Tensor]:
        """Return the outputs of every tile, and ∇f(θ) (P,).

        Raises:
            StoppedError: `stop()` was true before a pass.
        """
        losses, weights = self._terms(tiles)
        statistics = _statistics(losses, weights, theta, stop)
        return self._outputs(theta, tiles, statistics), _gradient(losses, weights, theta, statistics, stop)

    def hvp(self, theta: Tensor, v: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False) -> Tensor:
        """Return H(θ)v (P,), by forward mode over the gradient, which keeps no tile's graph.

        Raises:
            StoppedError: `stop()` was true before a pass.
        """
        losses, weights = self._terms(tiles)

        def gradient(point: Tensor) -> Tensor:
            return _gradient(losses, weights, point, _statistics(losses, weights, point, stop), stop)

        product: Tensor = torch.func.jvp(gradient, (theta,), (v,))[1]
        return product

    def _terms(self, tiles: Sequence[slice]) -> tuple[list[BatchLoss], list[float]]:
        samples = self.forward.samples.count
        return [self.forward.term(tile) for tile in tiles], [(tile.stop - tile.start) / samples for tile in tiles]

    def _outputs(self, theta: Tensor, tiles: Sequence[slice], statistics: tuple[Moments, ...]) -> list[Tensor]:
        return [self.forward.outputs(theta, tile, statistics) for tile in tiles]


def _statistics(
    losses: Sequence[BatchLoss], weights: Sequence[float], theta: Tensor, stop: Stop
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
        statistics.append(pooled(recorded, weights))


def _gradient(
    losses: Sequence[BatchLoss],
    weights: Sequence[float],
    theta: Tensor,
    statistics: Sequence[Moments],
    stop: Stop,
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
