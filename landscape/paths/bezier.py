"""A quadratic Bézier curve between two networks, trained for a low loss along it (Garipov et al. 2018, §3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop, StoppedError
from normscape.landscape.objective.parameters import flatten, frozen_tensors, layout_of
from normscape.landscape.objective.problem.losses import SAMPLE_LOSSES
from normscape.landscape.objective.statistics import private_copy
from normscape.landscape.runtime import device
from normscape.landscape.training.batches import batch_of
from normscape.specs import ConnectivitySpec, RunSpec

MOMENTUM = 0.9
"""Of stochastic gradient descent on the middle point, as in the authors' code."""

Ends = tuple[Tensor, Tensor]
"""θ_0 and θ_1 (P,)."""

Gradient = Callable[[Tensor, float, int], tuple[Tensor, Tensor]]
"""Maps a point φ(t), t and the number of a step to the loss of that step's samples and its gradient at the point."""


@dataclass(frozen=True, eq=False)
class Bend:
    """The trained middle point θ of a curve."""

    theta: Tensor  # (P,)
    loss: np.ndarray  # (steps,) of each step's samples at its t


def bezier(ends: Ends, bend: Tensor, t: float) -> Tensor:
    """Return φ(t) = (1 - t)² θ_0 + 2t(1 - t) θ + t² θ_1; the ends exactly."""
    if t in (0, 1):
        return ends[int(t)].clone()
    return (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * bend + t**2 * ends[1]


def bend_gradient(ends: Ends, bend: Tensor, t: float, step: int, gradient: Gradient) -> tuple[Tensor, Tensor]:
    """Return the loss at φ(t) and its gradient with respect to θ, 2t(1 - t) ∇f(φ(t))."""
    loss, slope = gradient(bezier(ends, bend, t), t, step)
    return loss, 2 * t * (1 - t) * slope


@dataclass(frozen=True, eq=False)
class CurveState:
    """Everything that the training of a middle point resumes from, bit by bit."""

    step: int
    theta: np.ndarray  # (P,) the middle point, float64
    velocity: np.ndarray  # (P,) of its momentum, float64
    loss: np.ndarray  # (step,) as in `Bend`


class CurveTrainer:
    """A middle point in training, in memory between pieces."""

    def __init__(
        self,
        ends: Ends,
        gradient: Gradient,
        *,
        steps: int,
        learning_rate: float,
        seed: int,
        state: CurveState | None = None,
    ) -> None:
        """Start from the middle of the segment, or resume from a state; arguments as in `train_bend`."""
        self._ends, self._gradient, self._rate = ends, gradient, learning_rate
        self._places = np.random.default_rng([seed, 4, 1]).random(steps)  # t of every step
        if state is None:
            self._bend = (ends[0] + ends[1]) / 2
            self._velocity, self._losses = torch.zeros_like(self._bend), list[Tensor | float]()
        else:
            self._bend, self._velocity = (torch.tensor(kept).to(ends[0]) for kept in (state.theta, state.velocity))
            self._losses = list(state.loss.tolist())

    @property
    def step(self) -> int:
        """The steps that are taken."""
        return len(self._losses)

    @property
    def finished(self) -> bool:
        """Whether all steps are taken."""
        return self.step == len(self._places)

    def advance(self, stop: Stop = lambda: False) -> None:
        """Take steps until all are taken or `stop()` is true."""
        while not self.finished and not stop():
            loss, slope = bend_gradient(
                self._ends, self._bend, float(self._places[self.step]), self.step, self._gradient
            )
            self._velocity = MOMENTUM * self._velocity + slope
            self._bend = self._bend - self._rate * self._velocity
            self._losses.append(loss)

    def finish(self, stop: Stop = lambda: False) -> Bend:
        """Take all steps that are left, and return the middle point.

        Raises:
            StoppedError: `stop()` was true.
        """
        self.advance(stop)
        if not self.finished:
            raise StoppedError
        return Bend(self._bend, self._loss())

    def state(self) -> CurveState:
        """Return the state, as a copy."""
        theta, velocity = (kept.cpu().numpy().copy() for kept in (self._bend, self._velocity))
        return CurveState(self.step, theta, velocity, self._loss())

    def _loss(self) -> np.ndarray:
        return np.array([float(loss) for loss in self._losses])


def advance_curve(trainer: CurveTrainer, stop: Stop = lambda: False) -> CurveState:
    """Take steps until all are taken or `stop()` is true, and return the state."""
    trainer.advance(stop)
    return trainer.state()


def train_bend(
    ends: Ends,
    gradient: Gradient,
    *,
    steps: int,
    learning_rate: float,
    seed: int,
    stop: Stop = lambda: False,
) -> Bend:
    """Lower E_t[f(φ(t))], t uniform in (0, 1), from the middle of the segment; the ends stay where they are.

    Args:
        ends: θ_0 and θ_1.
        gradient: of the loss of one step's samples.
        steps: of stochastic gradient descent with momentum 0.9, one t each.
        learning_rate: constant.
        seed: of the values of t.
        stop: polled before every step.

    Raises:
        StoppedError: `stop()` was true.
    """
    return CurveTrainer(ends, gradient, steps=steps, learning_rate=learning_rate, seed=seed).finish(stop)


def mini_batch_gradient(
    run: RunSpec, networks: tuple[nn.Module, nn.Module], spec: ConnectivitySpec, *, dtype: torch.dtype = torch.float32
) -> Gradient:
    """Return the gradient on mini-batches of the training set, with their batch statistics, in a precision.

    The order of the samples follows from the seed of the path, augmentation from the run. Frozen parameters lie
    between those of both networks.
    """
    data = load_data(run.data)
    changed = replace(run.training, optimizer="sgd", batch_size=spec.curve_batch_size, seed=spec.seed)
    training = replace(run, training=changed)
    first, last = (private_copy(network, "batch").to(device(), dtype) for network in networks)
    layout = layout_of(first)
    frozen = frozen_tensors(first, layout), frozen_tensors(last, layout)

    def gradient(theta: Tensor, t: float, step: int) -> tuple[Tensor, Tensor]:
        inputs, targets = batch_of(training, data, step)
        point = theta.detach().to(device(), dtype, copy=True).requires_grad_()
        tensors = {name: _between(tensor, frozen[1][name], t) for name, tensor in frozen[0].items()}
        outputs = functional_call(first, {**tensors, **layout.unflatten(point)}, (inputs.to(dtype),))
        loss = SAMPLE_LOSSES[data.loss](outputs, targets.to(dtype) if targets.is_floating_point() else targets).mean()
        (slope,) = torch.autograd.grad(loss, point)
        return loss.detach(), slope.to(theta)

    return gradient


def ends_of(networks: tuple[nn.Module, nn.Module]) -> Ends:
    """Return the trainable parameters of two networks in float64."""
    layout = layout_of(networks[0])
    first, last = (flatten(dict(network.named_parameters()), layout).double() for network in networks)
    return first, last


def _between(first: Tensor, last: Tensor, t: float) -> Tensor:
    return (1 - t) * first + t * last if first.is_floating_point() else first
