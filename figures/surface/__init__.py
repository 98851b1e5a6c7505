"""How compared surfaces look: as landscapes, as maps, as a cut, and all together in one figure."""

from figures.surface.comparison import comparison_figure
from figures.surface.cuts import cut_figure
from figures.surface.differences import difference_figures
from figures.surface.landscapes import surface_figures
from figures.surface.maps import contour_figures
from figures.surface.missing import summary
from figures.surface.points import mark_cut, mark_landscapes, mark_maps, metrics_of, nearest, values_at
from figures.surface.refinement import refinement_figure
from figures.surface.seeds import seeds_figure

__all__ = [
    "comparison_figure",
    "contour_figures",
    "cut_figure",
    "difference_figures",
    "mark_cut",
    "mark_landscapes",
    "mark_maps",
    "metrics_of",
    "nearest",
    "refinement_figure",
    "seeds_figure",
    "summary",
    "surface_figures",
    "values_at",
]
