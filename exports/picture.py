"""Compared surfaces as one PNG picture: rendered by the browser, composed here with all that a reader must know."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from normscape.exports.canvas import Canvas, ColorBar, ImageBox, Rectangle, move, paragraph, render, stack
from normscape.exports.metadata import png_metadata
from normscape.exports.number_table import facts_table
from normscape.exports.typography import TextStyle, text_width, wrap
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import SURFACE_COLORSCALE, ThemeColors
from normscape.figures.surface.notes import missing_note, nothing_to_draw

if TYPE_CHECKING:
    from normscape.figures.style.scales import Range
    from normscape.specs import Display, Experiment

MAX_SURFACES = 8
MIN_WIDTH, MAX_WIDTH = 1200, 4096
MAX_PIXELS = 2**23
"""Of a render from the browser: as many as a 4K screen has, so that eight take a quarter of a GiB."""

CANVAS_WIDTH = 1920
"""The width of a picture in the units of all lengths here; a slide of 13.3 inches has as many pixels, so 20 units are
10 points on it."""

MARGIN = 72
CONTENT_WIDTH = CANVAS_WIDTH - 2 * MARGIN
MAX_COLUMNS = 4
GAP = 24
MAX_CELL_HEIGHT = 620  # so that one surface does not fill a slide alone
BAR_WIDTH, BAR_HEIGHT = 760, 14
NO_RENDER = "No picture."

Facts = Mapping[str, Mapping[str, str]]


def picture_png(
    renders: Mapping[str, bytes],
    comparison: Comparison,
    experiment: Experiment,
    display: Display,
    *,
    facts: Facts,
    caption: str,
    width: int = CANVAS_WIDTH,
) -> bytes:
    """Return surfaces side by side as one PNG file, with the experiment in its metadata (`read_experiment`).

    Equal input gives equal bytes. Everything scales with the width; the height follows from the content.

    Args:
        renders: the surfaces as PNG files, by label: transparent, all in the same style, without title or color bar.
        comparison: the surfaces, in the order of the picture; one without a render has a sentence in its cell.
        experiment: the compared networks and the slice.
        display: metric, scale and camera of the renders.
        facts: key numbers by label and then by name; may be empty.
        caption: one line on how the surfaces were measured, at the bottom.
        width: pixels, 1200 to 4096; by default that of a slide.

    Raises:
        ValueError: the width is out of range, there are no or too many surfaces, or a render belongs to none of them
            or cannot be read.
    """
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise ValueError(f"width is {width}; a picture can be {MIN_WIDTH} to {MAX_WIDTH} pixels wide")
    canvas = layout(renders, comparison, facts=facts, caption=caption)
    image = render(canvas, CANVAS_WIDTH, width / CANVAS_WIDTH, comparison.theme_colors.background)
    title = f"Normscape: {_title(comparison)}"
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=png_metadata(experiment, display, title=title, description=caption))
    return buffer.getvalue()


def layout(renders: Mapping[str, bytes], comparison: Comparison, *, facts: Facts, caption: str) -> Canvas:
    """Return all elements of a picture, `CANVAS_WIDTH` wide; arguments and exceptions are those of `picture_png`."""
    surfaces, colors = comparison.results, comparison.theme_colors
    if not 1 <= len(surfaces) <= MAX_SURFACES:
        raise ValueError(f"a picture shows 1 to {MAX_SURFACES} surfaces, not {len(surfaces)}")
    if foreign := [label for label in renders if label not in surfaces]:
        raise ValueError(f"there are pictures of {', '.join(foreign)}, which are not among the surfaces")
    label_colors = {label: _label_style(comparison, label).color for label in facts}
    content = stack(
        [
            _header(comparison),
            _grid(renders, comparison),
            _color_bar(comparison, comparison.value_range) if comparison.value_range is not None else Canvas(0, ()),
            _sentences(_notes(comparison), TextStyle(21, colors.faint)),
            facts_table(facts, label_colors, colors, CONTENT_WIDTH),
            _sentences([caption], TextStyle(19, colors.faint)),
        ],
        gap=40,
    )
    return move(content, MARGIN, 56)._replace(height=content.height + 56 + 48)


def _title(comparison: Comparison) -> str:
    return f"{comparison.metric_title} around the trained weights"


def _label_style(comparison: Comparison, label: str) -> TextStyle:
    return TextStyle(30, comparison.color(label) or comparison.theme_colors.text, bold=True)


def _header(comparison: Comparison) -> Canvas:
    """Return the title, with the project's name at the right end of its line."""
    colors = comparison.theme_colors
    project, title = TextStyle(28, colors.faint, bold=True), TextStyle(52, colors.text, bold=True)
    lines = wrap(_title(comparison), title, CONTENT_WIDTH - text_width("Normscape", project) - 48)
    text = paragraph(lines, title, 0, CONTENT_WIDTH)
    name = paragraph(["Normscape"], project, 0, CONTENT_WIDTH, align=1)
    on_baseline = move(name, 0, 0.98 * (title.size - project.size))
    return text._replace(elements=text.elements + on_baseline.elements)


