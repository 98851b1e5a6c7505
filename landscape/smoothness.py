"""How fast the gradient turns along training (D9; Santurkar et al. 2018, arXiv 1805.11604, §3.1 and Fig. 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.plane.plane import random_plane
from normscape.landscape.training.loop import Run, batch_of
from normscape.specs import PlaneSpec, SmoothnessSpec

SPAN = (0.5, 4.0)
"""The range of step lengths, in learning rates (the paper's)."""

STEPS = 9
"""Step lengths in that range, equally spaced in their logarithms."""

MAX_RELATIVE_STEP = 1.0
"""A step is at most this many times as long as θ: beyond, what is met is another network."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True, eq=False)
class Probe:
    """Loss and gradient at θ - ηg for several η, or at equal distances along a direction that is not the gradient's."""

    distance: np.ndarray  # (E,) ‖Δ‖
    loss: np.ndarray  # (E,) f(θ + Δ)
    change: np.ndarray  # (E,) ‖∇f(θ + Δ) - ∇f(θ)‖

    @property
    def variation(self) -> tuple[float, float]:
        """The range of the loss: its smallest and its largest value; nan if none is finite."""
        return _range(self.loss)

    @property
    def predictiveness(self) -> tuple[float, float]:
        """The range of the gradient's change; nan if none is finite."""
        return _range(self.change)

    @property
    def smoothness(self) -> float:
        """The effective β-smoothness: the largest ‖∇f(θ) - ∇f(θ + Δ)‖ / ‖Δ‖; nan if none is finite."""
        return _range(self.change / np.where(self.distance > 0, self.distance, np.nan))[1]


@dataclass(frozen=True, eq=False)
class Smoothness:
    """What is met along the step that training takes next (D9), and along a random one of the same lengths."""

    step: int  # steps of training that lie behind
    eta: np.ndarray  # (E,) step lengths η, increasing
    capped: bool  # whether the range was cut where a step is as long as θ
    start: float  # f(θ) on the mini-batch
    gradient_norm: float  # ‖g‖
    along: Probe  # Δ = -ηg
    random: Probe  # a Gaussian direction with the same ‖Δ‖: the control


def measure_smoothness(
    run: Run,
    spec: SmoothnessSpec,
    *,
    span: tuple[float, float] = SPAN,
    longest: float = MAX_RELATIVE_STEP,
    seed: int = 0,
    stop: Stop = lambda: False,
) -> Smoothness:
    """Probe the loss of the next mini-batch along its own gradient (D9).

    The mini-batch is the one on which training takes its next step, the loss and the whole gradient are its own, and
    batch normalization takes its statistics of it, as training does. The optimizer's memory plays no part: the step
    is -ηg.

    Args:
        run: the training.
        spec: names the checkpoint and the precision.
        span: the smallest and largest η, in learning rates.
        longest: the longest step, in lengths of θ; the range is cut there.
        seed: of the random direction.
        stop: polled between evaluations.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the checkpoint was not kept.
    """
    step = run.checkpoints[-1].step if spec.checkpoint is None else spec.checkpoint
    objective = _on_next_batch(run, step, DTYPES[spec.precision])
    anchor = objective.evaluate(objective.theta, stop=stop)
    down = -anchor.gradient.double()
    rate, norm = run.spec.training.learning_rate, float(down.norm())
    reach = longest * float(objective.theta.double().norm())
    farthest = min(span[1] * rate, reach / norm if norm else np.inf)
    eta = np.geomspace(min(span[0] * rate, farthest), farthest, STEPS)
    drawn = random_plane(objective.theta, objective.layout, PlaneSpec(seed=seed, scaling="none")).d1
    random = torch.from_numpy(drawn.copy()).to(down.device)
    return Smoothness(
        step,
        eta,
        farthest < span[1] * rate,
        anchor.loss,
        norm,
        _probe(objective, down, eta, anchor.gradient, stop),
        _probe(objective, random, eta * norm / float(random.norm()), anchor.gradient, stop),
    )


def _on_next_batch(run: Run, step: int, dtype: torch.dtype) -> Objective:
    data = load_data(run.spec.data)
    inputs, targets = batch_of(run.spec, data, step)
    return Objective(run.module(step).to(dtype), inputs, targets, loss=data.loss)


def _probe(objective: Objective, direction: Tensor, lengths: np.ndarray, anchor: Tensor, stop: Stop) -> Probe:
    found = []
    for length in lengths:
        point = (objective.theta.double() + length * direction).to(objective.theta.dtype)
        there = objective.evaluate(point, stop=stop)
        moved = float((point.double() - objective.theta.double()).norm())  # as it is evaluated, after rounding
        found.append((moved, there.loss, float((there.gradient.double() - anchor.double()).norm())))
    return Probe(*(np.array(column) for column in zip(*found, strict=True)))


def _range(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (float("nan"), float("nan"))
