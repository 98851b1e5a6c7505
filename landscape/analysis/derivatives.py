"""Bounded derivatives, and the change of weight and bias gradients (A4, A5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.layers.activations import LayerActivations, capture_outputs, layer_activations
from normscape.landscape.layers.patches import patch_sums, sum_per_unit
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.training.train import Run
from normscape.specs import SignalsSpec

BIN_EDGES = np.linspace(-8.0, 3.0, 56)
"""Histogram bins of log₁₀|δ|, five per decade; values beyond the ends count in the first and the last bin."""

RELATIVE_STEP = 1e-2
"""Norm of a step of a weight or a bias, relative to the norm of the weight."""

NO_EFFECT = 1e-4
"""Ratio of the bias's to the weight's block ratio below which a bias counts as without effect, as before batch norm."""


@dataclass(frozen=True, eq=False)
class Signal:
    """The back-propagated signal δ = M·∂f/∂y of one layer, over samples, positions and units (A4)."""

    layer: str
    shares: np.ndarray  # (len(BIN_EDGES) - 1,) histogram of log₁₀|δ|, without zeros
    zero: float  # fraction that is exactly 0
    largest: float  # max |δ|
    root_mean_square: float
    beyond: float  # fraction with |δ| > 1


@dataclass(frozen=True, eq=False)
class WeightBiasRatios:
    """Block ratios of one layer's weight and bias, for steps of the same length (A5)."""

    layer: str
    weight: float  # ‖∇_w f(w + Δ) - ∇_w f(w)‖ / ‖Δ‖
    bias: float  # the same for the bias; nan for layers without one
    inputs: float  # sqrt(Σ_i E[x_i²]), a factor of the weight's gradient but not of the bias's

    @property
    def without_effect(self) -> bool:
        """Whether the bias has no effect, as before batch norm with population or batch statistics."""
        return bool(self.bias <= NO_EFFECT * self.weight)


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Signals and block ratios of all layers."""

    signals: tuple[Signal, ...]
    layers: tuple[WeightBiasRatios, ...]
    classifies: bool  # whether the loss is the cross-entropy: then ‖∂ℓ/∂h‖ ≤ √2, with components in [-1, 1]
    largest_output: float  # max over samples of ‖∂ℓ/∂h‖, with h the network's outputs
    largest_squared: float  # the same for squared error on the same outputs, with one-hot targets


@dataclass(frozen=True, eq=False)
class SignalHistory:
    """Signals of all layers at every checkpoint of a run (A4)."""

    step: np.ndarray  # (S,)
    layers: tuple[str, ...]
    shares: np.ndarray  # (S, len(BIN_EDGES) - 1) histogram of log₁₀|δ| over all layers
    root_mean_square: np.ndarray  # (S, L)
    largest: np.ndarray  # (S, L) max |δ|


def measure_derivatives(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Derivatives:
    """Measure the signals of every layer, and the block ratios of weights and biases (A4, A5).

    Steps are Gaussian, with the same length for a layer's weight and bias.

    Args:
        objective: the loss, at its own θ.
        seed: seed of the steps.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    signals: dict[str, _SignalSums] = {}
    inputs: dict[str, float] = {}
    for batch in layer_activations(objective, objective.theta, stop=stop):
        for activations in batch:
            signals.setdefault(activations.layer, _SignalSums()).add(activations.signal)
            inputs[activations.layer] = (
                inputs.get(activations.layer, 0.0)
                + _second_moment(activations) * len(activations.inputs) / objective.samples
            )
    anchor = objective.evaluate(objective.theta, stop=stop).gradient
    layers = [_weight_bias_ratios(objective, name, inputs[name], anchor, seed, stop) for name in signals]
    results = tuple(sums.result(name) for name, sums in signals.items())
    largest, squared = _largest_output(objective)
    ratios = tuple(sums for sums in layers if sums is not None)
    return Derivatives(results, ratios, objective.is_cross_entropy, largest, squared)


