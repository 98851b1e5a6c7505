"""How much of an experiment fits into a time: steps, samples and points, chosen from a ladder by estimated seconds."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch

from normscape.landscape.cost import SHARPNESS_PRODUCTS, relative_cost
from normscape.landscape.counts import counts_of
from normscape.landscape.data import DATA, load_data
from normscape.landscape.training.record_plan import record_plan
from normscape.specs import GridSpec, RunSpec, SurfaceSpec

QUICK_SECONDS, FULL_SECONDS = 20.0, 720.0

MOST_POINTS = 33**2
"""Points of a surface that are usually measured: coarser ones are rarely accurate enough that refining ends before."""


@dataclass(frozen=True)
class Speed:
    """Seconds on the reference machine: of a gradient on one thread, and of all that an experiment does once."""

    once: float  # the workers' data, the tracing of graphs, the checks
    per_pass: float
    per_activation: float  # and sample
    per_weight: float = 0.0  # and sample, where matrix products take most of the time


SPEEDS = {
    "perceptron": Speed(3.0, 0.9e-3, 1.3e-9, 4.8e-11),
    "deep-linear": Speed(0.5, 5.2e-3, 3.8e-9),
    "convolutional": Speed(3.0, 4.2e-3, 5.5e-9),
    "residual": Speed(7.0, 5.5e-3, 4.2e-9),
    "transformer": Speed(3.5, 1.4e-3, 6.5e-9),
}
"""Fitted to fifteen quick and full experiments (`benchmarks/budget.py --check --full`), and near what that benchmark
measures of gradients alone. `machine_factor` carries them over to another machine."""

REFERENCE_SECONDS = 0.016
"""`_reference` on the reference machine."""

REPETITIONS, LATER_REPETITIONS, LATER_SECONDS = 8, 2, 20.0
"""Timings of `_reference` at first, and later after at least so many seconds; the shortest of all counts."""

QUICK_SIZES = {"convolutional": (4, 8), "residual": (8, 4)}
"""Depth and width of a quick experiment, where the architecture's own are too slow for it."""

FULL_SIZES = {"residual": (20, 16)}
"""Depth and width of a full experiment, where it is not the architecture's own size."""


MANY_SAMPLES, QUICK_SAMPLES, FULL_SAMPLES = 10_000, 5000, 20_000
"""An experiment uses the second or third number of samples of a data set that has at least the first."""


@dataclass(frozen=True)
class Rung:
    """The numbers that decide how long an experiment takes."""

    steps: int
    recorded_samples: int
    samples: int
    points: int  # per side


LADDER = (
    Rung(60, 100, 50, 9),
    Rung(100, 100, 50, 9),
    Rung(150, 200, 100, 9),
    Rung(150, 200, 100, 17),
    Rung(200, 300, 200, 17),
    Rung(300, 500, 300, 17),
    Rung(300, 1000, 500, 17),
    Rung(300, 1000, 500, 33),
    Rung(300, 2000, 1000, 33),
    Rung(300, 2000, 2000, 33),
    Rung(1000, 2000, 2000, 33),
    Rung(2000, 2000, 5000, 33),
)
"""From the fastest to the most thorough."""

QUICK_LADDER = LADDER[:10]
"""Ends at the numbers of the default experiment, so that this is the quick one of small networks."""


@functools.lru_cache(maxsize=64)  # pages ask at every script run
def fitted(run: RunSpec, surface: SurfaceSpec, *, full: bool) -> tuple[RunSpec, SurfaceSpec]:
    """Return an experiment with depth, width, samples, steps and grid for the quick or the full budget.

    The highest rung of the ladder whose time for two networks and two workers of the reference machine is within the
    budget is taken, and the lowest if there is none. The choice is the same on every machine and at any load, so that a
    link opens the same experiment everywhere and results can be shared.

    Args:
        run: the network, its data and training.
        surface: the slice.
        full: whether for `FULL_SECONDS` in place of `QUICK_SECONDS`.
    """
    depth, width = (FULL_SIZES if full else QUICK_SIZES).get(run.model.architecture, (None, None))
    available = sum((DATA[run.data.name].available or {}).values())
    size = None if available < MANY_SAMPLES else FULL_SAMPLES if full else QUICK_SAMPLES
    run = replace(run, model=replace(run.model, depth=depth, width=width), data=replace(run.data, size=size))
    candidates = [_at(rung, run, surface) for rung in (LADDER if full else QUICK_LADDER)]
    budget = FULL_SECONDS if full else QUICK_SECONDS
    within = [pair for pair in candidates if _seconds([pair, pair], 2) <= budget]
    return within[-1] if within else candidates[0]


