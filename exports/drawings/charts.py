"""Charts as files: one or several Plotly figures side by side, drawn again by matplotlib.

The server then needs no browser, text in a PDF is text, and PNG, SVG and PDF are one drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from normscape.exports.drawings.axes import (
    STRIP,
    add_color_bar,
    add_legend,
    add_strip,
    draw_shapes,
    set_scales,
    style_axes,
)
from normscape.exports.drawings.file import BOLD_FAMILY, DPI, written
from normscape.exports.drawings.path_scene import draw_path_scene, is_scene
from normscape.exports.drawings.text import COLORS, MARGIN, add_footer, add_heading, mathtext
from normscape.exports.drawings.traces import draw_trace, rgba
from normscape.figures.style.notation import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.PngImagePlugin import PngInfo

Figures = Mapping[str, go.Figure]

SIZES: Mapping[str, tuple[int, int]] = {"16:9": (1920, 1080), "square": (1200, 1200)}
"""Width and height of a PNG in pixels, by the name of its shape."""

ASPECT = 1.3  # of a panel: width to height
PANEL_WIDTH, SINGLE_WIDTH = 3.8, 6.4  # inches, of a vector graphic
HEADING_AND_FOOTER = 0.9  # inches, of a vector graphic


def charts_file(
    figures: Figures,
    *,
    format: str,
    title: str,
    caption: str,
    link: str = "",
    shape: str = "",
    png_info: PngInfo | None = None,
) -> bytes:
    """Return figures side by side as a PNG, SVG or PDF file, on a white page; equal input gives equal bytes.

    Args:
        figures: by name, in the light theme; charts, or paths in 3-D (`path_surfaces`).
        format: "png", "svg" or "pdf".
        title: what they show, above them; the figures have titles of their own where they differ.
        caption: how they were measured, at the bottom.
        link: opens the experiment; for the metadata.
        shape: a key of `SIZES`, which the file then has exactly; empty for a size that follows from the figures.
        png_info: the text chunks of a PNG.

    Raises:
        ValueError: format or shape is unknown, there is no figure, or a figure has what no figure of the product has.
    """
    if shape and shape not in SIZES:
        raise ValueError(f"shape is {shape!r}; it must be one of {', '.join(SIZES)}, or empty")
    if not figures:
        raise ValueError("there is no figure to draw: no network has a result")
    size = tuple(pixels / DPI for pixels in SIZES[shape]) if shape else _size(len(figures))

    def draw() -> Figure:
        return _page(figures, size, title, caption)

    return written(draw, format=format, title=plain(title), link=link, png_info=png_info)


def _size(count: int) -> tuple[float, float]:
    """Return width and height of a vector graphic in inches."""
    if count == 1:
        return SINGLE_WIDTH, SINGLE_WIDTH / 1.5 + HEADING_AND_FOOTER
    columns = min(count, 3)
    return PANEL_WIDTH * columns, PANEL_WIDTH / ASPECT * -(-count // columns) + HEADING_AND_FOOTER


def _page(figures: Figures, size: Sequence[float], title: str, caption: str) -> Figure:
    from matplotlib.figure import Figure

    width, height = size
    figure = Figure(figsize=(width, height))
    notes = _distinct([note for one in figures.values() for note in _notes(one, "notes")])
    top, bottom = add_heading(figure, mathtext(title)) + 0.08, add_footer(figure, [*notes, caption]) + 0.1
    for text in figure.texts:
        text.set_in_layout(False)
    inner = width - 2 * MARGIN, height - top - bottom
    columns = _columns(len(figures), *inner)
    rows = -(-len(figures) // columns)
    cells = figure.add_gridspec(rows, columns)
    if any(map(is_scene, figures.values())):  # no layout engine knows the box of a scene, which is not that of its axes
        cells.update(left=MARGIN / width, right=1 - MARGIN / width, bottom=bottom / height, top=1 - top / height)
        cells.update(wspace=0, hspace=0)
    else:
        area: Any = (MARGIN / width, bottom / height, inner[0] / width, inner[1] / height)
        figure.set_layout_engine("constrained", rect=area, w_pad=0.08, h_pad=0.06)
    for index, one in enumerate(figures.values()):
        place = cells[divmod(index, columns)]
        if is_scene(one):
            draw_path_scene(figure, place.get_position(figure), one)
        else:
            _panel(figure, figure.add_subplot(place), one, title)
    return figure


def _columns(count: int, width: float, height: float) -> int:
    """Return the number of columns with which panels are largest."""

    def panel_width(columns: int) -> float:
        return min(width / columns, ASPECT * height / -(-count // columns))

    return max(range(1, count + 1), key=panel_width)


def _panel(figure: Figure, axes: Any, one: go.Figure, heading: str) -> None:
    title = one.layout.title
    if title.text and title.text != heading:
        shown: Any = {"fontfamily": list(BOLD_FAMILY), "fontsize": 10, "color": rgba(title.font.color or COLORS.text)}
        axes.set_title(mathtext(title.text), **shown)
    if sentences := _notes(one, "sentence"):
        axes.set_axis_off()
        axes.text(0.5, 0.5, mathtext("\n".join(sentences)), ha="center", va="center", color=COLORS.faint)
        return
    set_scales(axes, one)
    previous = None
    for index, trace in enumerate(one.data):
        if trace.yaxis == STRIP:
            continue
        if (image := draw_trace(axes, trace, index, previous)) is not None:
            add_color_bar(figure, axes, image, trace.colorbar)
        previous = trace
    style_axes(axes, one)
    draw_shapes(axes, one)
    add_strip(axes, one)
    add_legend(axes, one)


def _notes(figure: go.Figure, name: str) -> list[str]:
    """Return the annotations of a figure with a name, without their line breaks."""
    return [str(note.text).replace("<br>", " ") for note in figure.layout.annotations if note.name == name]


def _distinct(notes: Sequence[str]) -> list[str]:
    """Return every note once, and none that another one repeats with the name of a network before it."""
    return [note for note in dict.fromkeys(notes) if not any(other.endswith(f": {note}") for other in notes)]
