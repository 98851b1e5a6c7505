"""What a measurement costs, before it starts: memory by counting, seconds by timing a few evaluations."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from landscape.data import load_data
from landscape.objective import Objective
from landscape.training import advance, build_network, start
from specs import RunSpec, SurfaceSpec

GRID_BYTES = 160
"""Per grid point: seven arrays of a surface, and as much again while its pieces are put together."""

SHARPNESS_PRODUCTS = 40
"""Hessian-vector products that λ_max usually takes; each costs about two gradients."""


class TooLarge(ValueError):  # noqa: N818 - reads as the sentence it is
    """The work that was asked for does not fit; the message has the estimate and the limit."""


@dataclass(frozen=True)
class Cost:
    """An estimate."""

    seconds: float
    bytes: int


def memory_of(module: nn.Module, samples: int, points: int) -> int:
    """Estimate the bytes of measuring `points` points with `samples` samples in one pass.

    Counted are θ, its gradient, the plane and their temporaries (12 vectors in float64), the outputs of all layers with
    what the backward pass and the Hessian product keep of them (6 per layer), and the grid.
    """
    weights = sum(p.numel() for p in module.parameters())
    units = sum(layer.out_features for layer in module.modules() if isinstance(layer, nn.Linear))
    return 12 * 8 * weights + 6 * 8 * units * samples + GRID_BYTES * points


def check_memory(objective: Objective, spec: SurfaceSpec) -> None:
    """Refuse a surface that does not fit into this machine's free memory.

    Raises:
        TooLarge: with the estimate and what is free.
    """
    needed = memory_of(objective.module, objective.samples, spec.points_alpha * spec.points_beta)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise TooLarge(
            f"the surface needs about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free; "
            "ask for fewer points or fewer samples"
        )


def estimate(run: RunSpec, spec: SurfaceSpec) -> Cost:
    """Estimate what training a network and measuring its surface take, by doing a little of both.

    Raises:
        ValueError: a name in the spec is not registered.
    """
    data = load_data(run.data)
    module = build_network(run, data)
    inputs, targets = data.split(spec.split)
    objective = Objective(module, inputs, targets)
    objective.evaluate(objective.theta)  # the first one also warms caches
    gradient = _seconds(lambda: objective.evaluate(objective.theta))
    state = start(run)
    step = _seconds(lambda: advance(state, 2)) / 2
    points = spec.points_alpha * spec.points_beta
    seconds = gradient * (points + 2 * SHARPNESS_PRODUCTS) + step * run.training.steps
    return Cost(seconds, memory_of(module, len(targets), points))


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
