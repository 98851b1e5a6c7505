"""What one batch-norm layer does to the gradient that comes back (A14; Santurkar et al. 2018, arXiv 1805.11604, §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from normscape.landscape.analysis.activations import watched
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.objective import Objective

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d

COVERED = (nn.BatchNorm1d, nn.BatchNorm2d)
"""What the theorem speaks of: centre and divide by the deviation over samples and positions, then scale and shift."""


@dataclass(frozen=True, eq=False)
class NormLayer:
    """One batch-norm layer z = γŷ + β, unit by unit; sums over mini-batches, each with its own statistics.

    With g = ∂f/∂z, m values per unit, and r = v/(v + ε):
    ‖∂f/∂y‖² = (γ²/(v + ε)) (‖g‖² - ⟨1, g⟩²/m - (2 - r)⟨g, ŷ⟩²/m).
    """

    layer: str
    values: int  # m, of the smallest mini-batch
    projects: bool  # whether statistics follow the samples; running averages do not, and nothing is taken away
    left: np.ndarray  # (U,) ‖∂f/∂y‖²
    right: np.ndarray  # (U,)
    signal: np.ndarray  # (U,) ‖g‖²
    by_mean: np.ndarray  # (U,) share of ‖g‖² taken away because the mean follows: ⟨1, g⟩²/m
    by_deviation: np.ndarray  # (U,) share taken away because the deviation follows: (2 - r)⟨g, ŷ⟩²/m
    ratio: np.ndarray  # (U,) ‖∂f/∂y‖²(v + ε)/γ² over ‖g‖²: against no layer, at γ = √(v + ε) and β = μ; nan if γg is 0
    factor: np.ndarray  # (U,) |γ|/√(v + ε), what multiplies all of it: the root mean square over mini-batches
    difference: np.ndarray  # (U,) |left - right| over (γ²/(v + ε))‖g‖², the largest of all mini-batches


@dataclass(frozen=True, eq=False)
class Theorem:
    """All batch-norm layers of a network, in the order in which they are met."""

    layers: tuple[NormLayer, ...]
    noise: float  # what the difference may be by rounding


def measure_theorem(objective: Objective, *, stop: Stop = lambda: False) -> Theorem:
    """Measure both sides of theorem 4.1 at every unit of every batch-norm layer (A14).

    Args:
        objective: the loss, at its own θ, with its own statistics (D1).
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set is so large that population statistics are taken layer by layer.
    """
    if objective.layerwise:
        raise ValueError(
            f"{objective.samples} samples do not fit into one pass, and a normalization layer is seen in one only; "
            "evaluate on fewer samples, or with batch or running statistics"
        )
    found: dict[str, list[NormLayer]] = {}
    for share in objective.batch_losses:
        check_stop(stop)
        point = objective.point(objective.theta).requires_grad_()
        with watched(objective.module, COVERED, apart=True) as met, torch.enable_grad():
            loss = share(point)
            wanted = [tensor for _, _, y, z in met for tensor in (y, z)]
            gradients = torch.autograd.grad(loss, wanted) if wanted else ()
        affine = objective.layout.unflatten(point.detach())
        for (name, module, y, _), by_y, by_z in zip(met, gradients[::2], gradients[1::2], strict=True):
            found.setdefault(name, []).append(_unit_by_unit(name, cast(BatchNorm, module), affine, y, by_y, by_z))
    layers = tuple(_summed(parts) for parts in found.values())
    return Theorem(layers, 1e4 * torch.finfo(objective.theta.dtype).eps)


def _unit_by_unit(
    name: str, module: BatchNorm, affine: dict[str, Tensor], y: Tensor, by_y: Tensor, by_z: Tensor
) -> NormLayer:
    x, left, g = (_by_unit(tensor) for tensor in (y, by_y, by_z))
    projects = module.running_mean is None
    mean, variance = x.mean(1), x.var(1, correction=0)
    if module.running_mean is not None and module.running_var is not None:
        mean, variance = module.running_mean.double(), module.running_var.double()
    spread = variance + module.eps
    gamma = _scale(name, module, affine, like=x)
    normal = (x - mean[:, None]) / spread.sqrt()[:, None]
    values, signal, factor = x.shape[1], g.square().sum(1), gamma.square() / spread
    by_mean, by_deviation = torch.zeros_like(signal), torch.zeros_like(signal)
    if projects:
        by_mean = g.sum(1).square() / values
        by_deviation = (2 - variance / spread) * (g * normal).sum(1).square() / values
    sides = left.square().sum(1), factor * (signal - by_mean - by_deviation)
    numbers = (*sides, signal, by_mean / signal, by_deviation / signal)
    closeness = (sides[0] - sides[1]).abs() / (factor * signal)
    ratio = sides[0] / factor / signal
    return NormLayer(
        name, values, projects, *(tensor.cpu().numpy() for tensor in (*numbers, ratio, factor.sqrt(), closeness))
    )


def _scale(name: str, module: BatchNorm, affine: dict[str, Tensor], *, like: Tensor) -> Tensor:
    """Return γ (U,): of θ, or of the layer where it is not trained, or 1 where there is none."""
    frozen = torch.ones_like(like[:, 0]) if module.weight is None else module.weight.detach()
    return affine.get(f"{name}.weight", frozen).double()


def _by_unit(tensor: Tensor) -> Tensor:
    """Return one row for every unit or channel, (U, m), in float64."""
    return tensor.detach().double().transpose(0, 1).flatten(1)


def _summed(parts: list[NormLayer]) -> NormLayer:
    """Return a layer over all its mini-batches; shares and ratios are weighted by ‖g‖²."""
    first, signal = parts[0], sum(part.signal for part in parts)

    def weighted(name: str) -> np.ndarray:
        total = sum(np.where(part.signal > 0, getattr(part, name), 0.0) * part.signal for part in parts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(total / signal)

    with np.errstate(invalid="ignore"):
        furthest = np.fmax.reduce([part.difference for part in parts])
    return NormLayer(
        first.layer,
        min(part.values for part in parts),
        first.projects,
        np.asarray(sum(part.left for part in parts)),
        np.asarray(sum(part.right for part in parts)),
        np.asarray(signal),
        weighted("by_mean"),
        weighted("by_deviation"),
        weighted("ratio"),
        np.sqrt(np.mean([np.square(part.factor) for part in parts], axis=0)),
        furthest,
    )
