"""The kinds of jobs: what each measures, of what, and the type of its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from normscape.jobs.job_spec import Job
from normscape.jobs.workers import subjects
from normscape.jobs.workers.subjects import Subject
from normscape.landscape import (
    Check,
    Plane,
    RatioBySpacing,
    Run,
    Sharpness,
    direct_loss,
    estimate_seconds,
    measure_auto_range,
    measure_layer_ratios,
    measure_layer_sharpness,
    measure_numerical_checks,
    measure_ratio_by_spacing,
    measure_scale_free_sharpness,
    measure_sharpness,
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
from normscape.landscape.curvature.density import Density, measure_density
from normscape.landscape.curvature.edge import EdgeSample, measure_edge
from normscape.landscape.curvature.eigenvalues import Eigenvalues, measure_eigenvalues
from normscape.landscape.paths.bezier import advance_curve
from normscape.landscape.paths.connectivity import Connectivity, measure_connectivity
from normscape.landscape.paths.trajectory import Trajectory, measure_trajectory
from normscape.landscape.plane.directions import measure_plane
from normscape.landscape.smoothness import Smoothness, measure_smoothness
from normscape.landscape.stability import measure_constant_loss
from normscape.landscape.surface import evaluate, evaluate_losses
from normscape.landscape.surface.auto_range import AutoRange
from normscape.landscape.surface.curvature_map import CurvaturePoint, measure_curvature_point
from normscape.landscape.surface.points import evaluate_center
from normscape.landscape.training.trainer import advance
from normscape.specs import SurfaceSpec

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Training:
    """Steps that come before a measurement, in pieces."""

    subject: Subject  # returns the arguments of `advance`
    advance: Callable[..., Any]  # takes steps until `stop()` is true, and returns the state


@dataclass(frozen=True)
class Kind:
    """A kind of job."""

    name: str  # for people
    subject: Subject  # returns the arguments of `measure`
    measure: Callable[..., Any]
    result: Any  # the type of the result, as in an annotation
    stoppable: bool = True  # whether `measure` takes `stop` and can be interrupted by it
    training: Training | None = None  # the steps of `Job.steps`, which come before `measure`


KINDS: Mapping[str, Kind] = {
    "run": Kind("training", subjects.training, advance, Run),
    "losses": Kind("loss surface", subjects.points, evaluate_losses, Arrays),
    "surface": Kind("surface", subjects.points, evaluate, Arrays),
    "plane": Kind("plane", subjects.run_and_others, measure_plane, tuple[Plane, tuple[str, ...]]),
    "center": Kind("curvature in the plane", subjects.plane_slice, evaluate_center, Arrays),
    "sharpness": Kind("largest curvature", subjects.objective, measure_sharpness, Sharpness),
    "scale-free-sharpness": Kind("scale-free curvature", subjects.objective, measure_scale_free_sharpness, Sharpness),
    "direct-loss": Kind("reference loss", subjects.run, direct_loss, float, stoppable=False),
    "checks": Kind("checks", subjects.run_and_plane, measure_numerical_checks, tuple[Check, ...], stoppable=False),
    "constant-loss": Kind(
        "loss of the best constant", subjects.run_spec, measure_constant_loss, float, stoppable=False
    ),
    "cost": Kind("time estimate", subjects.run_spec, estimate_seconds, float, stoppable=False),
    "ratio-by-spacing": Kind("L̂ by grid spacing", subjects.slice_and_range, measure_ratio_by_spacing, RatioBySpacing),
    "layer-sharpness": Kind(
        "curvature by layer", subjects.objective, measure_layer_sharpness, Mapping[str, tuple[float, Sharpness]]
    ),
    "layer-ratios": Kind(
        "ratios by layer", subjects.slice_and_grid, measure_layer_ratios, dict[str, tuple[float, float]]
    ),
    "auto-range": Kind("auto range", subjects.plane_slice, measure_auto_range, AutoRange),
    "smoothness": Kind("smoothness along training", subjects.run, measure_smoothness, Smoothness),
    "running-averages": Kind("running averages", subjects.run, measure_running_averages, RunningAverages),
    "descent": Kind("descent inequality", subjects.objective, measure_descent, Descent),
    "signals-along": Kind("signals along training", subjects.run, measure_signal_history, SignalHistory),
    "derivatives": Kind("backpropagated signals", subjects.objective, measure_derivatives, Derivatives),
    "theorem": Kind("theorem 4.1", subjects.objective, measure_theorem, Theorem),
    "gradient-growth": Kind("gradient growth", subjects.objective, measure_gradient_growth, GradientGrowth),
    "cauchy-schwarz": Kind("Cauchy–Schwarz bound", subjects.objective, measure_cauchy_schwarz, CauchySchwarz),
    "second-moments": Kind("second moments", subjects.objective, measure_second_moments, SecondMoments),
    "centering": Kind("curvature after centering", subjects.objective, measure_centering, Centering),
    "batch-statistics": Kind("batch statistics", subjects.objective, measure_batch_statistics, BatchStatistics),
    "distributions": Kind("activation distributions", subjects.objective, measure_distributions, Distributions),
    "layer-rates": Kind("effective rates by layer", subjects.objective, measure_layer_rates, LayerRates),
    "eigenvalues": Kind("eigenvalues", subjects.matrix, measure_eigenvalues, Eigenvalues),
    "density": Kind("spectral density", subjects.matrix, measure_density, Density),
    "edge": Kind("sharpness along training", subjects.run, measure_edge, EdgeSample),
    "trajectory": Kind("trajectory", subjects.runs, measure_trajectory, Trajectory),
    "connectivity": Kind(
        "connectivity",
        subjects.runs_and_curve,
        measure_connectivity,
        Connectivity,
        training=Training(subjects.curve_trainer, advance_curve),
    ),
    "curvature-point": Kind("curvature map", subjects.slice_and_point, measure_curvature_point, CurvaturePoint),
}
"""The rows by the kind of a job; `job.QUESTIONS` has the type of the question of each."""


def kind_name(kind: str) -> str:
    """Return the name of a kind for people; a kind of another version is its own name."""
    return KINDS[kind].name if kind in KINDS else kind


def job_name(job: Job) -> str:
    """Return the name of a job for people: its kind, and the number of points of a surface."""
    if job.kind in ("losses", "surface") and isinstance(job.question, SurfaceSpec):
        return f"{kind_name(job.kind)} {' × '.join(map(str, job.question.grid.points))}"
    if job.steps:
        return f"{kind_name(job.kind)} along a Bézier curve"
    return kind_name(job.kind)
