"""What is measured: networks are trained, their loss becomes a function of θ, and slices of it become arrays."""

from landscape.block_ratio import measure_layer_ratios
from landscape.bounds import Bound, bounds_between_neighbours, bounds_from_centre
from landscape.cost import TooLarge, estimate_bytes, estimate_seconds
from landscape.curvature import (
    Sharpness,
    measure_layer_sharpness,
    measure_scale_free_sharpness,
    measure_sharpness,
)
from landscape.data import DATA, load_data
from landscape.data.download import download
from landscape.data.files import MissingData, data_folder
from landscape.evaluation import Stopped
from landscape.history import History
from landscape.layers import layer_names
from landscape.machine import machine, settle
from landscape.objective import Objective
from landscape.plane import Plane, random_plane
from landscape.ranges import measure_half_width, shared_half_width
from landscape.reality import Check, checks_of, measure_numerics, measure_reality
from landscape.refinement import Refinement, measure_refinement
from landscape.spread import Spread, scalars_of, spreads_of
from landscape.subject import direct_loss, objective_of
from landscape.surface import Surface, largest, measure_surface, slice_of
from landscape.training import Run, train
from landscape.weights import weight_file, weight_files

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