def measure_signal_history(run: Run, spec: SignalsSpec, *, stop: Stop = lambda: False) -> SignalHistory:
    """Measure the signals of all layers at every checkpoint of a run (A4).

    Args:
        run: the run.
        spec: evaluation samples, statistics and precision; its checkpoint is not used.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    results = []
    for checkpoint in run.checkpoints:
        signals: dict[str, _SignalSums] = {}
        objective = objective_of(run, spec.evaluation(checkpoint.step))
        for batch in layer_activations(objective, objective.theta, stop=stop):
            for activations in batch:
                signals.setdefault(activations.layer, _SignalSums()).add(activations.signal)
        results.append([sums.result(name) for name, sums in signals.items()])
    return SignalHistory(
        np.array([checkpoint.step for checkpoint in run.checkpoints]),
        tuple(signal.layer for signal in results[0]),
        np.array([np.mean([signal.shares for signal in signals], axis=0) for signals in results]),
        np.array([[signal.root_mean_square for signal in signals] for signals in results]),
        np.array([[signal.largest for signal in signals] for signals in results]),
    )


def _largest_output(objective: Objective) -> tuple[float, float]:
    """Return max ‖∂ℓ/∂h‖ over samples, and the same for squared error (nan without classes).

    It is computed at the network's outputs, because other modules may follow the last layer.
    """
    largest, squared = 0.0, 0.0 if objective.is_cross_entropy else float("nan")
    for batch_loss in objective.batch_losses:
        with capture_outputs(objective.module) as captured, torch.enable_grad():
            loss = batch_loss(objective.point(objective.theta).requires_grad_())
            (signal,) = torch.autograd.grad(loss * objective.samples, captured)
        largest = max(largest, float(signal.double().flatten(1).norm(dim=1).max()))
        if objective.is_cross_entropy:
            outputs = captured[0].detach().double()
            classes = torch.softmax(outputs, 1) - signal.double()  # one-hot, since the derivative is softmax(h) - e_y
            squared = max(squared, float((2 * (outputs - classes)).norm(dim=1).max()))
    return largest, squared


class _SignalSums:
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

    def result(self, layer: str) -> Signal:
        n = self.number
        return Signal(
            layer, self.counts / n, self.zeros / n, self.largest, float(np.sqrt(self.squares / n)), self.beyond / n
        )


def _second_moment(activations: LayerActivations) -> float:
    """Return Σ_i E[x_i²] over the mini-batch; for a convolution over its patches, the mean over output units."""
    sums = patch_sums(activations)
    return float(sum_per_unit(activations, sums.second).mean()) / sums.count


def _weight_bias_ratios(
    objective: Objective, layer: str, inputs: float, anchor: Tensor, seed: int, stop: Stop
) -> WeightBiasRatios | None:
    positions = {name: position for name, position, _ in objective.layout.blocks()}
    weight = positions.get(f"{layer}.weight")
    if weight is None:  # weight normalization replaces the weight by two parameters
        return None
    length = RELATIVE_STEP * float(objective.theta[weight].double().norm())
    ratio = ratio_within(objective, weight, length, anchor, seed, stop)
    bias = positions.get(f"{layer}.bias")
    bias_ratio = float("nan") if bias is None else ratio_within(objective, bias, length, anchor, seed, stop)
    return WeightBiasRatios(layer, ratio, bias_ratio, float(np.sqrt(inputs)))


def ratio_within(
    objective: Objective,
    position: slice | Tensor,
    length: float,
    anchor: Tensor,
    seed: int,
    stop: Stop = lambda: False,
) -> float:
    """Return ‖∇f(θ + Δ) - ∇f(θ)‖ / ‖Δ‖ within a block, for a Gaussian Δ of given length in that block (D5).

    Args:
        objective: the loss, at its own θ.
        position: the block's entries of θ.
        length: ‖Δ‖; for 0 the result is nan.
        anchor: ∇f(θ) (P,).
        seed: seed of the direction.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
    """
    if length == 0:
        return float("nan")
    generator = torch.Generator().manual_seed(seed)
    moved = objective.theta.double().clone()
    direction = torch.randn(moved[position].shape, generator=generator, dtype=torch.float64)
    moved[position] += length * (direction / direction.norm()).to(moved.device)
    point = moved.to(objective.theta.dtype)
    step = float((point.double() - objective.theta.double()).norm())  # of the rounded point
    gradient = objective.evaluate(point, stop=stop).gradient
    return float((gradient[position].double() - anchor[position].double()).norm()) / step
