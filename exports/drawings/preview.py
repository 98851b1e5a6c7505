"""The picture that other sites show of a link to the product: compared surfaces below a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from normscape.exports.drawings.file import BOLD_FAMILY, DPI, written
from normscape.exports.drawings.scene import draw_scene
from normscape.exports.drawings.surfaces import contour_levels, scene_of
from normscape.exports.drawings.text import mathtext
from normscape.figures.comparison import Comparison
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from normscape.figures.style.scales import Range

WIDTH, HEIGHT = 1200, 630
"""Pixels: what most sites show without cutting it."""

MARGIN = 0.04  # of the width
ZOOM = 1.2  # there are no titles of axes around the box


def preview_png(comparison: Comparison, *, question: str, caption: str) -> bytes:
    """Return surfaces side by side below a question, as a PNG of `WIDTH` × `HEIGHT` pixels.

    Args:
        comparison: one to three surfaces, in the theme of the picture.
        question: in large letters.
        caption: what the networks are.

    Raises:
        ValueError: no surface has a value to draw.
    """
    value_range = comparison.value_range
    if value_range is None:
        raise ValueError(f"none of {', '.join(comparison.results)} has a value to draw")
    return written(lambda: _figure(comparison, value_range, question, caption), format="png", title=question)


def _figure(comparison: Comparison, value_range: Range, question: str, caption: str) -> Figure:
    from matplotlib.figure import Figure

    colors, count = comparison.theme_colors, len(comparison.results)
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), facecolor=colors.background)
    bold: Any = {"fontfamily": list(BOLD_FAMILY)}
    figure.text(MARGIN, 0.93, question, fontsize=16, color=colors.text, va="top", **bold)
    figure.text(MARGIN, 0.055, caption, fontsize=8, color=colors.faint)
    figure.text(1 - MARGIN, 0.055, "Normscape", fontsize=11, color=colors.text, ha="right", **bold)
    for number, (label, surface) in enumerate(comparison.results.items()):
        place = (number / count, 0.15, 1 / count, 0.68)
        axes: Any = figure.add_axes(place, projection="3d", computed_zorder=False)
        axes.patch.set_alpha(0)
        drawn = scene_of(comparison, surface, value_range, CAMERA)
        draw_scene(axes, drawn, contour_levels(value_range), grid=colors.grid, zoom=ZOOM)
        axes.set_axis_off()  # in small, its lines would cross the caption
        name_color = comparison.color(label) or colors.text
        figure.text((number + 0.5) / count, 0.745, mathtext(label), fontsize=12, color=name_color, ha="center", **bold)
    return figure
