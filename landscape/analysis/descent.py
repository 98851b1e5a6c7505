"""The core inequality and the step of gradient descent (A1, A2), along -∇f and along random directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
import torch
from torch import Tensor

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import random_plane
from normscape.specs import PlaneSpec

SEGMENT_POINTS = 33
"""Points of a segment, including its start."""

RANDOM_DIRECTIONS = 2
"""Random directions in addition to the gradient."""

MIN_SEARCH_STEP, MAX_SEARCH_STEP = 2.0**-20, 2.0**3
"""Range of the search for a step that raises the loss, in units of ‖θ‖."""

ROUNDING_UNITS = 64
"""Rounding error of the loss in units of machine epsilon; smaller differences count as equal."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Loss and gradient along θ + sΔ, and both sides of f(θ+sΔ) ≤ f(θ) + s⟨∇f, Δ⟩ + ½L‖sΔ‖² (A1)."""

    kind: str  # "gradient": Δ = -∇f(θ); "random"
    s: np.ndarray  # (N,) from 0
    length: float  # ‖Δ‖
    slope: float  # ⟨∇f(θ), Δ⟩
    loss: np.ndarray  # (N,) f(θ + sΔ)
    ratio: np.ndarray  # (N,) ‖∇f(θ+sΔ) - ∇f(θ)‖ / ‖sΔ‖ (D5, anchored at θ); nan at s = 0
    turn: np.ndarray  # (N,) ⟨∇f(θ+sΔ) - ∇f(θ), Δ⟩
    noise: float  # rounding error of the loss

    @property
    def step(self) -> np.ndarray:
        """‖sΔ‖ (N,)."""
        return self.s * self.length

    @property
    def lipschitz(self) -> np.ndarray:
        """L̂(s) (N,), the largest sampled ratio up to s; at s = 0 the first one; nan after a non-finite point."""
        return np.asarray(np.maximum.accumulate(np.concatenate([self.ratio[1:2], self.ratio[1:]])))

    @property
    def tangent(self) -> np.ndarray:
        """f(θ) + s⟨∇f, Δ⟩ (N,)."""
        return np.asarray(self.loss[0] + self.s * self.slope)

    @property
    def bound(self) -> np.ndarray:
        """The right side of the core inequality (N,)."""
        return np.asarray(self.tangent + 0.5 * self.lipschitz * self.step**2)

    @property
    def rest(self) -> np.ndarray:
        """∫₀¹⟨∇f(θ+tsΔ) - ∇f(θ), sΔ⟩dt (N,) by Simpson's rule, which the proof bounds by ½L‖sΔ‖²."""
        return np.asarray(scipy.integrate.cumulative_simpson(self.turn, x=self.s, initial=0))

    @property
    def compared(self) -> np.ndarray:
        """Whether both sides are finite (N,)."""
        return np.asarray(np.isfinite(self.loss) & np.isfinite(self.bound) & (self.s > 0))

    @property
    def fails(self) -> np.ndarray:
        """Whether f exceeds the right side by more than the rounding error (N,): the sampled L̂ may miss a kink."""
        return self.compared & (self.loss > self.bound + self.noise)

    @property
    def used(self) -> np.ndarray:
        """The rise of f above its tangent relative to ½L‖sΔ‖² (N,): 1 for equality."""
        margin = self.bound - self.tangent
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.compared & (margin > self.noise), (self.loss - self.tangent) / margin, np.nan)


