"""The core inequality and the step that follows from it (A1, A2), along -∇f and along random directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.integrate import cumulative_simpson
from torch import Tensor

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import random_plane
from normscape.specs import PlaneSpec

POINTS = 33
"""Samples of a segment, its beginning included."""

RANDOM = 2
"""Random directions beside the gradient's."""

NEAREST, FARTHEST = 2.0**-20, 2.0**3
"""Where the search for a step that raises the loss begins and ends, in lengths of θ: beyond, nothing is near θ."""

NOISE = 64
"""Rounding errors of the loss, in units of its precision: within them, two sides of an inequality are equal."""


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
    noise: float  # what rounding alone can do to the loss

    @property
    def step(self) -> np.ndarray:
        """‖sΔ‖ (N,)."""
        return self.s * self.length

    @property
    def lipschitz(self) -> np.ndarray:
        """L̂(s) (N,): the largest sampled ratio up to s, at 0 the first one; nan from the first non-finite point on."""
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
        """∫₀¹⟨∇f(θ+tsΔ) - ∇f(θ), sΔ⟩dt (N,) by Simpson's rule: what the proof bounds by ½L‖sΔ‖²."""
        return np.asarray(cumulative_simpson(self.turn, x=self.s, initial=0))

    @property
    def compared(self) -> np.ndarray:
        """Where both sides are finite (N,)."""
        return np.asarray(np.isfinite(self.loss) & np.isfinite(self.bound) & (self.s > 0))

    @property
    def fails(self) -> np.ndarray:
        """Where f exceeds the right side by more than rounding can (N,): L is sampled, and may miss a kink."""
        return self.compared & (self.loss > self.bound + self.noise)

    @property
    def used(self) -> np.ndarray:
        """The share of ½L‖sΔ‖² that f really rises above its tangent (N,): 1 where the inequality is an equality."""
        room = self.bound - self.tangent
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.compared & (room > self.noise), (self.loss - self.tangent) / room, np.nan)


@dataclass(frozen=True, eq=False)
class Descent:
    """The core inequality along several segments, the first of them along -∇f (A2: sΔ = -ηg, so s is η)."""

    segments: tuple[Segment, ...]

    @property
    def along_gradient(self) -> Segment:
        """The segment of gradient descent."""
        return self.segments[0]

    @property
    def estimated_decrease(self) -> np.ndarray:
        """(η - ½L̂(η)η²)‖g‖² (N,): what the inequality promises if L̂ were L; it is sampled, so nothing is promised."""
        line = self.along_gradient
        return np.asarray(line.loss[0] - line.bound)

    @property
    def measured_decrease(self) -> np.ndarray:
        """f(θ) - f(θ - ηg) (N,)."""
        return np.asarray(self.along_gradient.loss[0] - self.along_gradient.loss)

    @property
    def estimated_best_step(self) -> float:
        """The sampled η at which the estimated decrease is largest; nan if there is none."""
        return _argmax(self.along_gradient.s, self.estimated_decrease)

    @property
    def measured_best_step(self) -> float:
        """The sampled η at which the loss is least; nan if there is none."""
        return _argmax(self.along_gradient.s, self.measured_decrease)

    @property
    def estimated_largest_step(self) -> float:
        """The largest sampled η up to which η·L̂(η) < 2 throughout; 0 if not even the first is."""
        line = self.along_gradient
        return _until(line.s, line.s * line.lipschitz < 2)

    @property
    def measured_largest_step(self) -> float:
        """The largest sampled η up to which every step lowers the loss; 0 if not even the first does."""
        return _until(self.along_gradient.s, self.measured_decrease > 0)

    @property
    def beyond_range(self) -> bool:
        """Whether even the largest step that was tried lowers the loss, so that the largest one is not known."""
        return bool(self.measured_decrease[-1] > 0)


def measure_descent(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Descent:
    """Sample the loss and its gradient along -∇f(θ) and along random directions (A1, A2).

    The range of steps is twice the first one along -∇f that raises the loss, doubled from a tiny one, and at most
    sixteen times as far as θ is from 0. Random directions are Gaussian in all of θ and reach as far.

    Args:
        objective: the loss, at its own θ.
        seed: of the random directions.
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
    """
    anchor = objective.evaluate(objective.theta, stop=stop).gradient
    down = -anchor.double()
    farthest = 2 * _first_rise(objective, down, stop)
    segments = [_segment(objective, "gradient", down, farthest, anchor, stop)]
    reach = farthest * float(down.norm())
    for k in range(RANDOM if reach > 0 else 0):
        drawn = random_plane(objective.theta, objective.layout, PlaneSpec(seed=seed + k, scaling="none")).d1
        direction = torch.from_numpy(drawn.copy()).to(down.device)
        segments.append(_segment(objective, "random", direction, reach / float(direction.norm()), anchor, stop))
    return Descent(tuple(segments))


def _first_rise(objective: Objective, down: Tensor, stop: Stop) -> float:
    """Return the first η, doubled from a tiny one, at which a step raises the loss or makes it non-finite."""
    theta, start = objective.theta.double(), float(objective.loss(objective.theta))
    far = (float(theta.norm()) or 1.0) / (float(down.norm()) or 1.0)
    step = NEAREST * far
    while step < FARTHEST * far and float(objective.loss(theta + step * down)) <= start:
        check_stop(stop)
        step *= 2
    return step


def _segment(
    objective: Objective, kind: str, direction: Tensor, farthest: float, anchor: Tensor, stop: Stop
) -> Segment:
    theta, start = objective.theta.double(), anchor.double()
    s = farthest * np.linspace(0.0, 1.0, POINTS) ** 2  # the nearer the closer: short steps are what the bound is about
    length = float(direction.norm())
    loss, ratio, turn = (np.full(POINTS, np.nan) for _ in range(3))
    for k, at in enumerate(s):
        point = (theta + at * direction).to(objective.theta.dtype)
        found = objective.evaluate(point, stop=stop)
        change = found.gradient.double() - start
        moved = float((point.double() - theta).norm())  # as it is evaluated, after rounding
        loss[k], turn[k] = found.loss, float(change @ direction)
        ratio[k] = float(change.norm()) / moved if moved else np.nan
    noise = NOISE * torch.finfo(objective.theta.dtype).eps * abs(loss[0])
    return Segment(kind, s, length, float(start @ direction), loss, ratio, turn, noise)


def _argmax(s: np.ndarray, values: np.ndarray) -> float:
    finite = np.isfinite(values)
    return float(s[finite][values[finite].argmax()]) if finite.any() else float("nan")


def _until(s: np.ndarray, holds: np.ndarray) -> float:
    """Return the last place up to which something holds, the beginning not counted."""
    return float(s[1:][np.logical_and.accumulate(holds[1:])].max(initial=0.0))
