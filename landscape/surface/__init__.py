"""What does the surface look like? Loss, accuracy, gradients and gradient-change ratios on a plane (D2, D5 to D8)."""

from landscape.surface.grid import axes
from landscape.surface.levels import levels, smoothed
from landscape.surface.measure import assemble, measure_surface
from landscape.surface.points import evaluate, pieces
from landscape.surface.result import Surface, largest
from landscape.surface.slice import Slice, slice_of

__all__ = [
    "Slice",
    "Surface",
    "assemble",
    "axes",
    "evaluate",
    "largest",
    "levels",
    "measure_surface",
    "pieces",
    "slice_of",
    "smoothed",
]
