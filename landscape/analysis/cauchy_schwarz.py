"""The Cauchy-Schwarz step: the change of a weight's gradient, and its bound by the second moment of the inputs (A6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.layers.activations import LayerActivations, layer_activations
from normscape.landscape.layers.patches import outer_product_sums, patch_sums, sum_per_unit
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective

RELATIVE_STEP = 1e-2
"""Norm of the weight's step relative to the norm of the weight."""


@dataclass(frozen=True, eq=False)
class BoundedChange:
    """Both sides of ‖E[λx]‖ ≤ sqrt(E[λ²])·sqrt(Σ_i E[x_i²]) for every output unit of one layer.

    E is over samples and T positions. T times the left side is the norm of the change of the unit's weight gradient.
    """

    layer: str
    positions: int  # T
    step: float  # ‖Δw‖
    left: np.ndarray  # (U,) ‖E[λ_u x]‖
    right: np.ndarray  # (U,)
    left_centered: np.ndarray  # (U,) ‖E[λ_u (x - E x)]‖
    right_centered: np.ndarray  # (U,) with Σ_i E[(x_i - E x_i)²] in place of Σ_i E[x_i²]
    change: np.ndarray  # (U,) sqrt(E[λ_u²])

    @property
    def tightness(self) -> np.ndarray:
        """Left over right side (U,), in [0, 1]; nan if the signal does not change."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.right > 0, self.left / self.right, np.nan)

    @property
    def whole(self) -> tuple[float, float]:
        """Both sides for all units together: the root of the sum of squares."""
        return float(np.linalg.norm(self.left)), float(np.linalg.norm(self.right))

    @property
    def totals_centered(self) -> tuple[float, float]:
        """Both sides for all units together, with centered inputs."""
        return float(np.linalg.norm(self.left_centered)), float(np.linalg.norm(self.right_centered))

    @property
    def rate(self) -> float:
        """sqrt(Σ_u E[λ_u²]) / ‖Δw‖, which the argument assumes to be constant."""
        return float(np.linalg.norm(self.change)) / self.step if self.step else float("nan")


@dataclass(frozen=True, eq=False)
class CauchySchwarz:
    """All linear and convolution layers with plain weights, in call order."""

    layers: tuple[BoundedChange, ...]
    noise: float  # effect of rounding on left over right side


def measure_cauchy_schwarz(objective: Objective, *, stop: Stop = lambda: False) -> CauchySchwarz:
    """Compute both sides of the bound for a step of one layer's weight at a time, along its own -∇f (A6).

    Only this weight moves, so the layer's input does not change. λ is the change of the signal δ = M·∂f/∂y at its
    outputs; through later batch norms it includes cross-sample terms.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    theta = objective.theta.double()
    gradient = objective.evaluate(objective.theta, stop=stop).gradient.double()
    layers = []
    for name, position, filters in objective.layout.blocks():
        if filters.present and name.endswith(".weight"):
            size, length = float(gradient[position].norm()), RELATIVE_STEP * float(theta[position].norm())
            if size == 0 or length == 0:
                continue
            moved = theta.clone()
            moved[position] -= length / size * gradient[position]
            point = moved.to(objective.theta.dtype)
            step = float((point.double() - theta).norm())  # of the rounded point
            change = _bounded_change(objective, name.removesuffix(".weight"), point, step, stop)
            layers += [] if change is None else [change]
    return CauchySchwarz(tuple(layers), 1e4 * torch.finfo(objective.theta.dtype).eps)


def _bounded_change(objective: Objective, layer: str, point: Tensor, step: float, stop: Stop) -> BoundedChange | None:
    sums: tuple[Tensor, ...] | None = None
    count = samples = 0
    pairs = zip(
        layer_activations(objective, objective.theta, stop=stop),
        layer_activations(objective, point, stop=stop),
        strict=True,
    )
    for before, after in pairs:
        signals_after = {activations.layer: activations for activations in after}
        for activations in before:
            if activations.layer == layer:
                batch_sums, batch_count = _sums(
                    activations, signals_after[layer].signal.double() - activations.signal.double()
                )
                sums = batch_sums if sums is None else tuple(a + b for a, b in zip(sums, batch_sums, strict=True))
                count, samples = count + batch_count, samples + len(activations.inputs)
                last = activations
    if sums is None:
        return None
    products, first, second, change, squares = (tensor / count for tensor in sums)
    mean = first.view(-1, products.shape[1])  # one row per group of channels
    unit_mean = mean.repeat_interleave(len(products) // len(mean), 0)
    moment, centered_moment = sum_per_unit(last, second), sum_per_unit(last, second - first**2)
    sides = (
        products.norm(dim=1),
        (squares * moment).sqrt(),
        (products - change[:, None] * unit_mean).norm(dim=1),
        (squares * centered_moment.clamp(min=0)).sqrt(),
        squares.sqrt(),
    )
    return BoundedChange(layer, count // samples, step, *(tensor.cpu().numpy() for tensor in sides))


def _sums(activations: LayerActivations, change: Tensor) -> tuple[tuple[Tensor, ...], int]:
    """Return Σ λx (U, I), Σ x (I,), Σ x² (I,), Σ λ (U,), Σ λ² (U,) over samples and positions, and their number."""
    x = patch_sums(activations)
    units = change.transpose(0, 1).flatten(1) if change.ndim == 4 else change.flatten(0, -2).T
    return (outer_product_sums(activations, change), x.first, x.second, units.sum(1), units.square().sum(1)), x.count
