"""The surfaces of a picture: cells of one size in rows, each below its label."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from normscape.exports.canvas import Canvas, ImageBox, move, paragraph, stack
from normscape.exports.typography import TextStyle, wrap
from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import ThemeColors
from normscape.figures.surface.notes import nothing_to_draw

CANVAS_WIDTH = 1920
"""The width of a picture in the units of all lengths here; a slide of 13.3 inches has as many pixels, so 20 units are
10 points on it."""

MARGIN = 72
CONTENT_WIDTH = CANVAS_WIDTH - 2 * MARGIN
MAX_COLUMNS = 4
GAP = 24
MAX_CELL_HEIGHT = 620  # so that one surface does not fill a slide alone
NO_RENDER = "No picture."

Images = Mapping[str, Image.Image]


def surface_grid(
    images: Images,
    comparison: Comparison,
    *,
    columns: int | None = None,
    max_height: float = MAX_CELL_HEIGHT,
) -> Canvas:
    """Return all surfaces in rows of equal length, in cells of one size, each below its label."""
    labels = list(comparison.results)
    columns = columns or -(-len(labels) // -(-len(labels) // MAX_COLUMNS))
    width = cell_width(columns)
    height = min(max_height, width * aspect_of(images))
    cells = {label: _cell(comparison, label, images.get(label), width, height) for label in labels}
    rows = [labels[start : start + columns] for start in range(0, len(labels), columns)]
    return stack([_row(comparison, {label: cells[label] for label in row}, width) for row in rows], gap=GAP)


def _row(comparison: Comparison, cells: Mapping[str, Canvas], width: float) -> Canvas:
    """Return cells side by side, centered, with their labels above them on the same line."""
    styles = {label: label_style(comparison, label) for label in cells}
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


def columns_for(count: int) -> list[int]:
    """Return the numbers of columns that leave no row empty."""
    return [
        columns for columns in range(1, min(count, MAX_COLUMNS) + 1) if columns == -(-count // -(-count // columns))
    ]


def cell_height(comparison: Comparison, images: Images, columns: int, available: float) -> float:
    """Return the height of a cell if all rows with their labels share the available height."""
    rows = -(-len(comparison.results) // columns)
    lowest = surface_grid(images, comparison, columns=columns, max_height=1).height
    return (available - lowest) / rows + 1


def drawn_width(images: Images, columns: int, height: float) -> float:
    """Return how wide a surface is drawn in a cell of a grid."""
    return min(cell_width(columns), height / aspect_of(images))


def aspect_of(images: Images) -> float:
    """Return the height of a cell as a share of its width, so that no image is cut."""
    return max((image.height / image.width for image in images.values()), default=0.7)


def cell_width(columns: int) -> float:
    """Return the width of a cell of a row."""
    return (CONTENT_WIDTH - GAP * (columns - 1)) / columns


def label_style(comparison: Comparison, label: str) -> TextStyle:
    """Return the style of a network's label, in its color."""
    return TextStyle(30, comparison.color(label) or comparison.theme_colors.text, bold=True)
