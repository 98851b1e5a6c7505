"""The edge of stability: sharpness along training against the learning rate (D11; Cohen et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.data import load_data
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.curvature.sharpness import Sharpness, measure_sharpness
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.layers import LayerNorms, layers_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.runtime import device
from normscape.landscape.training.batches import batch_of, batch_size_of
from normscape.landscape.training.optimizers import rate_at
from normscape.landscape.training.train import Run
from normscape.specs import EdgeSpec, RunSpec, TrainingSpec

SCALED = 2.0
"""The factor by which weights are multiplied to see whether their scale has an effect."""

INVARIANT = 1e-3
"""Largest relative change of the loss under `SCALED` that counts as none: a normalization's ε leaves a small one."""


@dataclass(frozen=True, eq=False)
class EdgeSample:
    """Sharpness of one checkpoint, and norms of its weights."""

    step: int
    loss: float
    sharpness: Sharpness  # λ_max of the whole evaluation set
    batch_sharpness: float  # E[gᵀH_B g / ‖g‖²] over mini-batches B of training, each with its own g and H_B
    batch_sharpness_error: float  # standard error of that mean; nan for one batch
    batches: int
    norm: float  # ‖θ‖
    invariant: bool  # whether f(cθ) = f(θ)
    layers: tuple[str, ...]  # names of the L layers
    layer_norms: np.ndarray  # (L,) norms of the weights that have filters
    layer_invariant: np.ndarray  # (L,) bool, whether the scale of these weights has no effect on f

    @property
    def groups(self) -> int:
        """The number of layers whose scale alone has no effect."""
        return int(self.layer_invariant.sum())

    @property
    def one_group(self) -> bool:
        """Whether all of θ is one scale-invariant group: its scale has no effect, and it has no part with a scale."""
        return self.invariant and (len(self.layers) == 1 or not self.groups)

    @property
    def spherical(self) -> float:
        """‖θ‖²·λ_max(H(θ)) = λ_max(H(θ/‖θ‖)) where all of θ is one scale-invariant group; otherwise nan."""
        return self.norm**2 * self.sharpness.value if self.one_group else float("nan")


def stability_threshold(training: TrainingSpec, step: int) -> float:
    """Return the largest eigenvalue at which a step of the optimizer on a quadratic does not diverge; nan for Adam.

    For gradient descent it is 2/η, with momentum β (2 + 2β)/η (Cohen et al. 2021, §2), less the weight decay, which
    adds to every eigenvalue. Adam's threshold holds for the preconditioned Hessian, which is not measured.
    """
    rate = rate_at(training, step)
    if training.optimizer == "adam" or not rate:
        return float("nan")
    return (2 + 2 * training.momentum) / rate - training.weight_decay


def measure_edge(run: Run, spec: EdgeSpec, *, stop: Stop = lambda: False) -> EdgeSample:
    """Measure λ_max and batch sharpness at a checkpoint, and which weights are scale-invariant (D11).

    Batches are those of the next training steps, with statistics of their own; full-batch gradient descent has one.

    Args:
        run: the run; training may go on beyond the checkpoint.
        spec: checkpoint and evaluation, and the number of mini-batches.
        stop: polled before every product and every batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the run has no such checkpoint.
    """
    objective = objective_of(run, spec.evaluation)
    step = run.checkpoints[-1].step if spec.evaluation.checkpoint is None else spec.evaluation.checkpoint
    batches = _batch_sharpness(run, step, spec, objective.theta.dtype, stop)
    start = float(objective.loss(objective.theta))
    layers, norms, invariant = _scales(objective, start, stop)
    return EdgeSample(
        step,
        start,
        measure_sharpness(objective, stop=stop),
        float(batches.mean()),
        float(batches.std(ddof=1) / np.sqrt(len(batches))) if len(batches) > 1 else float("nan"),
        len(batches),
        float(objective.theta.double().norm()),
        _is_invariant(objective, start, SCALED * objective.theta),
        layers,
        norms,
        invariant,
    )


def _batch_sharpness(run: Run, step: int, spec: EdgeSpec, dtype: torch.dtype, stop: Stop) -> np.ndarray:
    """Return gᵀHg/‖g‖² of every batch."""
    data = load_data(run.spec.data)
    values = []
    for number in range(batch_count(run.spec, len(data.train), spec.batches)):
        check_stop(stop)
        inputs, targets = batch_of(run.spec, data, step + number)
        objective = Objective(run.module(step).to(device(), dtype), inputs, targets, loss=data.loss)
        gradient = objective.gradient(objective.theta)
        unit = gradient / gradient.norm()
        values.append(float(unit.double() @ objective.hvp(objective.theta, unit).double()))
    return np.array(values)


def batch_count(spec: RunSpec, samples: int, most: int) -> int:
    """Return the number of mini-batches to measure: at most one epoch, and one for full-batch gradient descent."""
    return max(1, min(most, samples // max(1, batch_size_of(spec, samples))))


def _scales(objective: Objective, start: float, stop: Stop) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Return the layers that have filters, the norms of their weights, and whether their scale has no effect."""
    filtered = torch.zeros_like(objective.theta)
    for _, position, filters in objective.layout.blocks():
        if filters.present:
            filtered[position] = 1
    every, layers = layers_of(objective.layout), []
    norms = LayerNorms(every, objective.theta).of(filtered * objective.theta).cpu().numpy()
    invariant, kept = [], []
    for number, (name, positions) in enumerate(every.items()):
        if not any(bool(filtered[position].any()) for position in positions):
            continue
        check_stop(stop)
        factor = torch.ones_like(objective.theta)
        for position in positions:
            factor[position] += (SCALED - 1) * filtered[position]
        layers.append(name)
        kept.append(number)
        invariant.append(_is_invariant(objective, start, factor * objective.theta))
    return tuple(layers), norms[kept], np.array(invariant, dtype=bool)


def _is_invariant(objective: Objective, start: float, theta: Tensor) -> bool:
    return abs(float(objective.loss(theta)) - start) <= INVARIANT * abs(start)
