"""Measurements: train networks, define their loss as a function of θ, and measure slices of it as arrays."""

from normscape.landscape.budget import estimate, fitted
from normscape.landscape.cost import (
    TooLargeError,
    estimate_bytes,
    estimate_gradient_seconds,
    estimate_seconds,
    least_bytes,
)
from normscape.landscape.curvature.spectrum import Spectrum, measure_spectrum
from normscape.landscape.data import DATA, load_data
from normscape.landscape.data.download import download
from normscape.landscape.data.files import MissingDataError, data_folder
from normscape.landscape.measurement import StoppedError
from normscape.landscape.objective.curvature.sharpness import (
    Sharpness,
    measure_layer_sharpness,
    measure_scale_free_sharpness,
    measure_sharpness,
)
from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.objective.layers import layer_names
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.problem.losses import CrossEntropy
from normscape.landscape.objective.problem.problem import Problem
from normscape.landscape.paths.own_networks import measure_connectivity, measure_trajectory
from normscape.landscape.plane.plane import Plane, random_plane
from normscape.landscape.runtime import configure_process, machine_record
from normscape.landscape.seed_variation import Spread, scalars_of, spreads_of
from normscape.landscape.surface import Surface, largest, measure_surface, slice_of
from normscape.landscape.surface.auto_range import measure_auto_range, shared_range
from normscape.landscape.surface.bounds import Bound, bounds_between_neighbors, bounds_from_center
from normscape.landscape.surface.checks import Check, checks_of, measure_checks, measure_numerical_checks
from normscape.landscape.surface.layer_ratios import measure_layer_ratios
from normscape.landscape.surface.spacing import RatioBySpacing, measure_ratio_by_spacing
from normscape.landscape.training.history import History
from normscape.landscape.training.published_weights import weight_file, weight_files
from normscape.landscape.training.train import Run, train

__all__ = [
    "DATA",
    "Bound",
    "Check",
    "CrossEntropy",
    "History",
    "MissingDataError",
    "Objective",
    "Plane",
    "Problem",
    "RatioBySpacing",
    "Run",
    "Sharpness",
    "Spectrum",
    "Spread",
    "StoppedError",
    "Surface",
    "TooLargeError",
    "bounds_between_neighbors",
    "bounds_from_center",
    "checks_of",
    "configure_process",
    "data_folder",
    "direct_loss",
    "download",
    "estimate",
    "estimate_bytes",
    "estimate_gradient_seconds",
    "estimate_seconds",
    "fitted",
    "largest",
    "layer_names",
    "least_bytes",
    "load_data",
    "machine_record",
    "measure_auto_range",
    "measure_checks",
    "measure_connectivity",
    "measure_layer_ratios",
    "measure_layer_sharpness",
    "measure_numerical_checks",
    "measure_ratio_by_spacing",
    "measure_scale_free_sharpness",
    "measure_sharpness",
    "measure_spectrum",
    "measure_surface",
    "measure_trajectory",
    "objective_of",
    "random_plane",
    "scalars_of",
    "shared_range",
    "slice_of",
    "spreads_of",
    "train",
    "weight_file",
    "weight_files",
]
