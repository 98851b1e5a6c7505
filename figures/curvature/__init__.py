"""Figures of curvature: spectra, cuts along eigenvectors, training seeds, the edge of stability, and maps."""

from normscape.figures.curvature.cuts import cuts_figures
from normscape.figures.curvature.density import density_figure, density_figures
from normscape.figures.curvature.edge import edge_figure
from normscape.figures.curvature.maps import curvature_maps
from normscape.figures.curvature.over_seeds import over_seeds_figure

__all__ = [
    "curvature_maps",
    "cuts_figures",
    "density_figure",
    "density_figures",
    "edge_figure",
    "over_seeds_figure",
]
