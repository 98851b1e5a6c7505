"""What a measurement costs, before it starts: bytes by counting, seconds by timing a little of the work."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from torch import nn

from landscape.data import load_data
from landscape.objective import Objective
from landscape.training import advance, build_network, start
from models import blank_model
from specs import RunSpec, SurfaceSpec

GRID_BYTES = 160
"""Per grid point: seven arrays of a surface, and as much again while its pieces are put together."""

SHARPNESS_PRODUCTS = 40
"""Hessian-vector products that the centre and λ_max usually take; each costs about two gradients."""

TIMED_STEPS = 5


class TooLarge(ValueError):  # noqa: N818 - reads as the sentence it is
    """The work that was asked for does not fit; the message has the estimate and the limit."""


def estimate_bytes(run: RunSpec, spec: SurfaceSpec) -> int:
    """Estimate the memory that training a network and measuring its surface take, without building the network.

    Raises:
        ValueError: a name in the spec is not registered, or there are not enough samples.
    """
    data = load_data(run.data)
    blank = blank_model(run.model, data.input_shape, data.classes)
    samples = max(len(data.split("train")[1]), len(data.split(spec.split)[1]))
    kept = len(run.training.checkpoint_steps) * 4 * sum(p.numel() for p in blank.parameters())
    return kept + _measuring_bytes(blank, samples, spec)


def estimate_seconds(run: RunSpec, spec: SurfaceSpec) -> float:
    """Estimate how long training a network and measuring its surface take, by doing a little of both.

    Raises:
        ValueError: as `estimate_bytes`.
    """
    data = load_data(run.data)
    inputs, targets = data.split(spec.split)
    objective = Objective(build_network(run, data), inputs, targets)
    gradient = _seconds(lambda: objective.evaluate(objective.theta))
    state = start(run)
    step = _seconds(lambda: advance(state, TIMED_STEPS)) / max(1, min(TIMED_STEPS, run.training.steps))
    points = spec.points_alpha * spec.points_beta
    return gradient * (points + 2 * SHARPNESS_PRODUCTS) + step * run.training.steps


def check_memory(objective: Objective, spec: SurfaceSpec) -> None:
    """Refuse a surface that does not fit into this machine's free memory.

    Raises:
        TooLarge: with the estimate and what is free.
    """
    needed = _measuring_bytes(objective.module, objective.samples, spec)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise TooLarge(
            f"the surface needs about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free; "
            "ask for fewer points or fewer samples"
        )


def _measuring_bytes(module: nn.Module, samples: int, spec: SurfaceSpec) -> int:
    """Count θ, its gradient, the plane and their temporaries (12 vectors of float64), the grid, and one pass.

    A pass holds the outputs of all layers and what its backward pass and the Hessian product keep of them: six arrays
    of float64 per linear layer.
    """
    weights = sum(p.numel() for p in module.parameters())
    units = sum(layer.out_features for layer in module.modules() if isinstance(layer, nn.Linear))
    return 12 * 8 * weights + 6 * 8 * units * samples + GRID_BYTES * spec.points_alpha * spec.points_beta


def _seconds(work: Callable[[], object]) -> float:
    """Return the shortest of up to three times: what disturbs a timing only ever makes it longer."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 1:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)
