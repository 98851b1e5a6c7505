"""What can be asked, by name: how it is evaluated on a worker, and what becomes of it.

A kind is one line here, and everything it does is in `landscape/`. Three shapes of work exist: a chain of parts each of
which starts from the last one (training), points that can be divided at will (a surface), and one part (the rest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from normscape.jobs import serialization
from normscape.jobs.job import Job
from normscape.jobs.store.files import Arrays, Contents
from normscape.jobs.workers.inputs import Shelf
from normscape.landscape import (
    direct_loss,
    estimate_seconds,
    measure_auto_range,
    measure_layer_ratios,
    measure_layer_sharpness,
    measure_numerical_checks,
    measure_ratio_by_spacing,
    measure_scale_free_sharpness,
    measure_sharpness,
    objective_of,
)
from normscape.landscape.analysis.batch_statistics import BatchStatistics, measure_batch_statistics
from normscape.landscape.analysis.cauchy_schwarz import CauchySchwarz, measure_cauchy_schwarz
from normscape.landscape.analysis.centering import Centering, measure_centering
from normscape.landscape.analysis.derivatives import (
    Derivatives,
    SignalHistory,
    measure_derivatives,
    measure_signal_history,
)
from normscape.landscape.analysis.descent import Descent, measure_descent
from normscape.landscape.analysis.distributions import Distributions, measure_distributions
from normscape.landscape.analysis.gradient_growth import GradientGrowth, measure_gradient_growth
from normscape.landscape.analysis.layer_rates import LayerRates, measure_layer_rates
from normscape.landscape.analysis.running_averages import RunningAverages, measure_running_averages
from normscape.landscape.analysis.second_moments import SecondMoments, measure_second_moments
from normscape.landscape.analysis.theorem import Theorem, measure_theorem
from normscape.landscape.measurement import Piece, Stop
from normscape.landscape.plane.directions import measure_plane
from normscape.landscape.smoothness import Smoothness, measure_smoothness
from normscape.landscape.surface import evaluate
from normscape.landscape.surface.points import evaluate_center
from normscape.landscape.surface.refinement import interpolation_errors
from normscape.landscape.training.loop import advance, last_step, run_of, start

Errors = Mapping[str, tuple[float, float, float]]
"""By metric: the largest error, and the smallest and largest value."""

Evaluate = Callable[[Job, Piece, Shelf, Stop], Contents]


@dataclass(frozen=True)
class Kind:
    """How a job of this kind is done."""

    name: str  # for people
    shape: Literal["chain", "points", "single"]
    evaluate: Evaluate
    unpack: Callable[[Job, Contents], Any]
    errors: Callable[[Job, Arrays, Job, Arrays], Errors] | None = None  # of a level, as the next one measures it


def _errors(first: Job, coarse: Arrays, second: Job, fine: Arrays) -> Errors:
    return interpolation_errors(_asked(first).grid, coarse, _asked(second).grid, fine)


def _asked(job: Job) -> Any:
    return job.question


def _train(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
    """Go on from the last state until `stop()`, or begin."""
    packed = shelf.state(job)
    state = start(job.run) if packed is None else serialization.unpack_state(job.run, packed)
    state = advance(state, last_step(job.run), stop)
    return serialization.pack_state(state)


def _surface(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
    return Contents(evaluate(shelf.slice(job), _asked(job).grid, piece, stop), {})


def _plane(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
    return serialization.pack_plane(*measure_plane(shelf.run(job), _asked(job)))


def _centre(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
    return Contents(evaluate_center(shelf.slice(job), stop), {})


def _of_training(measure: Callable[..., Any]) -> Evaluate:
    def evaluated(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
        return serialization.pack_result(measure(shelf.run(job), _asked(job), stop=stop))

    return evaluated


def finished_run(packed: Contents, job: Job) -> Contents | None:
    """Return a run's result if this state is its last, else None."""
    state = serialization.unpack_state(job.run, packed)
    return serialization.pack_run(run_of(state)) if state.finished else None


