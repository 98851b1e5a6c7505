"""Compared surfaces as one PNG picture: rendered by the browser, composed here with all that a reader must know."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from normscape.exports.canvas import Canvas, ColorBar, Rectangle, move, paragraph, render, stack
from normscape.exports.formats.number_table import facts_table
from normscape.exports.metadata import MAX_CHUNKS, has_many_chunks, png_metadata
from normscape.exports.surface_grid import (
    CANVAS_WIDTH,
    CONTENT_WIDTH,
    MARGIN,
    Images,
    cell_height,
    columns_for,
    drawn_width,
    label_style,
    surface_grid,
)
from normscape.exports.typography import TextStyle, text_width, wrap
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.surface.notes import missing_note, nothing_to_draw

if TYPE_CHECKING:
    from normscape.figures.style.scales import Range
    from normscape.specs import Display, Experiment

MAX_SURFACES = 8
MIN_WIDTH, MAX_WIDTH = 1200, 4096
MAX_PIXELS = 2**23
"""Of a render from the browser: as many as a 4K screen has, so that eight take a quarter of a GiB."""

MIN_CELL_HEIGHT = 200
TOP, BOTTOM, BLOCK_GAP = 56, 48, 40
WIDE_TOP, WIDE_BOTTOM, WIDE_GAP = 44, 40, 26
"""The same in a picture that is wider than high, whose surfaces need the height."""
SHAPES: Mapping[str, float] = {"16:9": 9 / 16, "square": 1.0}
"""Height of a picture as a share of its width, by the name of its shape; in any other shape, its content decides."""

BAR_WIDTH, BAR_HEIGHT, BAR_GAP = 760, 14, 28

Facts = Mapping[str, Mapping[str, str]]


def picture_png(
    renders: Mapping[str, bytes],
    comparison: Comparison,
    source: tuple[Experiment, Display] | None = None,
    *,
    facts: Facts,
    summary: str = "",
    caption: str,
    width: int = CANVAS_WIDTH,
    shape: str = "",
) -> bytes:
    """Return surfaces side by side as one PNG file, with the experiment in its metadata (`read_experiment`).

    Equal input gives equal bytes. Everything scales with the width.

    Args:
        renders: the surfaces as PNG files, by label: transparent, all in the same style, without title or color bar.
        comparison: the surfaces, in the order of the picture; one without a render has a sentence in its cell.
        source: the experiment, and metric, scale and camera of the renders; None for surfaces from elsewhere.
        facts: key numbers by label and then by name; may be empty.
        summary: what the numbers say, below the title, in lines; may be empty.
        caption: one line on how the surfaces were measured, at the bottom.
        width: pixels, 1200 to 4096; by default that of a slide.
        shape: a key of `SHAPES`, which the picture then has exactly; empty for a height that follows from the content.

    Raises:
        ValueError: the width is out of range, the shape is unknown, there are no or too many surfaces, or a render
            belongs to none of them or cannot be read.
    """
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        raise ValueError(f"width is {width}; a picture can be {MIN_WIDTH} to {MAX_WIDTH} pixels wide")
    if shape and shape not in SHAPES:
        raise ValueError(f"shape is {shape!r}; it must be one of {', '.join(SHAPES)}, or empty")
    height = CANVAS_WIDTH * SHAPES[shape] if shape else None
    canvas = layout(renders, comparison, facts=facts, summary=summary, caption=caption, height=height)
    image = render(canvas, CANVAS_WIDTH, width / CANVAS_WIDTH, comparison.theme_colors.background)
    title = f"Normscape: {comparison.title}"
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=png_metadata(source, title=title, description=caption))
    return buffer.getvalue()


def layout(
    renders: Mapping[str, bytes],
    comparison: Comparison,
    *,
    facts: Facts,
    summary: str = "",
    caption: str,
    height: float | None = None,
) -> Canvas:
    """Return all elements of a picture, `CANVAS_WIDTH` wide; arguments and exceptions are those of `picture_png`.

    With a height, surfaces are as large as it admits, and what remains is shared between top and bottom. If the text
    alone is too high for it, the key numbers are left out.
    """
    surfaces, colors = comparison.results, comparison.theme_colors
    if not 1 <= len(surfaces) <= MAX_SURFACES:
        raise ValueError(f"a picture shows 1 to {MAX_SURFACES} surfaces, not {len(surfaces)}")
    if foreign := [label for label in renders if label not in surfaces]:
        raise ValueError(f"there are pictures of {', '.join(foreign)}, which are not among the surfaces")
    images = _without_margins({label: _decoded(label, content) for label, content in renders.items()})
    label_colors = {label: label_style(comparison, label).color for label in facts}
    bar, wide = Canvas(0, ()), height is not None and height < CANVAS_WIDTH
    if comparison.color_range is not None:
        bar = _color_bar(comparison, comparison.color_range, beside=wide)
    below = [
        bar,
        _sentences(_notes(comparison), TextStyle(21, colors.faint)),
        facts_table(facts, label_colors, colors, CONTENT_WIDTH),
        _sentences([caption], TextStyle(21, colors.faint)),
    ]
    header = _header(comparison, summary)
    if height is None:
        content = stack([header, surface_grid(images, comparison), *below], gap=BLOCK_GAP)
        return move(content, MARGIN, TOP)._replace(height=content.height + TOP + BOTTOM)
    top, bottom, gap = (WIDE_TOP, WIDE_BOTTOM, WIDE_GAP) if wide else (TOP, BOTTOM, BLOCK_GAP)
    available = height - top - bottom
    content = _of_height(header, images, comparison, below, available, gap)
    return move(content, MARGIN, top + max(0.0, available - content.height) / 2)._replace(height=height)


def _of_height(
    header: Canvas, images: Images, comparison: Comparison, below: list[Canvas], height: float, gap: float
) -> Canvas:
    """Return the content with the largest surfaces that fit a height, without the key numbers where they must go."""
    count = len(comparison.results)
    for blocks in (below, [*below[:2], below[3]]):
        texts = stack([header, *blocks], gap=gap).height + gap
        shapes = [(columns, cell_height(comparison, images, columns, height - texts)) for columns in columns_for(count)]
        columns, cell = max(shapes, key=lambda shape: drawn_width(images, *shape))
        if cell >= MIN_CELL_HEIGHT:
            break
    grid = surface_grid(images, comparison, columns=columns, max_height=max(cell, 1.0))
    return stack([header, grid, *blocks], gap=gap)


def _header(comparison: Comparison, summary: str) -> Canvas:
    """Return the title, with the project's name at the right end of its line, and the summary below."""
    colors = comparison.theme_colors
    project, title = TextStyle(28, colors.faint, bold=True), TextStyle(52, colors.text, bold=True)
    lines = wrap(comparison.title, title, CONTENT_WIDTH - text_width("Normscape", project) - 48)
    text = paragraph(lines, title, 0, CONTENT_WIDTH)
    name = paragraph(["Normscape"], project, 0, CONTENT_WIDTH, align=1)
    on_baseline = move(name, 0, 0.98 * (title.size - project.size))
    first = text._replace(elements=text.elements + on_baseline.elements)
    if not summary:
        return first
    claim, *rest = summary.split("\n")
    heading = _sentences([claim], TextStyle(26, colors.text, bold=True))
    return stack([first, stack([heading, _sentences(rest, TextStyle(26, colors.text))])], gap=12)


