"""Division by the standard deviation as an adaptive learning rate per input and layer (A8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.derivatives import RELATIVE_STEP, ratio_within
from normscape.landscape.layers.activations import layer_activations
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.curvature.sharpness import measure_layer_sharpness
from normscape.landscape.objective.objective import Objective

MAX_INPUTS = 24
"""Number of measured inputs of the first layer, evenly spaced in the order of their second moments."""


@dataclass(frozen=True, eq=False)
class LayerRate:
    """Curvature and gradient of one layer."""

    layer: str
    norm: float  # ‖w‖
    curvature: float  # λ_max of the Hessian block of w
    gradient: float  # ‖∇_w f‖

    @property
    def scale_free(self) -> float:
        """‖w‖²·λ_max(H_ww), unchanged when w is rescaled before a normalization (D8)."""
        return self.norm**2 * self.curvature

    @property
    def relative_step(self) -> float:
        """‖∇_w f‖ / ‖w‖: the relative step of gradient descent for learning rate 1."""
        return self.gradient / self.norm if self.norm else float("nan")


@dataclass(frozen=True, eq=False)
class LayerRates:
    """All layers, and the inputs of the first linear layer compared with its bias."""

    layers: tuple[LayerRate, ...]
    first: str  # name of the first linear layer; empty if there is none
    second_moment: np.ndarray  # (I,) E[x_i²] of the measured inputs, increasing
    ratio: np.ndarray  # (I,) block ratio of the weights of input i
    bias: float  # block ratio of the bias; nan if there is none

    @property
    def over_bias(self) -> np.ndarray:
        """The inputs' block ratios over the bias's (I,); nan if the bias has no effect."""
        bias_ratio = self.bias if self.bias > 1e-4 * np.max(self.ratio, initial=0.0) else np.nan
        return np.asarray(self.ratio / bias_ratio)

    def spread(self, name: str) -> tuple[float, float]:
        """Return max/min and the coefficient of variation over layers of "scale_free" or "relative_step"."""
        values = np.array([getattr(layer, name) for layer in self.layers])
        if not len(values) or not np.isfinite(values).all() or values.min() <= 0:
            return float("nan"), float("nan")
        return float(values.max() / values.min()), float(values.std() / values.mean())


def measure_layer_rates(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> LayerRates:
    """Measure the spread of curvature and relative step over layers, and of block ratios over inputs (A8).

    The weights w_ui of one input i, for all units u, form a block. Its ratio ‖∇_i f(w + Δ_i) - ∇_i f(w)‖ / ‖Δ_i‖ would
    be E[x_i²] times the bias's if the change of the signal did not depend on x.

    Args:
        objective: the loss, at its own θ.
        seed: seed of the steps.
        stop: polled between evaluations.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    gradient = objective.evaluate(objective.theta, stop=stop).gradient
    positions = {name: place for name, place, _ in objective.layout.blocks()}
    layers = tuple(
        LayerRate(
            name.removesuffix(".weight"),
            squared**0.5,
            sharpness.value,
            float(gradient[positions[name]].double().norm()),
        )
        for name, (squared, sharpness) in measure_layer_sharpness(objective, seed=seed, stop=stop).items()
    )
    return LayerRates(layers, *_input_ratios(objective, positions, gradient, seed, stop))


def _input_ratios(
    objective: Objective, positions: dict[str, slice], gradient: Tensor, seed: int, stop: Stop
) -> tuple[str, np.ndarray, np.ndarray, float]:
    """Return the first linear layer, second moments of its inputs, their block ratios, and the bias's."""
    name, moments = _first_layer_moments(objective, positions, stop)
    if not name:
        return "", np.zeros(0), np.zeros(0), float("nan")
    weight, bias = positions[f"{name}.weight"], positions.get(f"{name}.bias")
    length = RELATIVE_STEP * float(objective.theta[weight].double().norm())
    order = np.argsort(moments, kind="stable")
    order = order[moments[order] > 0]
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(MAX_INPUTS, len(order))).round().astype(int))]
    ratios = [
        ratio_within(
            objective, torch.arange(weight.start + int(i), weight.stop, len(moments)), length, gradient, seed, stop
        )
        for i in chosen
    ]
    bias_ratio = float("nan") if bias is None else ratio_within(objective, bias, length, gradient, seed, stop)
    return name, moments[chosen], np.array(ratios), bias_ratio


def _first_layer_moments(objective: Objective, positions: dict[str, slice], stop: Stop) -> tuple[str, np.ndarray]:
    """Return the first linear layer with a plain weight, and E[x_i²] of its inputs over samples and positions."""
    name, total = "", np.zeros(0)
    for batch in layer_activations(objective, objective.theta, stop=stop):
        for activations in batch:
            if (
                isinstance(activations.module, nn.Linear)
                and f"{activations.layer}.weight" in positions
                and name in ("", activations.layer)
            ):
                x = activations.inputs.double()
                moments = x.square().flatten(0, -2).mean(0) * (len(x) / objective.samples)
                total = moments.cpu().numpy() + (total if name else 0.0)
                name = activations.layer
    return name, total