def _grid(renders: Mapping[str, bytes], comparison: Comparison) -> Canvas:
    """Return all surfaces in rows of equal length, in cells of one size, each below its label."""
    images = {label: _decoded(label, content) for label, content in renders.items()}
    labels = list(comparison.results)
    columns = -(-len(labels) // -(-len(labels) // MAX_COLUMNS))
    width = (CONTENT_WIDTH - GAP * (columns - 1)) / columns
    aspect = max((image.height / image.width for image in images.values()), default=0.7)
    height = min(MAX_CELL_HEIGHT, width * aspect)
    cells = {label: _cell(comparison, label, images.get(label), width, height) for label in labels}
    rows = [labels[start : start + columns] for start in range(0, len(labels), columns)]
    return stack([_row(comparison, {label: cells[label] for label in row}, width) for row in rows], gap=GAP)


def _row(comparison: Comparison, cells: Mapping[str, Canvas], width: float) -> Canvas:
    """Return cells side by side, centered, with their labels above them on the same line."""
    styles = {label: _label_style(comparison, label) for label in cells}
    heads = [paragraph(wrap(label, style, width), style, 0, width, 0.5) for label, style in styles.items()]
    head_height = max(head.height for head in heads)
    left = (CONTENT_WIDTH - len(cells) * width - (len(cells) - 1) * GAP) / 2
    columns = [
        move(stack([head._replace(height=head_height), cell], gap=4), left + index * (width + GAP), 0)
        for index, (head, cell) in enumerate(zip(heads, cells.values(), strict=True))
    ]
    return Canvas(columns[0].height, tuple(element for column in columns for element in column.elements))


def _cell(comparison: Comparison, label: str, image: Image.Image | None, width: float, height: float) -> Canvas:
    """Return the image as large as the cell allows, or a sentence if there is none; both centered."""
    if image is None:
        sentence = nothing_to_draw(comparison.results[label], comparison.metric) or NO_RENDER
        return _sentence_cell(sentence, comparison.theme_colors, width, height)
    scale = min(width / image.width, height / image.height)
    across, up = image.width * scale, image.height * scale
    return Canvas(height, (ImageBox((width - across) / 2, (height - up) / 2, across, up, image),))


def _sentence_cell(sentence: str, colors: ThemeColors, width: float, height: float) -> Canvas:
    style = TextStyle(24, colors.faint)
    text = paragraph(wrap(sentence, style, 0.8 * width), style, 0, width, align=0.5)
    return move(text, 0, (height - text.height) / 2)._replace(height=height)


def _decoded(label: str, content: bytes) -> Image.Image:
    """Return the image of a PNG file, which a browser sent and which may be anything.

    Raises:
        ValueError: it cannot be read or is too large.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height <= MAX_PIXELS:
                return image.convert("RGBA")
            reason = f"it has {image.width} x {image.height} pixels, more than {MAX_PIXELS}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error)
    raise ValueError(f"the picture of {label} cannot be read as PNG: {reason}")


def _color_bar(comparison: Comparison, value_range: Range) -> Canvas:
    """Return the one color bar of all surfaces, with its title above and its ticks below."""
    colors = comparison.theme_colors
    left, style = (CONTENT_WIDTH - BAR_WIDTH) / 2, TextStyle(22, colors.text)
    text = f"{comparison.metric_title} ({value_range.unit})"
    title = paragraph(wrap(text, style, CONTENT_WIDTH), style, 0, CONTENT_WIDTH, align=0.5)
    low, high = value_range.ends
    positions = [left + BAR_WIDTH * (float(value) - low) / (high - low) for value in value_range.ticks["tickvals"]]
    ticks = tuple(Rectangle(position - 0.75, BAR_HEIGHT, 1.5, 6, colors.faint) for position in positions)
    bar = Canvas(BAR_HEIGHT + 6, (ColorBar(left, 0, BAR_WIDTH, BAR_HEIGHT, SURFACE_COLORSCALE), *ticks))
    labels = _tick_labels(positions, list(map(str, value_range.ticks["ticktext"])), TextStyle(20, colors.text))
    return stack([title, Canvas(6, ()), bar, labels])


def _tick_labels(positions: Sequence[float], texts: Sequence[str], style: TextStyle) -> Canvas:
    lines = [paragraph([text], style, position, 0, 0.5) for position, text in zip(positions, texts, strict=True)]
    return Canvas(style.line_height, tuple(element for line in lines for element in line.elements))


def _notes(comparison: Comparison) -> list[str]:
    """Return the notes below the surfaces; a surface that is not drawn has a sentence in its cell instead."""
    drawn = {k: one for k, one in comparison.results.items() if nothing_to_draw(one, comparison.metric) is None}
    missing = [f"{label}: {note}" for label, surface in drawn.items() if (note := missing_note(surface))]
    value_range = comparison.value_range
    return missing + ([value_range.note] if value_range is not None and value_range.note else [])


def _sentences(sentences: Sequence[str], style: TextStyle) -> Canvas:
    lines = [line for sentence in sentences for line in wrap(sentence, style, CONTENT_WIDTH)]
    return paragraph(lines, style, 0, CONTENT_WIDTH)