def _seconds(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
    return serialization.pack_value(estimate_seconds(job.run, _asked(job)))


def _of_slice(measure: Callable[..., Any], pack: Callable[[Any], Contents], *fields: str) -> Evaluate:
    """Measure a slice, with these fields of the question besides."""

    def evaluated(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
        return pack(measure(shelf.slice(job), *(getattr(_asked(job), name) for name in fields), stop=stop))

    return evaluated


def _of_objective(measure: Callable[..., Any], pack: Callable[[Any], Contents]) -> Evaluate:
    def evaluated(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
        return pack(measure(objective_of(shelf.run(job), _asked(job)), stop=stop))

    return evaluated


def _of_run(measure: Callable[..., Any], pack: Callable[[Any], Contents]) -> Evaluate:
    def evaluated(job: Job, piece: Piece, shelf: Shelf, stop: Stop) -> Contents:
        return pack(measure(shelf.run(job), _asked(job)))

    return evaluated


def _single(name: str, evaluate_: Evaluate, unpack: Callable[[Contents], Any]) -> Kind:
    return Kind(name, "single", evaluate_, lambda job, packed: unpack(packed))


def _analysed(name: str, measure: Callable[..., Any], result: type) -> Kind:
    """Return a step of the analysis: what is measured of an objective, and the class of what comes back."""
    return _single(name, _of_objective(measure, serialization.pack_result), serialization.unpack_result(result))


KINDS: Mapping[str, Kind] = {
    "run": Kind("training", "chain", _train, lambda job, packed: serialization.unpack_run(job.run, packed)),
    "surface": Kind("surface", "points", _surface, lambda job, packed: packed.arrays, _errors),
    "plane": _single("plane", _plane, serialization.unpack_plane),
    "centre": _single("limits at the centre", _centre, lambda packed: packed.arrays),
    "sharpness": _single(
        "λ_max", _of_objective(measure_sharpness, serialization.pack_sharpness), serialization.unpack_sharpness
    ),
    "scale-free-sharpness": _single(
        "λ_max(SHS)",
        _of_objective(measure_scale_free_sharpness, serialization.pack_sharpness),
        serialization.unpack_sharpness,
    ),
    "direct-loss": _single(
        "loss by plain evaluation", _of_run(direct_loss, serialization.pack_value), serialization.unpack_value
    ),
    "numerics": _single(
        "checks", _of_run(measure_numerical_checks, serialization.pack_checks), serialization.unpack_checks
    ),
    "seconds": _single("estimate", _seconds, serialization.unpack_value),
    "refinement": _single(
        "L̂ against spacing",
        _of_slice(measure_ratio_by_spacing, serialization.pack_refinement, "range"),
        serialization.unpack_refinement,
    ),
    "layer-sharpness": _single(
        "curvature by layer",
        _of_objective(measure_layer_sharpness, serialization.pack_layer_sharpness),
        serialization.unpack_layer_sharpness,
    ),
    "layer-ratios": _single(
        "ratios by layer", _of_slice(measure_layer_ratios, serialization.pack_value, "grid"), serialization.unpack_value
    ),
    "half-width": _single(
        "range", _of_slice(measure_auto_range, serialization.pack_half_width), serialization.unpack_half_width
    ),
    "smoothness": _single("along training", _of_training(measure_smoothness), serialization.unpack_result(Smoothness)),
    "running-averages": _single(
        "averages for prediction",
        _of_training(measure_running_averages),
        serialization.unpack_result(RunningAverages),
    ),
    "descent": _analysed("the core inequality", measure_descent, Descent),
    "signals-along": _single(
        "signals along training", _of_training(measure_signal_history), serialization.unpack_result(SignalHistory)
    ),
    "derivatives": _analysed("signals and steadiness", measure_derivatives, Derivatives),
    "theorem": _analysed("theorem 4.1", measure_theorem, Theorem),
    "growth": _analysed("growth of gradients", measure_gradient_growth, GradientGrowth),
    "cauchy-schwarz": _analysed("both sides of a bound", measure_cauchy_schwarz, CauchySchwarz),
    "moments": _analysed("second moments", measure_second_moments, SecondMoments),
    "centring": _analysed("curvature rewritten", measure_centering, Centering),
    "batch-statistics": _analysed("statistics of batches", measure_batch_statistics, BatchStatistics),
    "inputs": _analysed("distributions and shifts", measure_distributions, Distributions),
    "pace": _analysed("inputs and layers in step", measure_layer_rates, LayerRates),
}
