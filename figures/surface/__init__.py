"""Figures of compared surfaces: in 3-D, as maps, as cuts, and all together in one figure."""

from normscape.figures.surface.axes import ColorScale, color_scale
from normscape.figures.surface.combined import comparison_figure
from normscape.figures.surface.cuts import cut_figure
from normscape.figures.surface.differences import difference_figures
from normscape.figures.surface.maps import contour_figures
from normscape.figures.surface.notes import summary
from normscape.figures.surface.preview import preview_figures
from normscape.figures.surface.seed_variation import seeds_figure
from normscape.figures.surface.selected_point import mark_cut, mark_maps, mark_surfaces, metrics_of, nearest, values_at
from normscape.figures.surface.spacing import refinement_figure
from normscape.figures.surface.surface_3d import surface_figures

__all__ = [
    "ColorScale",
    "color_scale",
    "comparison_figure",
    "contour_figures",
    "cut_figure",
    "difference_figures",
    "mark_cut",
    "mark_maps",
    "mark_surfaces",
    "metrics_of",
    "nearest",
    "preview_figures",
    "refinement_figure",
    "seeds_figure",
    "summary",
    "surface_figures",
    "values_at",
]