def estimate(pairs: Iterable[tuple[RunSpec, SurfaceSpec]], workers: int) -> float:
    """Return the seconds from training to checks of compared networks, with an empty store and nothing else running.

    Args:
        pairs: run and slice of each network.
        workers: processes with one thread each.
    """
    return machine_factor() * _seconds(list(pairs), max(1, workers))


class _Clock:
    """The shortest timing of `_reference` so far. A machine that is busy at first shows its speed only later."""

    def __init__(self) -> None:
        self.shortest = math.inf
        self.due = -math.inf

    def seconds(self) -> float:
        """Return the shortest time, after further timings if they are due."""
        if (now := time.monotonic()) >= self.due:
            repetitions = REPETITIONS if math.isinf(self.shortest) else LATER_REPETITIONS
            self.due = now + LATER_SECONDS
            self.shortest = min(self.shortest, *(_reference() for _ in range(repetitions)))
        return self.shortest


_clock = _Clock()


def machine_factor() -> float:
    """Return how much longer this machine takes than the reference machine, by timing a small gradient."""
    return _clock.seconds() / REFERENCE_SECONDS


def _seconds(pairs: list[tuple[RunSpec, SurfaceSpec]], workers: int) -> float:
    chains = [_training_seconds(run) for run, _ in pairs]
    shared = sum(_measuring_seconds(run, surface) for run, surface in pairs)
    once = max(_speed(run).once for run, _ in pairs)
    return once + max(max(chains), sum(chains) / workers) + shared / workers


def _training_seconds(run: RunSpec) -> float:
    steps = run.last_step
    if not steps:
        return 0.0
    full_batch = run.training.optimizer == "gradient-descent"
    batch = (run.data.size or 1000) if full_batch else run.training.batch_size
    plan = record_plan(run, activations=counts_of(run.model, run.data).activations, batch_size=batch)
    passes = 2 * len(plan.steps) * (gradient_seconds(run, plan.samples) / 3)
    return steps * gradient_seconds(run, batch) + passes


def _measuring_seconds(run: RunSpec, surface: SurfaceSpec) -> float:
    evaluation = surface.evaluation
    samples = min(evaluation.samples, load_data(run.data).count(evaluation.split))
    point, product = relative_cost(run, evaluation, samples)
    points = min(math.prod(surface.grid.points), MOST_POINTS) * point
    return (points + 2 * SHARPNESS_PRODUCTS * product) * gradient_seconds(run, samples)


def gradient_seconds(run: RunSpec, samples: int) -> float:
    """Return the model time of a gradient of so many samples on one thread of the reference machine, in seconds."""
    speed, counts = _speed(run), counts_of(run.model, run.data)
    per_sample = speed.per_activation * counts.activations + speed.per_weight * counts.weights
    return speed.per_pass + per_sample * samples


def _speed(run: RunSpec) -> Speed:
    return SPEEDS.get(run.model.architecture, SPEEDS["residual"])


def _at(rung: Rung, run: RunSpec, surface: SurfaceSpec) -> tuple[RunSpec, SurfaceSpec]:
    training = replace(run.training, steps=rung.steps, recorded_samples=rung.recorded_samples, checkpoints=())
    evaluation = replace(surface.evaluation, samples=rung.samples, checkpoint=None)
    grid = GridSpec((rung.points, rung.points), surface.grid.ranges)
    return replace(run, training=training), replace(surface, evaluation=evaluation, grid=grid)


def _reference() -> float:
    """Return the processor time of a gradient of a small convolutional network on one thread, in seconds.

    Unlike the time on the clock, it leaves out what other processes and threads take meanwhile. Its channels are last,
    as in the engine: with the default format, the same gradient varied by half from one process to the next.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(64, 8, 28, 28, generator=generator).to(memory_format=torch.channels_last)
        weights = [_filters(generator) for _ in range(4)]
        begin = time.thread_time()
        for weight in weights:
            x = torch.nn.functional.conv2d(x, weight, padding=1).relu()
        torch.autograd.grad(x.square().mean(), weights)
        return time.thread_time() - begin
    finally:
        torch.set_num_threads(threads)


def _filters(generator: torch.Generator) -> torch.Tensor:
    return torch.randn(8, 8, 3, 3, generator=generator).to(memory_format=torch.channels_last).requires_grad_()
