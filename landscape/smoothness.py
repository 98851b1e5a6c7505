"""Smoothness along training (D9; Santurkar et al. 2018, arXiv 1805.11604, §3.1 and Fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import random_plane
from normscape.landscape.runtime import device
from normscape.landscape.training.batches import batch_of
from normscape.landscape.training.train import Run
from normscape.specs import PlaneSpec, SmoothnessSpec

STEP_RANGE = (0.5, 4.0)
"""Range of step lengths in units of the learning rate, as in the paper."""

STEP_COUNT = 9
"""Number of step lengths, logarithmically spaced."""

MAX_RELATIVE_STEP = 1.0
"""Largest step in units of ‖θ‖; a longer step leads to an unrelated network."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True, eq=False)
class LineSamples:
    """Loss and change of the gradient at points θ + Δ on a line."""

    distance: np.ndarray  # (E,) ‖Δ‖
    loss: np.ndarray  # (E,) f(θ + Δ)
    change: np.ndarray  # (E,) ‖∇f(θ + Δ) - ∇f(θ)‖

    @property
    def variation(self) -> tuple[float, float]:
        """The smallest and the largest loss; nan if none is finite."""
        return _range(self.loss)

    @property
    def predictiveness(self) -> tuple[float, float]:
        """The smallest and the largest change of the gradient; nan if none is finite."""
        return _range(self.change)

    @property
    def smoothness(self) -> float:
        """The effective β-smoothness, max ‖∇f(θ + Δ) - ∇f(θ)‖ / ‖Δ‖; nan if none is finite."""
        return _range(self.change / np.where(self.distance > 0, self.distance, np.nan))[1]


@dataclass(frozen=True, eq=False)
class Smoothness:
    """Samples along the next training step (D9), and along a random direction with the same lengths."""

    step: int  # training steps done
    eta: np.ndarray  # (E,) step lengths η, increasing
    capped: bool  # whether the largest step was limited to ‖θ‖
    start: float  # f(θ) on the mini-batch
    gradient_norm: float  # ‖g‖
    along: LineSamples  # Δ = -ηg
    random: LineSamples  # a Gaussian direction with the same ‖Δ‖, as a control


def measure_smoothness(
    run: Run,
    spec: SmoothnessSpec,
    *,
    step_range: tuple[float, float] = STEP_RANGE,
    max_relative_step: float = MAX_RELATIVE_STEP,
    seed: int = 0,
    stop: Stop = lambda: False,
) -> Smoothness:
    """Sample the loss of the next mini-batch along its own gradient (D9).

    The mini-batch is that of the next training step; loss and gradient are its own, with its batch statistics, as in
    training. The step is -ηg, without momentum.

    Args:
        run: the run.
        spec: checkpoint and precision.
        step_range: the smallest and largest η, in units of the learning rate.
        max_relative_step: the longest step, in units of ‖θ‖.
        seed: seed of the random direction.
        stop: polled between evaluations.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the run has no such checkpoint.
    """
    step = run.checkpoints[-1].step if spec.checkpoint is None else spec.checkpoint
    objective = _next_batch_objective(run, step, DTYPES[spec.precision])
    anchor = objective.evaluate(objective.theta, stop=stop)
    direction = -anchor.gradient.double()
    rate, norm = run.spec.training.learning_rate, float(direction.norm())
    longest_distance = max_relative_step * float(objective.theta.double().norm())
    largest_eta = min(step_range[1] * rate, longest_distance / norm if norm else np.inf)
    eta = np.geomspace(min(step_range[0] * rate, largest_eta), largest_eta, STEP_COUNT)
    random_direction = random_plane(objective.theta, objective.layout, PlaneSpec(seed=seed, scaling="none")).d1
    random_vector = torch.from_numpy(random_direction.copy()).to(direction.device)
    return Smoothness(
        step,
        eta,
        largest_eta < step_range[1] * rate,
        anchor.loss,
        norm,
        _sample_line(objective, direction, eta, anchor.gradient, stop),
        _sample_line(objective, random_vector, eta * norm / float(random_vector.norm()), anchor.gradient, stop),
    )


def _next_batch_objective(run: Run, step: int, dtype: torch.dtype) -> Objective:
    data = load_data(run.spec.data)
    inputs, targets = batch_of(run.spec, data, step)
    return Objective(run.module(step).to(device(), dtype), inputs, targets, loss=data.loss)


def _sample_line(
    objective: Objective, direction: Tensor, lengths: np.ndarray, anchor: Tensor, stop: Stop
) -> LineSamples:
    rows = []
    for length in lengths:
        point = (objective.theta.double() + length * direction).to(objective.theta.dtype)
        evaluation = objective.evaluate(point, stop=stop)
        distance = float((point.double() - objective.theta.double()).norm())  # of the rounded point
        rows.append((distance, evaluation.loss, float((evaluation.gradient.double() - anchor.double()).norm())))
    return LineSamples(*(np.array(column) for column in zip(*rows, strict=True)))


def _range(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (float("nan"), float("nan"))


class PathRatio(NamedTuple):
    """Effective β-smoothness of one network relative to another, over the checkpoints that both have."""

    median: float  # of its median to that of the other
    lowest: float
    highest: float
    lower: int  # checkpoints at which it is below 1
    change: float  # ratio of the medians of the gradient's largest change
    checkpoints: int
    medians: tuple[float, float]  # of the network, and of the one that it is compared with


def path_ratio(reference: Sequence[Sequence[Smoothness]], other: Sequence[Sequence[Smoothness]]) -> PathRatio | None:
    """Return the ratio of the other network to the reference, over equal seeds and steps; None without a finite pair.

    It is the ratio of two medians, so that it agrees with the numbers of the two networks; its range is that of the
    ratios at equal seeds and steps.

    Args:
        reference: by seed, then by checkpoint.
        other: the same of the other network.
    """
    pairs = [pair for first, second in zip(reference, other, strict=True) for pair in _pairs(first, second)]
    if not pairs:
        return None
    ratios = np.array([b.along.smoothness / a.along.smoothness for a, b in pairs])
    first, second = (float(np.median([one.along.smoothness for one in column])) for column in zip(*pairs, strict=True))
    before, after = (np.median([one.along.predictiveness[1] for one in column]) for column in zip(*pairs, strict=True))
    return PathRatio(
        second / first,
        float(ratios.min()),
        float(ratios.max()),
        int((ratios < 1).sum()),
        float(after / before) if before > 0 else float("nan"),
        len(pairs),
        (second, first),
    )


def _pairs(first: Sequence[Smoothness], second: Sequence[Smoothness]) -> list[tuple[Smoothness, Smoothness]]:
    """Return the pairs of equal steps whose ratio of smoothness is defined."""
    return [(a, b) for a in first for b in second if a.step == b.step and _comparable(a, b)]


def _comparable(a: Smoothness, b: Smoothness) -> bool:
    return bool(np.isfinite([a.along.smoothness, b.along.smoothness]).all() and a.along.smoothness > 0)
