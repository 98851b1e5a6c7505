"""Dividing by the deviation as a rate of its own for every input and layer (A8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.activations import flows
from normscape.landscape.analysis.derivatives import STEP, ratio_within
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.sharpness import measure_layer_sharpness

MOST_INPUTS = 24
"""Inputs of the first layer that are looked at, evenly spread from the smallest second moment to the largest."""


@dataclass(frozen=True, eq=False)
class LayerRate:
    """How fast one layer may go, and how fast it goes."""

    layer: str
    norm: float  # ‖w‖
    curvature: float  # λ_max of the Hessian's block of w
    gradient: float  # ‖∇_w f‖

    @property
    def scale_free(self) -> float:
        """‖w‖²·λ_max(H_ww): what is left if the size of w does not matter (D8)."""
        return self.norm**2 * self.curvature

    @property
    def relative_step(self) -> float:
        """‖∇_w f‖ / ‖w‖: a step of gradient descent in lengths of w, for a learning rate of 1."""
        return self.gradient / self.norm if self.norm else float("nan")


@dataclass(frozen=True, eq=False)
class LayerRates:
    """All layers, and the inputs of the first linear layer against its bias."""

    layers: tuple[LayerRate, ...]
    first: str  # the first linear layer; empty if there is none
    second_moment: np.ndarray  # (I,) E[x_i²] of some of its inputs, increasing
    ratio: np.ndarray  # (I,) block ratio of the weights of input i
    bias: float  # block ratio of the bias; nan where there is none

    @property
    def over_bias(self) -> np.ndarray:
        """The ratios of the inputs' weights over the bias's (I,): 1 is as steady as the bias; nan without effect."""
        steady = self.bias if self.bias > 1e-4 * np.max(self.ratio, initial=0.0) else np.nan
        return np.asarray(self.ratio / steady)

    def spread(self, name: str) -> tuple[float, float]:
        """Return max/min and the coefficient of variation over layers of "scale_free" or "relative_step"."""
        values = np.array([getattr(layer, name) for layer in self.layers])
        if not len(values) or not np.isfinite(values).all() or values.min() <= 0:
            return float("nan"), float("nan")
        return float(values.max() / values.min()), float(values.std() / values.mean())


def measure_layer_rates(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> LayerRates:
    """Measure how far layers, and the inputs of the first one, are in step (A8).

    The weights of one input i, w_ui for all units u, make a block of their own. Its ratio ‖∇_i f(w + Δ_i) - ∇_i f(w)‖
    / ‖Δ_i‖ would be E[x_i²] times the bias's if the change of the signal did not depend on x.

    Args:
        objective: the loss, at its own θ.
        seed: of the steps.
        stop: polled between evaluations.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    gradient = objective.evaluate(objective.theta, stop=stop).gradient
    places = {name: place for name, place, _ in objective.layout.blocks()}
    layers = tuple(
        LayerRate(
            name.removesuffix(".weight"), squared**0.5, found.value, float(gradient[places[name]].double().norm())
        )
        for name, (squared, found) in measure_layer_sharpness(objective, seed=seed, stop=stop).items()
    )
    return LayerRates(layers, *_inputs(objective, places, gradient, seed, stop))


def _inputs(
    objective: Objective, places: dict[str, slice], gradient: Tensor, seed: int, stop: Stop
) -> tuple[str, np.ndarray, np.ndarray, float]:
    """Return the first linear layer, second moments of its inputs, their block ratios, and the bias's."""
    name, moments = _first_moments(objective, places, stop)
    if not name:
        return "", np.zeros(0), np.zeros(0), float("nan")
    weight, bias = places[f"{name}.weight"], places.get(f"{name}.bias")
    length = STEP * float(objective.theta[weight].double().norm())
    order = np.argsort(moments, kind="stable")
    order = order[moments[order] > 0]
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(MOST_INPUTS, len(order))).round().astype(int))]
    ratios = [
        ratio_within(
            objective, torch.arange(weight.start + int(i), weight.stop, len(moments)), length, gradient, seed, stop
        )
        for i in chosen
    ]
    steady = float("nan") if bias is None else ratio_within(objective, bias, length, gradient, seed, stop)
    return name, moments[chosen], np.array(ratios), steady


def _first_moments(objective: Objective, places: dict[str, slice], stop: Stop) -> tuple[str, np.ndarray]:
    """Return the first linear layer that has a plain weight, and E[x_i²] of its inputs, over samples and positions."""
    name, total = "", np.zeros(0)
    for flowing in flows(objective, objective.theta, stop=stop):
        for flow in flowing:
            if isinstance(flow.module, nn.Linear) and f"{flow.layer}.weight" in places and name in ("", flow.layer):
                x = flow.inputs.double()
                share = x.square().flatten(0, -2).mean(0) * (len(x) / objective.samples)
                total = share.cpu().numpy() + (total if name else 0.0)
                name = flow.layer
    return name, total
