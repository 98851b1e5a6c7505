"""What a measurement costs, before it starts: bytes by counting, seconds by timing a little of the work."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.nn.modules.batchnorm import _NormBase

from normscape.landscape.data import Dataset, load_data
from normscape.landscape.objective.batching import CACHE_BYTES, batch_bytes, count_activations, samples_per_batch
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.training.loop import RECORDS, Run, advance, last_step, run_of, start
from normscape.models import blank_model
from normscape.specs import CostSpec, EvaluationSpec, GridSpec, RunSpec, SurfaceSpec
from normscape.specs.fields import project

GRID_BYTES = 160
"""Per grid point: seven arrays of a surface, and as much again while its pieces are put together."""

SHARPNESS_PRODUCTS = 70
"""Hessian-vector products that the centre, λ_max and λ_max(SHS) usually take; each costs about two gradients."""

LAYERED_SHARE = 0.25
"""What each norm layer adds to the time of a gradient that is taken layer by layer, in gradients of one pass; measured
on a ResNet-20 with 21 batch norms, 512 images: 27.5 s against 4.8 s."""

TIMED_SAMPLES = (16, 128)
TIMED_STEPS = 5


class TooLargeError(ValueError):
    """The work that was asked for does not fit; the message has the estimate and the limit."""


def estimate_bytes(run: RunSpec, spec: SurfaceSpec) -> int:
    """Estimate the memory that training a network and measuring its surface take, without building the network.

    Raises:
        ValueError: a name in the spec is not registered, or there are not enough samples.
    """
    data = load_data(run.data)
    blank = blank_model(run.model, data.input_shape, data.outputs)
    weights = sum(p.numel() for p in blank.parameters())
    units = count_activations(blank, torch.empty(2, *data.input_shape, device="meta"))
    evaluation = spec.evaluation
    samples = min(evaluation.samples, len(data.split(evaluation.split)))
    passed = samples_per_batch(evaluation, samples, units, math.prod(data.input_shape))
    kept = 4 * weights * len(run.checkpoint_steps)
    measuring = _measuring_bytes(weights, units, passed, evaluation.precision, spec.grid)
    return kept + max(measuring, 4 * 4 * units * _batch(run, data))


def estimate_seconds(run: RunSpec, spec: CostSpec) -> float:
    """Estimate how long training a network and measuring its surface take, by doing a little of both.

    Raises:
        ValueError: as `estimate_bytes`.
    """
    data = load_data(run.data)
    samples = min(spec.samples, len(data.split(spec.split)))
    evaluation = project(EvaluationSpec, spec)
    gradient = _gradient_seconds(run, evaluation, samples) * _passes(run, evaluation, samples)
    return gradient * (math.prod(spec.points) + 2 * SHARPNESS_PRODUCTS) + _training_seconds(run, gradient / samples)


def _passes(run: RunSpec, spec: EvaluationSpec, samples: int) -> float:
    """Return how many times the work of one pass a gradient takes: more than 1 where it is taken layer by layer."""
    data = load_data(run.data)
    blank = blank_model(run.model, data.input_shape, data.outputs)
    units = count_activations(blank, torch.empty(2, *data.input_shape, device="meta"))
    layerwise = spec.statistics == "population" and samples_per_batch(spec, samples, units, 1) < samples
    return 1.0 + LAYERED_SHARE * sum(isinstance(layer, _NormBase) for layer in blank.modules()) if layerwise else 1.0


def _gradient_seconds(run: RunSpec, spec: EvaluationSpec, samples: int) -> float:
    """Time a gradient on two small numbers of samples, and draw a line through both: a share of it never grows."""
    untrained = replace(run, training=replace(run.training, steps=0, checkpoints=(), recorded_samples=2))
    begun = run_of(start(untrained))
    few, more = (min(samples, size) for size in TIMED_SAMPLES)
    short, long = (_one_gradient(begun, replace(spec, samples=size)) for size in (few, more))
    slope = max(0.0, long - short) / (more - few) if more > few else 0.0
    return long + slope * (samples - more)


def _one_gradient(run: Run, spec: EvaluationSpec) -> float:
    objective = objective_of(run, replace(spec, statistics="population", checkpoint=None))
    return _seconds(lambda: objective.evaluate(objective.theta))


def check_memory(objective: Objective, grid: GridSpec) -> None:
    """Refuse a surface that does not fit into this machine's free memory.

    Raises:
        TooLargeError: with the estimate and what is free.
    """
    units = count_activations(objective.module, objective.example_inputs)
    precision = str(objective.theta.dtype).removeprefix("torch.")
    needed = _measuring_bytes(len(objective.theta), units, objective.largest_batch, precision, grid)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise TooLargeError(
            f"the surface needs about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free; "
            "ask for fewer points or fewer samples"
        )


def _measuring_bytes(weights: int, units: int, passed: int, precision: str, grid: GridSpec) -> int:
    """Count θ, its gradient, the plane and temporaries (12 vectors of float64), the places kept, grid and pass."""
    size = 8 if precision == "float64" else 4
    points = math.prod(grid.points)
    kept = min(2 * size * weights * points, max(CACHE_BYTES, 4 * size * weights * grid.points[0]))
    vectors = 12 * 8 * weights + kept
    return vectors + batch_bytes(units, passed, precision) + GRID_BYTES * points


def _batch(run: RunSpec, data: Dataset) -> int:
    """Return how many samples one step of training uses; 0 if there is none."""
    if not last_step(run):
        return 0
    everything = len(data.train)
    return everything if run.training.optimizer == "gradient-descent" else min(run.training.batch_size, everything)


def _training_seconds(run: RunSpec, gradient: float) -> float:
    """Time a few steps, and count the records along the way; a record is a forward pass, a third of a gradient."""
    if not (steps := last_step(run)):
        return 0.0
    state = start(replace(run, training=replace(run.training, recorded_samples=2)))
    timed = TIMED_STEPS if gradient * _batch(run, load_data(run.data)) < 0.02 else 1
    records = 2 * run.training.recorded_samples * RECORDS * gradient / 3
    return records + steps * _seconds(lambda: advance(state, timed)) / min(timed, steps)


def _seconds(work: Callable[[], object]) -> float:
    """Return the shortest of up to three times: what disturbs a timing only ever makes it longer."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 0.5:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)
