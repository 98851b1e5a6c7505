"""The block ratio of a layer: how its gradient turns when it alone moves (D5)."""

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
    """‖∇_l f(θ + Δ_l) - ∇_l f(θ)‖ / ‖Δ_l‖ over a grid, where Δ_l is Δ = α d1 + β d2 with zeros outside the layer l."""

    layer: str
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    ratio: np.ndarray  # (B, A), nan where Δ_l is zero or something is not finite
    step: np.ndarray  # (B, A) ‖Δ_l‖


def measure_block_ratio(
    subject: Slice, grid: GridSpec, layer: str, *, on_progress: Progress | None = None, stop: Stop = lambda: False
) -> BlockRatio:
    """Measure the block ratio of a layer: Δ is zero outside it, and ∇f is evaluated anew there (D5).

    The row ratio of a surface has the same numerator's rows, but lets the whole network move.

    Args:
        subject: the slice.
        grid: its points.
        layer: a name in `subject.layers`.
        on_progress: called with (points done, points in all).
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: there is no such layer; those that there are are listed.
    """
    if layer not in subject.layers:
        raise ValueError(f"there is no layer {layer!r}; there are {', '.join(subject.layers)}")
    alpha, beta = axes(grid)
    found: list[tuple[float, float]] = []
    for b in beta:
        for a in alpha:
            if on_progress is not None:
                on_progress(len(found), len(alpha) * len(beta))
            found.append(_point(subject, layer, (a, b), stop))
    ratio, step = (np.reshape(column, (len(beta), len(alpha))) for column in zip(*found, strict=True))
    return BlockRatio(layer, alpha, beta, ratio, step)


def measure_layer_ratios(
    subject: Slice, grid: GridSpec, *, stop: Stop = lambda: False
) -> dict[str, tuple[float, float]]:
    """Measure every layer's largest row ratio and largest block ratio over the same grid (D5).

    The first is of the layer's own gradient while the whole network moves, the second while it alone does: what the
    first has more comes from the other layers.

    Raises:
        StoppedError: `stop()` was true between two mini-batches.
    """
    found = [evaluate(subject, grid, piece, stop)["row_ratio"] for piece in pieces(grid) if piece.kind == "points"]
    rows = np.concatenate(found)  # (points, L)
    blocks = [measure_block_ratio(subject, grid, layer, stop=stop) for layer in subject.layers]
    return {block.layer: (largest(rows[..., k]), largest(block.ratio)) for k, block in enumerate(blocks)}


def _point(subject: Slice, layer: str, place: tuple[float, float], stop: Stop) -> tuple[float, float]:
    point = _moved(subject, layer, *place)
    delta = _restricted(point.double() - subject.origin.double(), subject, layer)
    step = float(delta.norm())
    if step == 0:
        return float("nan"), 0.0
    gradient = subject.objective.evaluate(point, stop=stop).gradient
    change = float(_restricted(gradient.double() - subject.anchor.double(), subject, layer).norm())
    return (change / step if np.isfinite(change) else float("nan")), step


def _moved(subject: Slice, layer: str, alpha: float, beta: float) -> Tensor:
    theta, d1, d2 = subject.vectors
    moved = theta.clone()
    for place in subject.layers[layer]:
        moved[place] += alpha * d1[place] + beta * d2[place]
    return moved.to(subject.objective.theta.dtype)


def _restricted(values: Tensor, subject: Slice, layer: str) -> Tensor:
    return torch.cat([values[place] for place in subject.layers[layer]])
