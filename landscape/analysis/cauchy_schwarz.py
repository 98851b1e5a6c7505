"""The Cauchy-Schwarz step: how a weight's gradient changes, and the bound that carries the second moment (A6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.analysis.activations import Flow, flows
from normscape.landscape.analysis.patches import correlated, per_unit, sums_of
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective

STEP = 1e-2
"""Length of the step of a layer's weight, in lengths of the weight."""


@dataclass(frozen=True, eq=False)
class BoundedChange:
    """Both sides of ‖E[λx]‖ ≤ sqrt(E[λ²])·sqrt(Σ_i E[x_i²]) for every output unit of one layer.

    E is over samples and T positions; T times the left side is how far the gradient of the unit's weights turns.
    """

    layer: str
    positions: int  # T
    step: float  # ‖Δw‖
    left: np.ndarray  # (U,) ‖E[λ_u x]‖
    right: np.ndarray  # (U,)
    left_centred: np.ndarray  # (U,) ‖E[λ_u (x - E x)]‖
    right_centred: np.ndarray  # (U,) with Σ_i E[(x_i - E x_i)²] in place of Σ_i E[x_i²]
    change: np.ndarray  # (U,) sqrt(E[λ_u²])

    @property
    def tightness(self) -> np.ndarray:
        """Left over right (U,), in [0, 1]; nan where the signal does not change."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.right > 0, self.left / self.right, np.nan)

    @property
    def whole(self) -> tuple[float, float]:
        """Both sides for all units together: the root of the sum of their squares."""
        return float(np.linalg.norm(self.left)), float(np.linalg.norm(self.right))

    @property
    def whole_centred(self) -> tuple[float, float]:
        """The same with centred inputs."""
        return float(np.linalg.norm(self.left_centred)), float(np.linalg.norm(self.right_centred))

    @property
    def rate(self) -> float:
        """sqrt(Σ_u E[λ_u²]) / ‖Δw‖: the argument takes it for a constant."""
        return float(np.linalg.norm(self.change)) / self.step if self.step else float("nan")


@dataclass(frozen=True, eq=False)
class CauchySchwarz:
    """All linear layers and convolutions with plain weights, in the order in which they are met."""

    layers: tuple[BoundedChange, ...]
    noise: float  # what rounding can do to left over right


def measure_cauchy_schwarz(objective: Objective, *, stop: Stop = lambda: False) -> CauchySchwarz:
    """Move one layer's weight at a time along its own -∇f, and compare both sides of the bound (A6).

    Only that weight moves, so the layer's input stays. λ is the change of the signal δ = M·∂f/∂y at its outputs;
    through later batch norms it holds what samples do to each other.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    theta = objective.theta.double()
    gradient = objective.evaluate(objective.theta, stop=stop).gradient.double()
    found = []
    for name, place, filters in objective.layout.blocks():
        if filters.present and name.endswith(".weight"):
            size, length = float(gradient[place].norm()), STEP * float(theta[place].norm())
            if size == 0 or length == 0:
                continue
            moved = theta.clone()
            moved[place] -= length / size * gradient[place]
            point = moved.to(objective.theta.dtype)
            step = float((point.double() - theta).norm())  # as it is evaluated, after rounding
            one = _compared(objective, name.removesuffix(".weight"), point, step, stop)
            found += [] if one is None else [one]
    return CauchySchwarz(tuple(found), 1e4 * torch.finfo(objective.theta.dtype).eps)


def _compared(objective: Objective, layer: str, point: Tensor, step: float, stop: Stop) -> BoundedChange | None:
    sums: tuple[Tensor, ...] | None = None
    count = samples = 0
    pairs = zip(flows(objective, objective.theta, stop=stop), flows(objective, point, stop=stop), strict=True)
    for before, after in pairs:
        there = {flow.layer: flow for flow in after}
        for flow in before:
            if flow.layer == layer:
                part, taken = _sums(flow, there[layer].signal.double() - flow.signal.double())
                sums = part if sums is None else tuple(a + b for a, b in zip(sums, part, strict=True))
                count, samples = count + taken, samples + len(flow.inputs)
                last = flow
    if sums is None:
        return None
    products, first, second, change, squares = (tensor / count for tensor in sums)
    mean = first.view(-1, products.shape[1])  # one row for each group of channels
    own = mean.repeat_interleave(len(products) // len(mean), 0)
    moment, centred = per_unit(last, second), per_unit(last, second - first**2)
    numbers = (
        products.norm(dim=1),
        (squares * moment).sqrt(),
        (products - change[:, None] * own).norm(dim=1),
        (squares * centred.clamp(min=0)).sqrt(),
        squares.sqrt(),
    )
    return BoundedChange(layer, count // samples, step, *(tensor.cpu().numpy() for tensor in numbers))


def _sums(flow: Flow, change: Tensor) -> tuple[tuple[Tensor, ...], int]:
    """Return Σ λx (U, I), Σ x (I,), Σ x² (I,), Σ λ (U,), Σ λ² (U,) over samples and positions, and their number."""
    x = sums_of(flow)
    units = change.transpose(0, 1).flatten(1) if change.ndim == 4 else change.flatten(0, -2).T
    return (correlated(flow, change), x.first, x.second, units.sum(1), units.square().sum(1)), x.count
