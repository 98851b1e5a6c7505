"""Figures of paths: checkpoints in their plane, losses along training, and losses between two networks."""

from normscape.figures.paths.connectivity import connectivity_figures, path_comparison_figures
from normscape.figures.paths.losses import path_losses_figure
from normscape.figures.paths.maps import PathMap, path_maps

__all__ = ["PathMap", "connectivity_figures", "path_comparison_figures", "path_losses_figure", "path_maps"]
