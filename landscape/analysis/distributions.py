"""What other explanations speak of: distributions of inputs, covariate shift, and where activations work (A13)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.activations import flows, watched
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.objective.objective import Objective

BIN_EDGES = np.linspace(-6.0, 6.0, 61)
"""Of all histograms, in the inputs' own units; what is beyond counts in the first and the last bin."""

RATE = 0.1
"""Learning rate of the step that earlier layers take for the covariate shift."""

ACTIVATIONS = (nn.ReLU, nn.GELU, nn.SiLU, nn.Softplus, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.Sigmoid)


@dataclass(frozen=True, eq=False)
class Distribution:
    """Of all entries that go into one layer or one activation, over samples, positions and units."""

    layer: str
    shares: np.ndarray  # (len(BIN_EDGES) - 1,), summing to 1
    mean: float
    deviation: float
    skew: float  # third standardized moment; 0 for a normal distribution
    kurtosis: float  # fourth standardized moment less 3; 0 for a normal distribution
    within: float  # share in [-1, 1]


@dataclass(frozen=True, eq=False)
class ActivationInputs:
    """What goes into one activation, and which of its units do nothing, or nothing but pass on."""

    before: Distribution
    dead: float  # share of units whose input is at most 0 for all samples and positions; nan for other than ReLU
    linear: float  # share of units whose input is above 0 for all of them; nan for other than ReLU


@dataclass(frozen=True, eq=False)
class CovariateShift:
    """Internal covariate shift of one layer: its gradient before and after all earlier layers have stepped."""

    layer: str
    distance: float  # ‖G - G'‖
    size: float  # ‖G‖
    cosine: float  # of G and G'; nan where one of them is 0


@dataclass(frozen=True, eq=False)
class Distributions:
    """Everything of a network that A13 looks at: hypotheses, not results."""

    layers: tuple[Distribution, ...]  # inputs of linear layers and convolutions
    activations: tuple[ActivationInputs, ...]
    shifts: tuple[CovariateShift, ...]


def measure_distributions(objective: Objective, *, rate: float = RATE, stop: Stop = lambda: False) -> Distributions:
    """Measure distributions of inputs, dead and linear units, and internal covariate shift (A13).

    The shift is that of Santurkar et al. 2018 (arXiv 1805.11604), definition 2.1: G is the gradient by layer i's
    parameters at θ, and G' the same after the layers in front of it have made their step -η∇f, with gradients of the
    whole evaluation set.

    Args:
        objective: the loss, at its own θ.
        rate: η of the step.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    layers: dict[str, _Entries] = {}
    activations: dict[str, _Entries] = {}
    kinds: dict[str, nn.Module] = {}
    with watched(objective.module, ACTIVATIONS) as met:
        for flowing in flows(objective, objective.theta, stop=stop):
            for flow in flowing:
                layers.setdefault(flow.layer, _Entries()).add(flow.inputs)
            calls: Counter[str] = Counter()
            for name, module, x, _ in met:
                calls[name] += 1
                label = name if calls[name] == 1 else f"{name} ({calls[name]})"  # one module may be called again
                kinds[label] = module
                activations.setdefault(label, _Entries()).add(x.detach())
            met.clear()
    return Distributions(
        tuple(entries.told(name) for name, entries in layers.items()),
        tuple(entries.activity(name, kinds[name]) for name, entries in activations.items()),
        measure_shift(objective, rate=rate, stop=stop),
    )


def measure_shift(
    objective: Objective, *, rate: float = RATE, stop: Stop = lambda: False
) -> tuple[CovariateShift, ...]:
    """Measure every layer's internal covariate shift (A13; Santurkar et al. 2018, definition 2.1).

    Args:
        objective: the loss, at its own θ.
        rate: η of the step that earlier layers take.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
    """
    theta = objective.theta.double()
    gradient = objective.evaluate(objective.theta, stop=stop).gradient.double()
    found, moved = [], theta.clone()
    for layer, places in layers_of(objective.layout).items():
        check_stop(stop)
        there = objective.evaluate(moved.to(objective.theta.dtype), stop=stop).gradient.double()
        before, after = (torch.cat([whole[place] for place in places]) for whole in (gradient, there))
        lengths = float(before.norm() * after.norm())
        cosine = float(before @ after) / lengths if lengths else float("nan")
        found.append(CovariateShift(layer, float((before - after).norm()), float(before.norm()), cosine))
        for place in places:
            moved[place] -= rate * gradient[place]
    return tuple(found)


class _Entries:
    """Power sums about 0, counts, and each unit's least and largest value, over mini-batches."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(BIN_EDGES) - 1)
        self.powers = np.zeros(5)
        self.within = 0
        self.least: Tensor | None = None
        self.most: Tensor | None = None

    def add(self, values: Tensor) -> None:
        x = values.detach().double()
        flat = x.flatten()
        inside = flat.clamp(float(BIN_EDGES[0]), float(BIN_EDGES[-1])).cpu().numpy()
        self.counts += np.histogram(inside, BIN_EDGES)[0]
        self.powers += [float(flat.pow(k).sum()) for k in range(5)]
        self.within += int((flat.abs() <= 1).sum())
        units = x.transpose(0, 1).flatten(1) if x.ndim == 4 else x.flatten(0, -2).T
        least, most = units.amin(1), units.amax(1)
        self.least = least if self.least is None else torch.minimum(self.least, least)
        self.most = most if self.most is None else torch.maximum(self.most, most)

    def told(self, layer: str) -> Distribution:
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
        if not isinstance(module, nn.ReLU) or self.least is None or self.most is None:
            return ActivationInputs(self.told(name), float("nan"), float("nan"))
        dead, linear = (self.most <= 0).double().mean(), (self.least > 0).double().mean()
        return ActivationInputs(self.told(name), float(dead), float(linear))
