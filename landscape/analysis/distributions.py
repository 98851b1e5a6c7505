"""Other explanations: input distributions, covariate shift, and the working range of activations (A13)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.layers.activations import capture_layers, layer_activations
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective
from normscape.models.normalizations.filter_response import Threshold

BIN_EDGES = np.linspace(-6.0, 6.0, 61)
"""Histogram bins; values beyond the ends count in the first and the last bin."""

LEARNING_RATE = 0.1
"""Learning rate of the step of earlier layers for the covariate shift."""

ACTIVATIONS = (Threshold, nn.ReLU, nn.GELU, nn.SiLU, nn.Softplus, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.Sigmoid)


@dataclass(frozen=True, eq=False)
class Distribution:
    """The distribution of the inputs of one layer or activation, over samples, positions and units."""

    layer: str
    shares: np.ndarray  # (len(BIN_EDGES) - 1,), sum 1
    mean: float
    deviation: float
    skew: float  # third standardized moment; 0 for a normal distribution
    kurtosis: float  # excess kurtosis: fourth standardized moment minus 3; 0 for a normal distribution
    within: float  # fraction in [-1, 1]


@dataclass(frozen=True, eq=False)
class ActivationInputs:
    """The inputs of one activation, and its dead and linear units."""

    before: Distribution
    dead: float  # share of units with inputs ≤ 0, or ≤ τ, for all samples and positions; nan without such a threshold
    linear: float  # share of units with inputs above it for all of them


@dataclass(frozen=True, eq=False)
class CovariateShift:
    """Internal covariate shift of one layer: its gradient before and after a step of all earlier layers."""

    layer: str
    distance: float  # ‖G - G'‖
    size: float  # ‖G‖
    cosine: float  # cos(G, G'); nan if one is 0


@dataclass(frozen=True, eq=False)
class Distributions:
    """All measurements of A13 on one network: hypotheses, not results."""

    layers: tuple[Distribution, ...]  # inputs of linear and convolution layers
    activations: tuple[ActivationInputs, ...]
    shifts: tuple[CovariateShift, ...]


def measure_distributions(
    objective: Objective, *, rate: float = LEARNING_RATE, stop: Stop = lambda: False
) -> Distributions:
    """Measure distributions of inputs, dead and linear units, and internal covariate shift (A13).

    The shift follows Santurkar et al. 2018 (arXiv 1805.11604), definition 2.1: G is the gradient with respect to layer
    i's parameters at θ, and G' the same after the step -η∇f of all earlier layers, with gradients of the whole
    evaluation set.

    Args:
        objective: the loss, at its own θ.
        rate: η of the step.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    layers: dict[str, _Entries] = {}
    activations: dict[str, _Entries] = {}
    kinds: dict[str, nn.Module] = {}
    with capture_layers(objective.module, ACTIVATIONS) as captured:
        for batch in layer_activations(objective, objective.theta, stop=stop):
            for layer in batch:
                layers.setdefault(layer.layer, _Entries()).add(layer.inputs)
            calls: Counter[str] = Counter()
            for name, module, x, _ in captured:
                calls[name] += 1
                label = name if calls[name] == 1 else f"{name} ({calls[name]})"  # a module may be called several times
                kinds[label] = module
                activations.setdefault(label, _Entries()).add(x.detach())
            captured.clear()
    return Distributions(
        tuple(entries.result(name) for name, entries in layers.items()),
        tuple(entries.activity(name, kinds[name]) for name, entries in activations.items()),
        measure_shift(objective, rate=rate, stop=stop),
    )


def measure_shift(
    objective: Objective, *, rate: float = LEARNING_RATE, stop: Stop = lambda: False
) -> tuple[CovariateShift, ...]:
    """Measure every layer's internal covariate shift (A13; Santurkar et al. 2018, definition 2.1).

    Args:
        objective: the loss, at its own θ.
        rate: η of the step of earlier layers.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
    """
    theta = objective.theta.double()
    gradient = objective.evaluate(objective.theta, stop=stop).gradient.double()
    shifts, moved = [], theta.clone()
    for layer, positions in layers_of(objective.layout).items():
        check_stop(stop)
        stepped = objective.evaluate(moved.to(objective.theta.dtype), stop=stop).gradient.double()
        before, after = (torch.cat([whole[position] for position in positions]) for whole in (gradient, stepped))
        lengths = float(before.norm() * after.norm())
        cosine = float(before @ after) / lengths if lengths else float("nan")
        shifts.append(CovariateShift(layer, float((before - after).norm()), float(before.norm()), cosine))
        for position in positions:
            moved[position] -= rate * gradient[position]
    return tuple(shifts)


class _Entries:
    """Sums of powers, histogram counts, and each unit's minimum and maximum, over mini-batches."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(BIN_EDGES) - 1)
        self.powers = np.zeros(5)
        self.within = 0
        self.minimum: Tensor | None = None
        self.maximum: Tensor | None = None

    def add(self, values: Tensor) -> None:
        x = values.detach().double()
        flat = x.flatten()
        inside = flat.clamp(float(BIN_EDGES[0]), float(BIN_EDGES[-1])).cpu().numpy()
        self.counts += np.histogram(inside, BIN_EDGES)[0]
        self.powers += [float(flat.pow(k).sum()) for k in range(5)]
        self.within += int((flat.abs() <= 1).sum())
        units = x.transpose(0, 1).flatten(1) if x.ndim == 4 else x.flatten(0, -2).T
        minimum, maximum = units.amin(1), units.amax(1)
        self.minimum = minimum if self.minimum is None else torch.minimum(self.minimum, minimum)
        self.maximum = maximum if self.maximum is None else torch.maximum(self.maximum, maximum)

    def result(self, layer: str) -> Distribution:
        number = self.powers[0]
        m1, m2, m3, m4 = self.powers[1:] / number
        variance = max(m2 - m1**2, 0.0)
        third = m3 - 3 * m1 * m2 + 2 * m1**3
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        skew, kurtosis = (third / variance**1.5, fourth / variance**2 - 3) if variance > 0 else (np.nan, np.nan)
        return Distribution(
            layer,
            self.counts / number,
            float(m1),
            float(np.sqrt(variance)),
            float(skew),
            float(kurtosis),
            self.within / number,
        )

    def activity(self, name: str, module: nn.Module) -> ActivationInputs:
        if not isinstance(module, nn.ReLU | Threshold) or self.minimum is None or self.maximum is None:
            return ActivationInputs(self.result(name), float("nan"), float("nan"))
        threshold = module.threshold.detach().double() if isinstance(module, Threshold) else 0.0
        dead, linear = (self.maximum <= threshold).double().mean(), (self.minimum > threshold).double().mean()
        return ActivationInputs(self.result(name), float(dead), float(linear))
