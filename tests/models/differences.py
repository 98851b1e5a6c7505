"""Central differences of a module's output, and the order of their error."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def error_at(module: nn.Module, x: Tensor, moved: Tensor, step: float) -> tuple[float, float]:
    """Return the error of a central difference of Σ y² along a random direction, and the slope itself.

    Args:
        module: maps x to y.
        x: the input.
        moved: x or a parameter, with `requires_grad`.
        step: length of the difference.
    """
    drawn = torch.randn(moved.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slope = float((torch.autograd.grad(module(x).square().sum(), moved)[0] * drawn).sum())
    start, values = moved.detach().clone(), []
    with torch.no_grad():
        for sign in (1, -1):
            moved.copy_(start + sign * step * drawn)
            values.append(float(module(x).square().sum()))
        moved.copy_(start)
    return abs((values[0] - values[1]) / (2 * step) - slope), slope


def order(module: nn.Module, x: Tensor, moved: Tensor, step: float = 2e-3) -> float:
    """Return the exponent p of the error c·stepᵖ from two steps; 2 if the gradient is right."""
    coarse, fine = (error_at(module, x, moved, length)[0] for length in (step, step / 2))
    return float(torch.log2(torch.tensor(coarse / fine, dtype=torch.float64)))
