"""Per-layer ratios: the change of a layer's gradient, and the same when only this layer moves (D5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.measurement import Progress, Stop
from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.points import evaluate, pieces
from normscape.landscape.surface.result import largest
from normscape.landscape.surface.slice import Slice
from normscape.specs import GridSpec


@dataclass(frozen=True, eq=False)
class BlockRatio:
    """‖∇_l f(θ + Δ_l) - ∇_l f(θ)‖ / ‖Δ_l‖ over a grid, where Δ_l is Δ = α d1 + β d2 restricted to layer l."""

    layer: str
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    ratio: np.ndarray  # (B, A), nan if Δ_l is zero or a value is not finite
    step: np.ndarray  # (B, A) ‖Δ_l‖


def measure_block_ratio(
    subject: Slice, grid: GridSpec, layer: str, *, on_progress: Progress | None = None, stop: Stop = lambda: False
) -> BlockRatio:
    """Measure the block ratio of a layer: Δ is restricted to it, and ∇f is evaluated there (D5).

    The per-layer ratio of a surface has the same rows in the numerator, but all layers move.

    Args:
        subject: the slice.
        grid: its points.
        layer: a name in `subject.layers`.
        on_progress: called with (points done, total points).
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the layer does not exist; the message lists the layers.
    """
    if layer not in subject.layers:
        raise ValueError(f"unknown layer {layer!r}; the layers are {', '.join(subject.layers)}")
    alpha, beta = axes(grid)
    results: list[tuple[float, float]] = []
    for b in beta:
        for a in alpha:
            if on_progress is not None:
                on_progress(len(results), len(alpha) * len(beta))
            results.append(_ratio_and_step(subject, layer, (a, b), stop))
    ratio, step = (np.reshape(column, (len(beta), len(alpha))) for column in zip(*results, strict=True))
    return BlockRatio(layer, alpha, beta, ratio, step)


def measure_layer_ratios(
    subject: Slice, grid: GridSpec, *, stop: Stop = lambda: False
) -> dict[str, tuple[float, float]]:
    """Measure the largest per-layer ratio and the largest block ratio of every layer over the same grid (D5).

    The per-layer ratio moves the whole network, the block ratio only the layer; their difference is the effect of other
    layers.

    Raises:
        StoppedError: `stop()` was true between two mini-batches.
    """
    results = [evaluate(subject, grid, piece, stop)["layer_ratio"] for piece in pieces(grid) if piece.kind == "points"]
    rows = np.concatenate(results)  # (points, L)
    blocks = [measure_block_ratio(subject, grid, layer, stop=stop) for layer in subject.layers]
    return {block.layer: (largest(rows[..., k]), largest(block.ratio)) for k, block in enumerate(blocks)}


def _ratio_and_step(subject: Slice, layer: str, position: tuple[float, float], stop: Stop) -> tuple[float, float]:
    point = _moved_point(subject, layer, *position)
    delta = _restricted_to(point.double() - subject.origin.double(), subject, layer)
    step = float(delta.norm())
    if step == 0:
        return float("nan"), 0.0
    gradient = subject.objective.evaluate(point, stop=stop).gradient
    change = float(_restricted_to(gradient.double() - subject.anchor.double(), subject, layer).norm())
    return (change / step if np.isfinite(change) else float("nan")), step


def _moved_point(subject: Slice, layer: str, alpha: float, beta: float) -> Tensor:
    theta, d1, d2 = subject.vectors
    moved = theta.clone()
    for position in subject.layers[layer]:
        moved[position] += alpha * d1[position] + beta * d2[position]
    return moved.to(subject.objective.theta.dtype)


def _restricted_to(values: Tensor, subject: Slice, layer: str) -> Tensor:
    return torch.cat([values[position] for position in subject.layers[layer]])
