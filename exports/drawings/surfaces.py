"""Compared surfaces as a vector graphic for a paper: each in 3-D as on the screen, and below it as a contour map.

matplotlib draws it, since plotly.js draws surfaces as pixels only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from normscape.exports.drawings.file import BOLD_FAMILY, written
from normscape.exports.drawings.scene import Scene, colormap, draw_scene, label_point
from normscape.exports.drawings.text import COLORS, add_footer, add_heading, mathtext
from normscape.exports.metadata import png_metadata
from normscape.figures.comparison import Comparison
from normscape.figures.surface.axes import axis_title
from normscape.figures.surface.notes import is_line, nothing_to_draw
from normscape.figures.surface.surface_3d import contour_count, height_title, scene, surface_traces
from normscape.specs import Display, Experiment
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from normscape.figures.style.scales import Range
    from normscape.landscape import Surface

PANEL_WIDTH = 3.6  # inches: a column of most journals
LEAST_WIDTH = 5.4  # inches, so that one panel has space for title and footer
ROW_HEIGHTS = (3.1, 2.7)  # inches: surfaces, maps


def surfaces_file(
    comparison: Comparison,
    *,
    format: str,
    caption: str,
    link: str = "",
    camera: Sequence[float] = CAMERA,
    source: tuple[Experiment, Display] | None = None,
) -> bytes:
    """Return all surfaces as a PNG, SVG or PDF file, on a white page; equal input gives equal bytes.

    A surface that is a line, or has no finite value, has a sentence in its place.

    Args:
        comparison: the surfaces, in the light theme.
        format: "png", "svg" or "pdf".
        caption: one line on how they were measured, at the bottom.
        link: opens the experiment, for the file's metadata.
        camera: as `Display.camera`.
        source: the experiment and how it is shown, for the metadata of a PNG.

    Raises:
        ValueError: the format is unknown, or there is no surface.
    """
    if not comparison.results:
        raise ValueError("there is no surface to draw")
    title = comparison.title
    info = png_metadata(source, title=title, description=caption) if format == "png" and source is not None else None

    def draw() -> Figure:
        return _figure(comparison, title, caption, camera)

    return written(draw, format=format, title=title, link=link, png_info=info)


def _figure(comparison: Comparison, title: str, caption: str, camera: Sequence[float]) -> Figure:
    from matplotlib.figure import Figure

    count, value_range = len(comparison.results), comparison.value_range
    width, height = max(LEAST_WIDTH, PANEL_WIDTH * count + 0.9), sum(ROW_HEIGHTS) + 1.5
    figure = Figure(figsize=(width, height))
    top, bottom = add_heading(figure, title) + 0.3, add_footer(figure, [caption]) + 0.5
    area = {"left": 0.6 / width, "right": 1 - 0.9 / width, "top": 1 - top / height, "bottom": bottom / height}
    grid = figure.add_gridspec(2, count, **area, height_ratios=ROW_HEIGHTS, hspace=0.2, wspace=0.3)
    image: Any = None
    for column, (label, surface) in enumerate(comparison.results.items()):
        sentence = nothing_to_draw(surface, comparison.metric)
        if value_range is None or sentence is not None or is_line(surface):
            _sentence(figure, grid[0, column], label, comparison, sentence or "A slice with one direction.")
            continue
        _surface(figure, grid[0, column], label, surface, comparison, value_range, camera)
        image = _map(figure, grid[1, column], surface, comparison, value_range)
    if image is not None and value_range is not None:
        _color_bar(figure, image, comparison, value_range)
    return figure


def _color_bar(figure: Figure, image: Any, comparison: Comparison, value_range: Range) -> None:
    width, _ = figure.get_size_inches()
    low, high = (min(axes.get_position().y0 for axes in figure.axes), max(a.get_position().y1 for a in figure.axes))
    color_range = comparison.color_range or value_range
    bar = figure.colorbar(image, cax=figure.add_axes((1 - 0.62 / width, low, 0.1 / width, 0.5 * (high - low))))
    bar.outline.set_visible(False)
    positions = [float(value) for value in color_range.ticks["tickvals"]]
    bar.set_ticks(positions, labels=list(map(mathtext, color_range.ticks["ticktext"])), fontsize=8)
    bar.ax.set_title(mathtext(comparison.metric_title), fontsize=8, loc="left")


def _surface(
    figure: Figure,
    place: Any,
    label: str,
    surface: Surface,
    comparison: Comparison,
    value_range: Range,
    camera: Sequence[float],
) -> None:
    axes: Any = figure.add_subplot(place, projection="3d", computed_zorder=False)
    drawn = scene_of(comparison, surface, value_range, camera)
    draw_scene(axes, drawn, contour_levels(value_range), grid=COLORS.grid)
    _marks(axes, comparison, surface, value_range)
    axes.set_zticks(value_range.ticks["tickvals"], labels=list(map(mathtext, value_range.ticks["ticktext"])))
    axes.tick_params(labelsize=7, pad=-2, colors=COLORS.faint)
    axes.locator_params(axis="x", nbins=5)
    axes.locator_params(axis="y", nbins=5)
    titles = (axis_title(surface, "α"), axis_title(surface, "β"), height_title(comparison, value_range))
    for name, title in zip("xyz", titles, strict=True):
        getattr(axes, f"set_{name}label")(mathtext(title), fontsize=8, labelpad=-3)
    _label_center(axes, comparison, surface, value_range)
    _set_title(axes, label, comparison)


def _marks(axes: Any, comparison: Comparison, surface: Surface, value_range: Range) -> None:
    """Draw checkpoints, rings and the labeled dot at the center, in front of the surface as on the screen."""
    for trace in surface_traces(comparison, surface, value_range)[1:]:
        if trace.mode == "lines":
            axes.plot(trace.x, trace.y, trace.z, color=trace.line.color, linewidth=1, zorder=3)
            continue
        shown = {"color": trace.marker.color, "marker": "o", "markersize": 3, "linewidth": 1}
        shown["linestyle"] = "--" if "lines" in trace.mode else "none"
        axes.plot(trace.x, trace.y, trace.z, **shown, zorder=3)
        for x, y, z, text in zip(trace.x, trace.y, trace.z, trace.text or [], strict=False):
            axes.text(x, y, z, f"{text}\n", fontsize=7, ha="center", color=trace.textfont.color, zorder=3)


def _label_center(axes: Any, comparison: Comparison, surface: Surface, value_range: Range) -> None:
    """Label the center as on the screen, at its place in the finished projection."""
    for note in scene(comparison, surface, value_range)["annotations"]:
        label_point(axes, (note["x"], note["y"], note["z"]), note["text"], note["arrowcolor"])


def scene_of(comparison: Comparison, surface: Surface, value_range: Range, camera: Sequence[float]) -> Scene:
    """Return a surface as it is drawn: its heights and shades, and a height axis with a little room at both ends."""
    colors = (comparison.color_range or value_range).ends
    drawn = comparison.positions(surface), comparison.shades(surface)
    return Scene(surface.alpha, surface.beta, *drawn, colors, value_range.padded(0.03), camera)


def _map(figure: Figure, place: Any, surface: Surface, comparison: Comparison, value_range: Range) -> Any:
    axes: Any = figure.add_subplot(place)
    heights, shades = comparison.positions(surface), comparison.shades(surface)
    low, high = (comparison.color_range or value_range).ends
    image = axes.pcolormesh(
        surface.alpha, surface.beta, shades, cmap=colormap(), vmin=low, vmax=high, shading="nearest", rasterized=True
    )
    if np.isfinite(heights).any() and value_range.high > value_range.low:
        lines = {
            "levels": contour_levels(value_range),
            "colors": [(1, 1, 1, 0.6)],
            "linewidths": 0.6,
            "linestyles": "solid",
        }
        axes.contour(surface.alpha, surface.beta, heights, **lines)
    axes.plot(0, 0, marker="+", color="white", markersize=8, markeredgewidth=1.2)
    axes.tick_params(labelsize=7, colors=COLORS.faint)
    axes.locator_params(nbins=5)
    axes.set(xlim=surface.alpha[[0, -1]], ylim=surface.beta[[0, -1]], aspect="equal")
    axes.set_xlabel(mathtext(axis_title(surface, "α")), fontsize=8)
    axes.set_ylabel(mathtext(axis_title(surface, "β")), fontsize=8)
    axes.spines[:].set_visible(False)
    return image


def contour_levels(value_range: Range) -> np.ndarray:
    """Return the heights of the contour lines, which are those on the screen."""
    return np.linspace(*value_range.ends, contour_count(value_range) + 1)[1:-1]


def _sentence(figure: Figure, place: Any, label: str, comparison: Comparison, sentence: str) -> None:
    axes: Any = figure.add_subplot(place)
    axes.set_axis_off()
    _set_title(axes, label, comparison)
    axes.text(0.5, 0.5, sentence, ha="center", va="center", wrap=True, color=COLORS.faint)


def _set_title(axes: Any, label: str, comparison: Comparison) -> None:
    axes.set_title(label, color=comparison.color(label) or COLORS.text, fontfamily=list(BOLD_FAMILY), fontsize=11)