def _without_margins(images: Images) -> dict[str, Image.Image]:
    """Return renders without the margins that are transparent in all of them, so that surfaces are drawn larger."""
    boxes = [box for image in images.values() if (box := image.getchannel("A").getbbox()) is not None]
    if not boxes or len({image.size for image in images.values()}) > 1:
        return dict(images)
    left, top, right, bottom = zip(*boxes, strict=True)
    box = (min(left), min(top), max(right), max(bottom))
    return {label: image.crop(box) for label, image in images.items()}


def _decoded(label: str, content: bytes) -> Image.Image:
    """Return the image of a PNG file, which a browser sent and which may be anything.

    Raises:
        ValueError: it cannot be read or is too large.
    """
    try:
        if has_many_chunks(content):
            raise ValueError(f"it has more than {MAX_CHUNKS - 1:,} chunks")
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height <= MAX_PIXELS:
                return image.convert("RGBA")
            reason = f"it has {image.width} × {image.height} pixels, more than {MAX_PIXELS}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error)
    raise ValueError(f"the picture of {label} cannot be read as PNG: {reason}")


def _color_bar(comparison: Comparison, color_range: Range, *, beside: bool = False) -> Canvas:
    """Return the one color bar of all surfaces, with its ticks below.

    Args:
        comparison: the surfaces.
        color_range: of their colors.
        beside: whether its title is to its left if there is room, which leaves more height to the surfaces, or above.
    """
    colors = comparison.theme_colors
    left, style = (CONTENT_WIDTH - BAR_WIDTH) / 2, TextStyle(22, colors.text)
    text = f"{comparison.metric_title} · {color_range.unit}"
    title = paragraph(wrap(text, style, CONTENT_WIDTH), style, 0, CONTENT_WIDTH, align=0.5)
    whole = text_width(text, style) + BAR_GAP + BAR_WIDTH
    if beside := beside and whole <= CONTENT_WIDTH:
        start = (CONTENT_WIDTH - whole) / 2
        left = start + whole - BAR_WIDTH
        title = move(paragraph([text], style, start, whole), 0, (BAR_HEIGHT - style.line_height) / 2)
    low, high = color_range.ends
    positions = [left + BAR_WIDTH * (float(value) - low) / (high - low) for value in color_range.ticks["tickvals"]]
    ticks = tuple(Rectangle(position - 0.75, BAR_HEIGHT, 1.5, 6, colors.faint) for position in positions)
    bar = Canvas(BAR_HEIGHT + 6, (ColorBar(left, 0, BAR_WIDTH, BAR_HEIGHT, SURFACE_COLORSCALE), *ticks))
    labels = _tick_labels(positions, list(map(str, color_range.ticks["ticktext"])), TextStyle(20, colors.text))
    if not beside:
        return stack([title, Canvas(6, ()), bar, labels])
    below = stack([bar, labels])
    return below._replace(elements=title.elements + below.elements)


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
