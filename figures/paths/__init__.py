"""Figures of paths: checkpoints in their plane, losses along training, and losses between two networks."""

from normscape.figures.paths.connectivity import connectivity_figures, path_comparison_figures
from normscape.figures.paths.losses import path_losses_figure
from normscape.figures.paths.maps import PATH, PathMap, path_maps
from normscape.figures.paths.surfaces import path_surfaces

__all__ = [
    "PATH",
    "PathMap",
    "connectivity_figures",
    "path_comparison_figures",
    "path_losses_figure",
    "path_maps",
    "path_surfaces",
]
