"""What the argument takes for bounded, and whose gradients are steady (A4, A5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.analysis.activations import Flow, flows, watched_outputs
from normscape.landscape.analysis.patches import per_unit, sums_of
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.training.loop import Run
from normscape.specs import SignalsSpec

BIN_EDGES = np.linspace(-8.0, 3.0, 56)
"""Of the histograms: log₁₀ of a signal's size, five bins to a decade; what is beyond counts in the last ones."""

STEP = 1e-2
"""Length of a step of a weight or of a bias, in lengths of the weight."""

NO_EFFECT = 1e-4
"""Share of the weight's ratio below which a bias counts as without effect: batch norm takes it away again."""


@dataclass(frozen=True, eq=False)
class Signal:
    """The signal that comes back to one layer, δ = M·∂f/∂y, over samples, positions and units (A4)."""

    layer: str
    shares: np.ndarray  # (len(BIN_EDGES) - 1,) of |δ| by its logarithm; zeros are in no bin
    zero: float  # share that is exactly 0
    largest: float  # max |δ|
    root_mean_square: float
    beyond: float  # share of |δ| > 1


@dataclass(frozen=True, eq=False)
class WeightBiasRatios:
    """How the gradients of one layer's weight and bias turn when each alone moves by the same length (A5)."""

    layer: str
    weight: float  # ‖∇_w f(w + Δ) - ∇_w f(w)‖ / ‖Δ‖
    bias: float  # the same of the bias; nan where there is none
    inputs: float  # sqrt(Σ_i E[x_i²]), what the weight's gradient carries and the bias's does not

    @property
    def without_effect(self) -> bool:
        """Whether the bias does nothing, as in front of batch norm with statistics of samples."""
        return bool(self.bias <= NO_EFFECT * self.weight)


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Signals of all layers, and how steady each layer's gradients are."""

    signals: tuple[Signal, ...]
    layers: tuple[WeightBiasRatios, ...]
    classifies: bool  # whether the loss is the cross-entropy: then ‖∂ℓ/∂h‖ ≤ √2, and every component is in [-1, 1]
    largest_output: float  # max over samples of ‖∂ℓ/∂h‖, h the network's outputs
    largest_squared: float  # the same of squared error on the same outputs, against classes in one-hot form


@dataclass(frozen=True, eq=False)
class SignalHistory:
    """Signals of all layers at every checkpoint that training has kept (A4)."""

    step: np.ndarray  # (S,)
    layers: tuple[str, ...]
    shares: np.ndarray  # (S, len(BIN_EDGES) - 1) of |δ| by its logarithm, all layers together
    root_mean_square: np.ndarray  # (S, L)
    largest: np.ndarray  # (S, L) max |δ|


