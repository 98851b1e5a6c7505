"""The effect of one batch-norm layer on backward gradients (A14; Santurkar et al. 2018, arXiv 1805.11604, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.layers.activations import capture_layers, require_one_pass
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
"""Layers of the theorem: standardize over samples and positions, then scale and shift."""


@dataclass(frozen=True, eq=False)
class NormLayer:
    """One batch-norm layer z = γŷ + β, per unit; sums over mini-batches, each with its own statistics.

    With g = ∂f/∂z, m values per unit, and r = v/(v + ε):
    ‖∂f/∂y‖² = (γ²/(v + ε)) (‖g‖² - ⟨1, g⟩²/m - (2 - r)⟨g, ŷ⟩²/m).
    """

    layer: str
    values: int  # m, for the smallest mini-batch
    projects: bool  # whether statistics depend on the samples; with running averages there is no projection
    left: np.ndarray  # (U,) ‖∂f/∂y‖²
    right: np.ndarray  # (U,)
    signal: np.ndarray  # (U,) ‖g‖²
    by_mean: np.ndarray  # (U,) part of ‖g‖² removed through the mean, relative: ⟨1, g⟩²/m
    by_deviation: np.ndarray  # (U,) part removed through the standard deviation, relative: (2 - r)⟨g, ŷ⟩²/m
    ratio: np.ndarray  # (U,) ‖∂f/∂y‖²(v + ε)/γ² over ‖g‖², relative to no layer at γ = √(v + ε), β = μ; nan if γg is 0
    factor: np.ndarray  # (U,) |γ|/√(v + ε), root mean square over mini-batches
    difference: np.ndarray  # (U,) |left - right| over (γ²/(v + ε))‖g‖², the largest over mini-batches


@dataclass(frozen=True, eq=False)
class Theorem:
    """All batch-norm layers of a network, in call order."""

    layers: tuple[NormLayer, ...]
    noise: float  # rounding error of the difference


def measure_theorem(objective: Objective, *, stop: Stop = lambda: False) -> Theorem:
    """Compute both sides of theorem 4.1 at every unit of every batch-norm layer (A14).

    Args:
        objective: the loss, at its own θ, with its own statistics (D1).
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass.
    """
    require_one_pass(objective, "both sides of the theorem")
    by_layer: dict[str, list[NormLayer]] = {}
    for batch_loss in objective.batch_losses:
        check_stop(stop)
        point = objective.point(objective.theta).requires_grad_()
        with capture_layers(objective.module, BATCH_NORMS, separate_inputs=True) as captured, torch.enable_grad():
            loss = batch_loss(point)
            tensors = [tensor for _, _, y, z in captured for tensor in (y, z)]
            gradients = torch.autograd.grad(loss, tensors) if tensors else ()
        affine = objective.layout.unflatten(point.detach())
        for (name, module, y, _), by_y, by_z in zip(captured, gradients[::2], gradients[1::2], strict=True):
            by_layer.setdefault(name, []).append(_measure_units(name, cast(BatchNorm, module), affine, y, by_y, by_z))
    layers = tuple(_pooled(batches) for batches in by_layer.values())
    return Theorem(layers, 1e4 * torch.finfo(objective.theta.dtype).eps)


def _measure_units(
    name: str, module: BatchNorm, affine: dict[str, Tensor], y: Tensor, by_y: Tensor, by_z: Tensor
) -> NormLayer:
    x, left, g = (_by_unit(tensor) for tensor in (y, by_y, by_z))
    projects = module.running_mean is None
    mean, variance = x.mean(1), x.var(1, correction=0)
    if module.running_mean is not None and module.running_var is not None:
        mean, variance = module.running_mean.double(), module.running_var.double()
    denominator = variance + module.eps
    gamma = _scale(name, module, affine, like=x)
    standardized = (x - mean[:, None]) / denominator.sqrt()[:, None]
    values, signal, factor = x.shape[1], g.square().sum(1), gamma.square() / denominator
    by_mean, by_deviation = torch.zeros_like(signal), torch.zeros_like(signal)
    if projects:
        by_mean = g.sum(1).square() / values
        by_deviation = (2 - variance / denominator) * (g * standardized).sum(1).square() / values
    sides = left.square().sum(1), factor * (signal - by_mean - by_deviation)
    quantities = (*sides, signal, by_mean / signal, by_deviation / signal)
    difference = (sides[0] - sides[1]).abs() / (factor * signal)
    ratio = sides[0] / factor / signal
    return NormLayer(
        name, values, projects, *(tensor.cpu().numpy() for tensor in (*quantities, ratio, factor.sqrt(), difference))
    )


def _scale(name: str, module: BatchNorm, affine: dict[str, Tensor], *, like: Tensor) -> Tensor:
    """Return γ (U,): from θ if trained, else from the layer; 1 without an affine map."""
    frozen = torch.ones_like(like[:, 0]) if module.weight is None else module.weight.detach()
    return affine.get(f"{name}.weight", frozen).double()


def _by_unit(tensor: Tensor) -> Tensor:
    """Return one row per unit or channel, (U, m), in float64."""
    return tensor.detach().double().transpose(0, 1).flatten(1)


def _pooled(batches: list[NormLayer]) -> NormLayer:
    """Return a layer over all its mini-batches; fractions and ratios are weighted by ‖g‖²."""
    first, signal = batches[0], sum(batch.signal for batch in batches)

    def weighted(name: str) -> np.ndarray:
        total = sum(np.where(batch.signal > 0, getattr(batch, name), 0.0) * batch.signal for batch in batches)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(total / signal)

    with np.errstate(invalid="ignore"):
        largest_difference = np.fmax.reduce([batch.difference for batch in batches])
    return NormLayer(
        first.layer,
        min(batch.values for batch in batches),
        first.projects,
        np.asarray(sum(batch.left for batch in batches)),
        np.asarray(sum(batch.right for batch in batches)),
        np.asarray(signal),
        weighted("by_mean"),
        weighted("by_deviation"),
        weighted("ratio"),
        np.sqrt(np.mean([np.square(batch.factor) for batch in batches], axis=0)),
        largest_difference,
    )
