"""The surface: loss, accuracy, gradient norm and gradient-change ratios on a plane (D2, D5 to D8)."""

from normscape.landscape.surface.grid import axes
from normscape.landscape.surface.measure import assemble, measure_surface
from normscape.landscape.surface.points import evaluate, evaluate_losses, fill, pieces
from normscape.landscape.surface.refinement import interpolate_surface, levels, with_filled_center
from normscape.landscape.surface.result import Surface, largest
from normscape.landscape.surface.slice import Slice, slice_of

__all__ = [
    "Slice",
    "Surface",
    "assemble",
    "axes",
    "evaluate",
    "evaluate_losses",
    "fill",
    "interpolate_surface",
    "largest",
    "levels",
    "measure_surface",
    "pieces",
    "slice_of",
    "with_filled_center",
]