def measure_derivatives(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Derivatives:
    """Measure the signals at every layer, and the block ratios of weights and biases (A4, A5).

    Steps are Gaussian, of one length for a layer's weight and its bias.

    Args:
        objective: the loss, at its own θ.
        seed: of the steps.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    signals: dict[str, _Signals] = {}
    inputs: dict[str, float] = {}
    for flowing in flows(objective, objective.theta, stop=stop):
        for flow in flowing:
            signals.setdefault(flow.layer, _Signals()).add(flow.signal)
            inputs[flow.layer] = inputs.get(flow.layer, 0.0) + _squares(flow) * len(flow.inputs) / objective.samples
    anchor = objective.evaluate(objective.theta, stop=stop).gradient
    layers = [_steadiness(objective, name, inputs[name], anchor, seed, stop) for name in signals]
    found = tuple(one.told(name) for name, one in signals.items())
    largest, squared = _largest_output(objective)
    kept = tuple(one for one in layers if one is not None)
    return Derivatives(found, kept, objective.classifies, largest, squared)


def measure_signal_history(run: Run, spec: SignalsSpec, *, stop: Stop = lambda: False) -> SignalHistory:
    """Measure the signals of all layers at every checkpoint of a training (A4).

    Args:
        run: the training.
        spec: names the evaluation samples, the statistics and the precision; its own checkpoint plays no part.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    found = []
    for checkpoint in run.checkpoints:
        signals: dict[str, _Signals] = {}
        objective = objective_of(run, spec.evaluation(checkpoint.step))
        for flowing in flows(objective, objective.theta, stop=stop):
            for flow in flowing:
                signals.setdefault(flow.layer, _Signals()).add(flow.signal)
        found.append([one.told(name) for name, one in signals.items()])
    return SignalHistory(
        np.array([checkpoint.step for checkpoint in run.checkpoints]),
        tuple(signal.layer for signal in found[0]),
        np.array([np.mean([signal.shares for signal in there], axis=0) for there in found]),
        np.array([[signal.root_mean_square for signal in there] for there in found]),
        np.array([[signal.largest for signal in there] for there in found]),
    )


def _largest_output(objective: Objective) -> tuple[float, float]:
    """Return max ‖∂ℓ/∂h‖ over samples, and the same of squared error (nan without classes).

    It is taken at the network's own outputs: something may stand behind its last layer.
    """
    largest, squared = 0.0, 0.0 if objective.classifies else float("nan")
    for share in objective.batch_losses:
        with watched_outputs(objective.module) as met, torch.enable_grad():
            loss = share(objective.point(objective.theta).requires_grad_())
            (signal,) = torch.autograd.grad(loss * objective.samples, met)
        largest = max(largest, float(signal.double().flatten(1).norm(dim=1).max()))
        if objective.classifies:
            outputs = met[0].detach().double()
            classes = torch.softmax(outputs, 1) - signal.double()  # one-hot: the derivative is softmax(h) - e_y
            squared = max(squared, float((2 * (outputs - classes)).norm(dim=1).max()))
    return largest, squared


class _Signals:
    """Sums over mini-batches."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(BIN_EDGES) - 1)
        self.number = self.zeros = self.beyond = 0
        self.largest = self.squares = 0.0

    def add(self, signal: Tensor) -> None:
        sizes = signal.detach().double().abs().flatten()
        logs = sizes[sizes > 0].log10().clamp(float(BIN_EDGES[0]), float(BIN_EDGES[-1])).cpu().numpy()
        self.counts += np.histogram(logs, BIN_EDGES)[0]
        self.number += sizes.numel()
        self.zeros += int((sizes == 0).sum())
        self.beyond += int((sizes > 1).sum())
        self.largest = max(self.largest, float(sizes.max()))
        self.squares += float(sizes.square().sum())

    def told(self, layer: str) -> Signal:
        n = self.number
        return Signal(
            layer, self.counts / n, self.zeros / n, self.largest, float(np.sqrt(self.squares / n)), self.beyond / n
        )


def _squares(flow: Flow) -> float:
    """Return Σ_i E[x_i²] over the mini-batch, for a convolution over its patches: the mean over output units."""
    sums = sums_of(flow)
    return float(per_unit(flow, sums.second).mean()) / sums.count


def _steadiness(
    objective: Objective, layer: str, inputs: float, anchor: Tensor, seed: int, stop: Stop
) -> WeightBiasRatios | None:
    places = {name: place for name, place, _ in objective.layout.blocks()}
    weight = places.get(f"{layer}.weight")
    if weight is None:  # a normalized weight is two parameters, none of which is the weight
        return None
    length = STEP * float(objective.theta[weight].double().norm())
    ratio = ratio_within(objective, weight, length, anchor, seed, stop)
    bias = places.get(f"{layer}.bias")
    steady = float("nan") if bias is None else ratio_within(objective, bias, length, anchor, seed, stop)
    return WeightBiasRatios(layer, ratio, steady, float(np.sqrt(inputs)))


def ratio_within(
    objective: Objective,
    place: slice | Tensor,
    length: float,
    anchor: Tensor,
    seed: int,
    stop: Stop = lambda: False,
) -> float:
    """Return ‖∇f(θ + Δ) - ∇f(θ)‖ / ‖Δ‖ within a block, for a Gaussian Δ of a length in that block (D5).

    Args:
        objective: the loss, at its own θ.
        place: the block's entries of θ.
        length: ‖Δ‖; at 0 there is no ratio, and nan comes back.
        anchor: ∇f(θ) (P,).
        seed: of the direction.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
    """
    if length == 0:
        return float("nan")
    generator = torch.Generator().manual_seed(seed)
    moved = objective.theta.double().clone()
    direction = torch.randn(moved[place].shape, generator=generator, dtype=torch.float64)
    moved[place] += length * (direction / direction.norm()).to(moved.device)
    point = moved.to(objective.theta.dtype)
    step = float((point.double() - objective.theta.double()).norm())  # as it is evaluated, after rounding
    gradient = objective.evaluate(point, stop=stop).gradient
    return float((gradient[place].double() - anchor[place].double()).norm()) / step