@dataclass(frozen=True, eq=False)
class Descent:
    """The core inequality along several segments; the first is along -∇f (A2), where sΔ = -ηg and s is η."""

    segments: tuple[Segment, ...]

    @property
    def along_gradient(self) -> Segment:
        """The segment of gradient descent."""
        return self.segments[0]

    @property
    def estimated_decrease(self) -> np.ndarray:
        """(η - ½L̂(η)η²)‖g‖² (N,), the decrease that the inequality guarantees for L and estimates for L̂."""
        line = self.along_gradient
        return np.asarray(line.loss[0] - line.bound)

    @property
    def measured_decrease(self) -> np.ndarray:
        """f(θ) - f(θ - ηg) (N,)."""
        return np.asarray(self.along_gradient.loss[0] - self.along_gradient.loss)

    @property
    def estimated_best_step(self) -> float:
        """The sampled η with the largest estimated decrease; nan if none is finite."""
        return _argmax(self.along_gradient.s, self.estimated_decrease)

    @property
    def measured_best_step(self) -> float:
        """The sampled η with the smallest loss; nan if none is finite."""
        return _argmax(self.along_gradient.s, self.measured_decrease)

    @property
    def estimated_largest_step(self) -> float:
        """The largest sampled η such that η'·L̂(η') < 2 for all sampled η' up to it; 0 if there is none."""
        line = self.along_gradient
        return _last_consecutive(line.s, line.s * line.lipschitz < 2)

    @property
    def measured_largest_step(self) -> float:
        """The largest sampled η such that all sampled steps up to it lower the loss; 0 if there is none."""
        return _last_consecutive(self.along_gradient.s, self.measured_decrease > 0)

    @property
    def beyond_range(self) -> bool:
        """Whether the largest sampled step lowers the loss, so that the largest such step is unknown."""
        return bool(self.measured_decrease[-1] > 0)


def measure_descent(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Descent:
    """Sample the loss and its gradient along -∇f(θ) and along random directions (A1, A2).

    The search doubles a small step along -∇f until the loss rises; the range is twice that step, and at most 16 ‖θ‖.
    Random directions are Gaussian in all of θ, with the same range.

    Args:
        objective: the loss, at its own θ.
        seed: seed of the random directions.
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
    """
    anchor = objective.evaluate(objective.theta, stop=stop).gradient
    down = -anchor.double()
    farthest = 2 * _first_rise(objective, down, stop)
    segments = [_segment(objective, "gradient", down, farthest, anchor, stop)]
    reach = farthest * float(down.norm())
    for k in range(RANDOM_DIRECTIONS if reach > 0 else 0):
        drawn = random_plane(objective.theta, objective.layout, PlaneSpec(seed=seed + k, scaling="none")).d1
        direction = torch.from_numpy(drawn.copy()).to(down.device)
        segments.append(_segment(objective, "random", direction, reach / float(direction.norm()), anchor, stop))
    return Descent(tuple(segments))


def _first_rise(objective: Objective, down: Tensor, stop: Stop) -> float:
    """Return the first η, doubled from a small one, at which the loss rises or is not finite."""
    theta, start = objective.theta.double(), float(objective.loss(objective.theta))
    unit = (float(theta.norm()) or 1.0) / (float(down.norm()) or 1.0)
    step = MIN_SEARCH_STEP * unit
    while step < MAX_SEARCH_STEP * unit and float(objective.loss(theta + step * down)) <= start:
        check_stop(stop)
        step *= 2
    return step


def _segment(
    objective: Objective, kind: str, direction: Tensor, farthest: float, anchor: Tensor, stop: Stop
) -> Segment:
    theta, start = objective.theta.double(), anchor.double()
    s = farthest * np.linspace(0.0, 1.0, SEGMENT_POINTS) ** 2  # denser near 0, where the bound matters
    length = float(direction.norm())
    loss, ratio, turn = (np.full(SEGMENT_POINTS, np.nan) for _ in range(3))
    for k, at in enumerate(s):
        point = (theta + at * direction).to(objective.theta.dtype)
        evaluation = objective.evaluate(point, stop=stop)
        change = evaluation.gradient.double() - start
        moved = float((point.double() - theta).norm())  # of the rounded point
        loss[k], turn[k] = evaluation.loss, float(change @ direction)
        ratio[k] = float(change.norm()) / moved if moved else np.nan
    noise = ROUNDING_UNITS * torch.finfo(objective.theta.dtype).eps * abs(loss[0])
    return Segment(kind, s, length, float(start @ direction), loss, ratio, turn, noise)


def _argmax(s: np.ndarray, values: np.ndarray) -> float:
    finite = np.isfinite(values)
    return float(s[finite][values[finite].argmax()]) if finite.any() else float("nan")


def _last_consecutive(s: np.ndarray, holds: np.ndarray) -> float:
    """Return the last s up to which a condition holds at all points after the first; 0 if there is none."""
    return float(s[1:][np.logical_and.accumulate(holds[1:])].max(initial=0.0))
