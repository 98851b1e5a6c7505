"""Cost estimates before a measurement: bytes from counts, seconds from timing a small part of the work."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from normscape.landscape.counts import counts_of
from normscape.landscape.data import Dataset, load_data
from normscape.landscape.data.memory import held_bytes, reading_bytes, training_values
from normscape.landscape.objective.batching import (
    CACHE_BYTES,
    GRADIENT_MEMORY,
    measuring_bytes,
    passes_of,
)
from normscape.landscape.objective.from_run import objective_of
from normscape.landscape.objective.objective import Objective
from normscape.landscape.runtime import available_bytes
from normscape.landscape.training.batches import CONVERTED_BYTES, batch_size_of
from normscape.landscape.training.record_plan import SHARE
from normscape.landscape.training.train import Run, run_of
from normscape.landscape.training.trainer import Trainer
from normscape.models import blank_model
from normscape.specs import CostSpec, EvaluationSpec, GridSpec, ModelSpec, RunSpec, SurfaceSpec
from normscape.specs.fields import project

BYTES_PER_POINT = 160
"""Memory per grid point: seven arrays of a surface, twice during assembly."""

SHARPNESS_PRODUCTS = 30
"""Typical number of Hessian-vector products for the center, λ_max and λ_max(SHS) of a trained network, where 14 to 28
were counted (up to 56 at initialization); each costs about two gradients."""

LAYERWISE_COST = 0.25
"""Cost that each batch norm adds to a gradient computed layer by layer, relative to a gradient in one pass; measured
on a ResNet-20 with 21 batch norms, 512 images: 27.5 s against 4.8 s."""

TILED_COST = (1.7, 2.0)
"""Time of a gradient and of a Hessian-vector product over tiles, segment by segment, relative to one pass; measured on
a ResNet-20 of width 16, 200 images in tiles of 64."""

SECONDS_PER_ACTIVATION = 1e-8
"""Time of a gradient per activation and sample on one thread: 0.5e-8 to 1.9e-8 s on a perceptron, a convolutional and a
residual network and a transformer, with and without batch norm."""

CONVERTING_BYTES = 16
"""Memory per input value while training samples become float32: two arrays in float64."""

TIMED_SAMPLES = (16, 128)
TIMED_STEPS = 5


class TooLargeError(ValueError):
    """The requested work exceeds a limit; the message has the estimate and the limit."""


def estimate_bytes(run: RunSpec, spec: SurfaceSpec) -> int:
    """Estimate the memory for training a network and measuring its surface, in bytes, from the specs alone.

    Neither the network nor its data are made.

    Raises:
        MissingDataError: a file is missing.
        ValueError: a name in the spec is not registered, or there are too few samples.
    """
    data = load_data(run.data)
    _require(run, data, spec.evaluation.split)
    weights, counts = _weights(run.model, data.input_shape, data.outputs), counts_of(run.model, run.data)
    saved, evaluation = counts.saved, spec.evaluation
    samples = min(evaluation.samples, data.count(evaluation.split))
    passes = passes_of(evaluation, samples, saved, math.prod(data.input_shape), coupled=counts.coupled)
    one_batch = measuring_bytes(saved, passes, samples, evaluation.precision)
    checkpoints = 4 * weights * len(run.checkpoint_steps)
    measuring = _surface_bytes(weights, one_batch, evaluation.precision, spec.grid)
    training = int(GRADIENT_MEMORY * 4 * saved.kept * _batch_size(run, data))
    return checkpoints + _with_data(
        run, data, max(measuring + _set_bytes(data, samples, evaluation.precision), training)
    )


def least_bytes(run: RunSpec, spec: SurfaceSpec) -> int:
    """Return a lower bound of `estimate_bytes` that takes milliseconds: weights, grid and data, without activations.

    Raises:
        MissingDataError, ValueError: as `estimate_bytes`.
    """
    data = load_data(run.data)
    _require(run, data, spec.evaluation.split)
    weights = _weights(run.model, data.input_shape, data.outputs)
    measuring = _surface_bytes(weights, 0, spec.evaluation.precision, spec.grid)
    return 4 * weights * len(run.checkpoint_steps) + _with_data(run, data, measuring)


@lru_cache(maxsize=256)
def _weights(model: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> int:
    return sum(p.numel() for p in blank_model(model, input_shape, outputs).parameters())


def _require(run: RunSpec, data: Dataset, split: str) -> None:
    """Check that the splits that a network and its surface use can be read."""
    for name in dict.fromkeys([split, *(["train"] if run.last_step else [])]):
        data.require(name)


def _with_data(run: RunSpec, data: Dataset, working: int) -> int:
    """Add the data set to the memory of the work on it: samples as they are read, and float32 ones for training."""
    values = training_values(data) if run.last_step else 0
    values = values if 4 * values <= CONVERTED_BYTES else 0  # otherwise batch by batch
    held = held_bytes(data)
    return max(reading_bytes(data), held + CONVERTING_BYTES * values, held + 4 * values + working)


def _set_bytes(data: Dataset, samples: int, precision: str) -> int:
    """Count the evaluation set, and its values in float64 before and after scaling."""
    return (16 + (8 if precision == "float64" else 4)) * samples * math.prod(data.input_shape)


def estimate_seconds(run: RunSpec, spec: CostSpec) -> float:
    """Estimate the time for training a network and measuring its surface, in seconds, by timing a small part of both.

    Raises:
        ValueError: see `estimate_bytes`.
    """
    data = load_data(run.data)
    samples = min(spec.samples, data.count(spec.split))
    evaluation = project(EvaluationSpec, spec)
    gradient = _gradient_seconds(run, evaluation, samples)
    point, product = relative_cost(run, evaluation, samples)
    measuring = math.prod(spec.points) * point + 2 * SHARPNESS_PRODUCTS * product
    return gradient * measuring + _training_seconds(run, gradient / samples)


@lru_cache(maxsize=64)  # pages estimate at every script run
def estimate_gradient_seconds(run: RunSpec, spec: EvaluationSpec) -> float:
    """Estimate the time of one gradient of the evaluation set on one thread, in seconds, from counts alone.

    Within a factor of two on the networks that `SECONDS_PER_ACTIVATION` was measured on.
    """
    samples = min(spec.samples, load_data(run.data).count(spec.split))
    return SECONDS_PER_ACTIVATION * counts_of(run.model, run.data).activations * samples


def relative_cost(run: RunSpec, spec: EvaluationSpec, samples: int) -> tuple[float, float]:
    """Return the time of a gradient and of a Hessian-vector product relative to those in one pass."""
    counts = counts_of(run.model, run.data)
    if spec.statistics != "population" or not counts.batch_norms:
        return 1.0, 1.0
    passes = passes_of(spec, samples, counts.saved, 1)
    by_layers = 1.0 + LAYERWISE_COST * counts.batch_norms
    gradient, product = TILED_COST if passes.every else (by_layers, by_layers)
    return 1.0 if passes.gradient == samples else gradient, 1.0 if passes.product == samples else product


def _gradient_seconds(run: RunSpec, spec: EvaluationSpec, samples: int) -> float:
    """Time a gradient on two small sample counts and extrapolate linearly."""
    untrained = replace(run, training=replace(run.training, steps=0, checkpoints=(), recorded_samples=2))
    untrained_run = run_of(Trainer(untrained).state())
    fewer, more = (min(samples, size) for size in TIMED_SAMPLES)
    short, long = (_one_gradient(untrained_run, replace(spec, samples=size)) for size in (fewer, more))
    slope = max(0.0, long - short) / (more - fewer) if more > fewer else 0.0
    return long + slope * (samples - more)


def _one_gradient(run: Run, spec: EvaluationSpec) -> float:
    objective = objective_of(run, replace(spec, statistics="population", checkpoint=None))
    return _seconds(lambda: objective.evaluate(objective.theta))


def check_memory(objective: Objective, grid: GridSpec) -> None:
    """Check that a surface fits into the free memory of this process's device.

    Raises:
        TooLargeError: it does not fit; the message has the estimate and the free memory.
    """
    saved = objective.count_saved()
    precision = str(objective.theta.dtype).removeprefix("torch.")
    one_batch = measuring_bytes(saved, objective.passes, objective.samples, precision)
    needed = _surface_bytes(len(objective.theta), one_batch, precision, grid)
    free = available_bytes()
    if needed > free:
        raise TooLargeError(
            f"the surface needs about {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free; "
            "choose fewer points or fewer samples"
        )


def _surface_bytes(weights: int, one_batch: int, precision: str, grid: GridSpec) -> int:
    """Count θ, its gradient, the plane and temporaries (12 float64 vectors), the cache, the grid and one batch."""
    size = 8 if precision == "float64" else 4
    points = math.prod(grid.points)
    cached = min(2 * size * weights * points, max(CACHE_BYTES, 4 * size * weights * grid.points[0]))
    vectors = 12 * 8 * weights + cached
    return vectors + one_batch + BYTES_PER_POINT * points


def _batch_size(run: RunSpec, data: Dataset) -> int:
    """Return the number of samples in one training step; 0 without training."""
    if not run.last_step:
        return 0
    return batch_size_of(run, data.count("train"))


def _training_seconds(run: RunSpec, gradient: float) -> float:
    """Time a few training steps, and add the share of the records."""
    if not (steps := run.last_step):
        return 0.0
    trainer = Trainer(replace(run, training=replace(run.training, recorded_samples=2)))
    timed = TIMED_STEPS if gradient * _batch_size(run, load_data(run.data)) < 0.02 else 1
    return (1.0 + SHARE) * steps * _seconds(lambda: trainer.advance(timed)) / min(timed, steps)


def _seconds(work: Callable[[], object]) -> float:
    """Return the shortest of up to three timings, since other processes only slow it down."""
    times: list[float] = []
    while len(times) < 3 and sum(times) < 0.5:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)
