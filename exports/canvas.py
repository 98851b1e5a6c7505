"""A canvas: text, images, rectangles and color bars at positions in units that any scale turns into pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from normscape.exports.typography import BASELINE, TextStyle, draw_text, text_width


class TextLine(NamedTuple):
    """One line of text."""

    left: float
    top: float
    text: str
    style: TextStyle

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        width = text_width(self.text, self.style)
        return self.left, self.top, self.left + width, self.top + self.style.line_height


class ImageBox(NamedTuple):
    """An image, scaled to a box of the same aspect ratio."""

    left: float
    top: float
    width: float
    height: float
    image: Image.Image


class Rectangle(NamedTuple):
    """A rectangle of one color."""

    left: float
    top: float
    width: float
    height: float
    color: str


class ColorBar(NamedTuple):
    """A color scale, with its low end on the left."""

    left: float
    top: float
    width: float
    height: float
    colorscale: str  # a name that Plotly knows


Element = TextLine | ImageBox | Rectangle | ColorBar


class Canvas(NamedTuple):
    """Elements, and the height that they occupy."""

    height: float
    elements: tuple[Element, ...]


def stack(canvases: Iterable[Canvas], gap: float = 0) -> Canvas:
    """Place canvases below each other with a gap between them; a canvas of height 0 is skipped."""
    top, elements = 0.0, list[Element]()
    for canvas in canvases:
        if canvas.height:
            elements += move(canvas, 0, top).elements
            top += canvas.height + gap
    return Canvas(max(0.0, top - gap), tuple(elements))


def move(canvas: Canvas, right: float, down: float) -> Canvas:
    """Return a canvas with all its elements moved."""
    moved = tuple(one._replace(left=one.left + right, top=one.top + down) for one in canvas.elements)
    return canvas._replace(elements=moved)


def paragraph(lines: Iterable[str], style: TextStyle, left: float, width: float, align: float = 0) -> Canvas:
    """Place lines of text below each other.

    Args:
        lines: of text.
        style: of all lines.
        left: the left edge of the column.
        width: of the column.
        align: 0 for left-aligned lines, 0.5 for centered ones, 1 for right-aligned ones.
    """
    placed = [
        TextLine(left + align * (width - text_width(line, style)), row * style.line_height, line, style)
        for row, line in enumerate(lines)
    ]
    return Canvas(style.line_height * len(placed), tuple(placed))


def render(canvas: Canvas, width: float, scale: float, background: str) -> Image.Image:
    """Draw a canvas as an image.

    Args:
        canvas: with its elements.
        width: of the canvas, in its units.
        scale: pixels per unit.
        background: color behind the elements.
    """
    image = Image.new("RGB", (round(width * scale), round(canvas.height * scale)), background)
    for element in canvas.elements:
        _draw(image, element, scale)
    return image


def _draw(image: Image.Image, element: Element, scale: float) -> None:
    if isinstance(element, TextLine):
        style = element.style._replace(size=element.style.size * scale)
        baseline = element.top * scale + BASELINE * style.size
        draw_text(image, element.left * scale, baseline, element.text, style)
        return
    left, top, right, bottom = _pixels(element, scale)
    if isinstance(element, Rectangle):
        image.paste(element.color, (left, top, right, bottom))
        return
    if isinstance(element, ColorBar):
        image.paste(_gradient(element.colorscale, right - left).resize((right - left, bottom - top)), (left, top))
        return
    fitted = element.image.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    image.paste(fitted, (left, top), fitted)


def _pixels(element: ImageBox | Rectangle | ColorBar, scale: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of an element; equal lines are equally thick, and at least a pixel."""
    left, top = round(element.left * scale), round(element.top * scale)
    return left, top, left + max(1, round(element.width * scale)), top + max(1, round(element.height * scale))


def _gradient(colorscale: str, length: int) -> Image.Image:
    colors = [unlabel_rgb(color) for color in sample_colorscale(colorscale, np.linspace(0, 1, length))]
    return Image.fromarray(np.array([colors]).round().astype(np.uint8))
