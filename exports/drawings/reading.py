"""One surface with notes on its parts, for a page that explains how to read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from normscape.exports.drawings.file import written
from normscape.exports.drawings.scene import draw_scene
from normscape.exports.drawings.surfaces import contour_levels, scene_of
from normscape.exports.drawings.text import mathtext
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.surface.surface_3d import CENTER_COLOR
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from normscape.figures.style.scales import Range
    from normscape.landscape import Surface

SIZE, NARROW_SIZE = (6.4, 4.6), (4.1, 3.9)  # inches
AXES, NARROW_AXES = (-0.02, 0.0, 0.9, 1.0), (0.0, 0.0, 0.84, 0.94)
"""Left, bottom, width and height, as shares of the figure."""

NOTES = {
    "center": ("Trained weights θ*: the loss\nthat training reached", "Trained weights θ*"),
    "contour": (
        "Contour line: equal loss.\nLines close together:\na steep wall",
        "Contour line:\nequal loss",
    ),
    "alpha": ("α: distance of the weights\nalong a random direction", "α: along a\nrandom direction"),
    "beta": ("β: the same, along a\nsecond direction", "β: along\nanother"),
}
"""What the notes say, and what they say on a phone."""

PLACES = {
    "center": ((0.56, 0.98), (0.4, 0.99)),
    "contour": ((0.0, 0.98), (0.0, 0.99)),
    "alpha": ((0.0, 0.13), (0.0, 0.12)),
    "beta": ((0.72, 0.13), (0.75, 0.12)),
}
"""Where they begin, as shares of the figure from the lower left."""

TITLE = "How to read a surface"


def reading_png(comparison: Comparison, label: str, *, narrow: bool = False) -> bytes:
    """Return one surface with notes on center, directions, contour lines and colors, on a transparent page.

    Args:
        comparison: with the surface, in the theme of the page.
        label: of the network.
        narrow: whether the figure is for a phone, with shorter notes.

    Raises:
        ValueError: the surface has no value to draw.
    """
    value_range = comparison.value_range
    if value_range is None:
        raise ValueError(f"the surface of {label!r} has no value to draw")
    surface = comparison.results[label]
    return written(lambda: _figure(comparison, surface, value_range, narrow), format="png", title=TITLE)


def _figure(comparison: Comparison, surface: Surface, value_range: Range, narrow: bool) -> Figure:
    from matplotlib.figure import Figure

    colors = comparison.theme_colors
    figure = Figure(figsize=NARROW_SIZE if narrow else SIZE, facecolor=(0, 0, 0, 0))
    axes: Any = figure.add_axes(NARROW_AXES if narrow else AXES, projection="3d", computed_zorder=False)
    axes.patch.set_alpha(0)
    drawn = scene_of(comparison, surface, value_range, CAMERA)
    lines = draw_scene(axes, drawn, contour_levels(value_range), grid=colors.grid, line_width=0.7)
    for name, values in (("x", surface.alpha), ("y", surface.beta)):
        ticks = [float(values[0]), 0.0, float(values[-1])]
        getattr(axes, f"set_{name}ticks")(ticks, labels=[f"{tick:g}".replace("-", "−") for tick in ticks])
    axes.set_zticks([])
    axes.tick_params(labelsize=8, pad=-2, colors=colors.faint)
    _color_bar(figure, comparison, comparison.color_range or value_range)
    _notes(axes, comparison, surface, drawn.heights, lines, narrow)
    return figure


def _color_bar(figure: Figure, comparison: Comparison, color_range: Range) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    colors = comparison.theme_colors
    scale = ScalarMappable(Normalize(*color_range.ends), SURFACE_COLORSCALE.lower())
    bar = figure.colorbar(scale, cax=figure.add_axes((0.895, 0.2, 0.018, 0.5)))
    bar.outline.set_visible(False)
    bar.set_ticks(
        [float(tick) for tick in color_range.ticks["tickvals"]],
        labels=list(map(mathtext, color_range.ticks["ticktext"])),
    )
    bar.ax.tick_params(labelsize=8, colors=colors.faint, length=0)
    metric = comparison.metric_title.lower()
    text = f"Height is the {metric},\ncolor its logarithm"
    if comparison.scale == "log":
        text = f"Color and height\nare the {metric},\non a log scale"
    figure.text(0.985, 0.73, text, fontsize=9, color=colors.text, ha="right", va="bottom", linespacing=1.25)


def _notes(
    axes: Any, comparison: Comparison, surface: Surface, heights: np.ndarray, lines: Sequence[np.ndarray], narrow: bool
) -> None:
    """Write the notes, each with a line to what it is about."""
    from mpl_toolkits.mplot3d.proj3d import proj_transform  # type: ignore[import-untyped]

    center = surface.center or (len(surface.beta) // 2, len(surface.alpha) // 2)
    bottom = float(heights[center])
    contour = max(lines, key=len)
    left = contour[int(contour[:, 0].argmin())]
    low = axes.get_zlim()[0]
    axes.plot([0.0], [0.0], [bottom], marker="o", markersize=5, color=CENTER_COLOR, zorder=4)
    positions = {
        "center": (0.0, 0.0, bottom),
        "contour": tuple(left),
        "alpha": (surface.alpha[0] / 2, surface.beta[0], low),
        "beta": (surface.alpha[-1], surface.beta[-1] / 2, low),
    }
    for name, position in positions.items():
        text, place = NOTES[name][narrow], PLACES[name][narrow]
        across, up, _ = proj_transform(*position, axes.get_proj())
        axes.annotate(
            text,
            xy=(across, up),
            xytext=place,
            textcoords="figure fraction",
            fontsize=9,
            va="top",
            linespacing=1.25,
            color=comparison.theme_colors.text,
            arrowprops={
                "arrowstyle": "-",
                "color": CENTER_COLOR if name == "center" else comparison.theme_colors.faint,
                "linewidth": 1.0,
                "shrinkA": 2,
                "shrinkB": 2,
            },
            zorder=6,
        )
