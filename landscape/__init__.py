"""What is measured: networks are trained, their loss becomes a function of θ, and slices of it become arrays."""

from normscape.landscape.cost import TooLarge, estimate_bytes, estimate_seconds
from normscape.landscape.data import DATA, load_data
from normscape.landscape.data.download import download
from normscape.landscape.data.files import MissingData, data_folder
from normscape.landscape.measurement import Stopped
from normscape.landscape.objective.from_run import direct_loss, objective_of
from normscape.landscape.objective.layers import layer_names
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.sharpness import (
    Sharpness,
    measure_layer_sharpness,
    measure_scale_free_sharpness,
    measure_sharpness,
)
from normscape.landscape.plane.plane import Plane, random_plane
from normscape.landscape.runtime import machine, settle
from normscape.landscape.seed_variation import Spread, scalars_of, spreads_of
from normscape.landscape.surface import Surface, largest, measure_surface, slice_of
from normscape.landscape.surface.auto_range import measure_half_width, shared_half_width
from normscape.landscape.surface.bounds import Bound, bounds_between_neighbours, bounds_from_centre
from normscape.landscape.surface.checks import Check, checks_of, measure_numerics, measure_reality
from normscape.landscape.surface.layer_ratios import measure_layer_ratios
from normscape.landscape.surface.spacing import Refinement, measure_refinement
from normscape.landscape.training.history import History
from normscape.landscape.training.loop import Run, train
from normscape.landscape.training.published_weights import weight_file, weight_files

__all__ = [
    "DATA",
    "Bound",
    "Check",
    "History",
    "MissingData",
    "Objective",
    "Plane",
    "Refinement",
    "Run",
    "Sharpness",
    "Spread",
    "Stopped",
    "Surface",
    "TooLarge",
    "bounds_between_neighbours",
    "bounds_from_centre",
    "checks_of",
    "data_folder",
    "direct_loss",
    "download",
    "estimate_bytes",
    "estimate_seconds",
    "largest",
    "layer_names",
    "load_data",
    "machine",
    "measure_half_width",
    "measure_layer_ratios",
    "measure_layer_sharpness",
    "measure_numerics",
    "measure_reality",
    "measure_refinement",
    "measure_scale_free_sharpness",
    "measure_sharpness",
    "measure_surface",
    "objective_of",
    "random_plane",
    "scalars_of",
    "settle",
    "shared_half_width",
    "slice_of",
    "spreads_of",
    "train",
    "weight_file",
    "weight_files",
]
