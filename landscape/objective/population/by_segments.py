"""Population statistics and their gradients over tiles in two sweeps, exact to rounding (D1).

With mean and variance s_k of batch-norm layer k over the whole set, segment k maps what lives before it and s_k to what
lives after it. Forward, every segment runs on all tiles before the next one begins, so that s_k = Σ_t w_t m(x_kt) is
known when it is needed; w_t is the fraction of the samples in tile t, and x_kt the layer's input. Backward, with v the
cotangents of what lives after a segment, all tiles give λ_k = Σ_t (∂ segment/∂s_k)ᵀ v_t, and the cotangent of x_kt gets
(λ_mean + 2 λ_variance (x_kt - mean))/n besides its own, with n values of a channel in the whole set. Only one segment
of one tile has a graph at a time. What lives between segments is kept, or computed again from every n-th cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import jvp, vjp

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.parameters import Layout
from normscape.landscape.objective.population.moments import Moments, moments_of, pooled
from normscape.landscape.objective.population.segments import Live, Segments


@dataclass(frozen=True, eq=False)
class SegmentedLoss:
    """f(θ) over tiles of an evaluation set."""

    segments: Segments
    layout: Layout
    frozen: Mapping[str, Tensor]  # buffers and frozen parameters
    inputs: Tensor  # (M, ...)
    value: Callable[[Tensor, slice], Tensor]  # outputs of a tile ↦ its term of f
    every: int = 1  # what lives between segments is kept at every n-th cut

    def outputs(self, theta: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False) -> list[Tensor]:
        """Return the outputs of every tile.

        Args:
            theta: θ (P,).
            tiles: the partition of the evaluation set.
            stop: polled before every segment of a tile.

        Raises:
            StoppedError: `stop()` was true.
        """
        live, tensors = self._start(tiles), self._tensors(theta)
        for k in range(self.segments.count):
            moments = self._moments(k, live, tiles)
            for tile in range(len(live)):
                live[tile] = self._step(k, live[tile], tensors, moments, stop)  # one by one, which frees memory
        return [each[self.segments.output] for each in live]

    def gradient(
        self, theta: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False
    ) -> tuple[list[Tensor], Tensor]:
        """Return the outputs of every tile, and ∇f(θ) (P,).

        Raises:
            StoppedError: `stop()` was true before a segment of a tile.
        """
        tensors, count = self._tensors(theta), self.segments.count
        kept: dict[int, list[Live]] = {}
        statistics: list[Moments | None] = []
        live = self._start(tiles)
        for k in range(count):
            if k % self.every == 0:
                kept[k] = live
            statistics.append(self._moments(k, live, tiles))
            live = [self._step(k, each, tensors, statistics[k], stop) for each in live]
        outputs = [each[self.segments.output] for each in live]
        slopes = {name: torch.zeros_like(tensor) for name, tensor in self.layout.unflatten(theta).items()}
        cotangents = [self._loss_slope(each, tile) for each, tile in zip(outputs, tiles, strict=True)]
        for first in reversed(range(0, count, self.every)):
            stages = [kept.pop(first)]
            for k in range(first, min(first + self.every, count) - 1):
                stages.append([self._step(k, each, tensors, statistics[k], stop) for each in stages[-1]])
            for k in reversed(range(first, first + len(stages))):
                cotangents = self._back(k, stages.pop(), tensors, statistics[k], cotangents, slopes, stop)
        return outputs, torch.cat([slopes[name].reshape(-1) for name in self.layout.names])

    def hvp(self, theta: Tensor, v: Tensor, tiles: Sequence[slice], *, stop: Stop = lambda: False) -> Tensor:
        """Return H(θ)v (P,), by forward mode over the gradient.

        Raises:
            StoppedError: `stop()` was true before a segment of a tile.
        """
        product: Tensor = jvp(lambda point: self.gradient(point, tiles, stop=stop)[1], (theta,), (v,))[1]
        return product

    def _start(self, tiles: Sequence[slice]) -> list[Live]:
        return [{self.segments.inputs[0]: self.inputs[tile]} for tile in tiles]

    def _tensors(self, theta: Tensor) -> dict[str, Tensor]:
        return {**self.frozen, **self.layout.unflatten(theta)}

    def _moments(self, k: int, live: Sequence[Live], tiles: Sequence[slice]) -> Moments | None:
        """Return mean and variance, over all tiles, of the input of batch norm k; None for segment 0, without one."""
        if k == 0:
            return None
        return pooled([moments_of(each[self.segments.inputs[k]]) for each in live], self._weights(tiles))

    def _weights(self, tiles: Sequence[slice]) -> list[float]:
        return [(tile.stop - tile.start) / len(self.inputs) for tile in tiles]

    def _step(self, k: int, live: Live, tensors: Mapping[str, Tensor], moments: Moments | None, stop: Stop) -> Live:
        check_stop(stop)
        return self.segments.run(k, live, tensors, moments)

    def _loss_slope(self, outputs: Tensor, tile: slice) -> Live:
        """Return the derivative of f by the outputs of a tile."""
        value, pull = vjp(lambda outputs: self.value(outputs, tile), outputs)[:2]
        return {self.segments.output: pull(torch.ones_like(value))[0]}

    def _back(
        self,
        k: int,
        live: list[Live],
        tensors: Mapping[str, Tensor],
        moments: Moments | None,
        cotangents: Sequence[Live],
        slopes: dict[str, Tensor],
        stop: Stop,
    ) -> list[Live]:
        """Return the cotangents of what lives before segment k, and add to the derivatives by the parameters."""
        before, by_moments = [], []
        for each, above in zip(live, cotangents, strict=True):
            check_stop(stop)
            by_own, by_live, *rest = self._pulled_back(k, each, tensors, moments, above)
            for name, slope in by_own.items():
                slopes[name] = slopes[name] + slope
            before.append(by_live)
            by_moments += rest
        if moments is not None:
            total = sum(mean for mean, _ in by_moments), sum(variance for _, variance in by_moments)
            name = self.segments.inputs[k]
            values = sum(each[name].numel() for each in live) // len(moments[0])
            for each, below in zip(live, before, strict=True):
                below[name] = below[name] + _through(each[name], moments, total) / values
        return before

    def _pulled_back(
        self, k: int, live: Live, tensors: Mapping[str, Tensor], moments: Moments | None, cotangents: Live
    ) -> tuple[Any, ...]:
        """Return the derivatives by parameters, by what lives before segment k, and by the moments, if any."""
        own = {name: tensors[name] for name in self.segments.parameters[k] if name in self.layout.names}
        smooth = {name: value for name, value in live.items() if _has_slope(value)}

        def segment(own: Live, smooth: Live, moments: Moments | None = None) -> Live:
            after = self.segments.run(k, {**live, **smooth}, {**tensors, **own}, moments)
            return {name: after[name] for name in cotangents}

        inputs = (own, smooth) if moments is None else (own, smooth, moments)
        slopes: tuple[Any, ...] = vjp(segment, *inputs)[1](cotangents)
        return slopes


def _through(x: Tensor, moments: Moments, slopes: Moments) -> Tensor:
    """Return the derivative by x (N, C, ...) through sums over all values, divided by their number in the moments.

    The derivative of the pooled variance by the pooled mean is 0.
    """
    shape = [1, -1, *[1] * (x.ndim - 2)]
    mean, by_mean, by_variance = (each.view(shape) for each in (moments[0], *slopes))
    return by_mean + 2 * by_variance * (x - mean)


def _has_slope(value: object) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()
