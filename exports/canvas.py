"""A sheet: words, pictures, lines and bars at their places, in units that any scale turns into pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from normscape.exports.typography import BASELINE, Type, width_of, write


class Words(NamedTuple):
    """One line of text."""

    left: float
    top: float
    text: str
    type: Type

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        width = width_of(self.text, self.type)
        return self.left, self.top, self.left + width, self.top + self.type.line


class Picture(NamedTuple):
    """An image in a room that has its aspect."""

    left: float
    top: float
    width: float
    height: float
    image: Image.Image


class Block(NamedTuple):
    """A rectangle of one colour."""

    left: float
    top: float
    width: float
    height: float
    colour: str


class Bar(NamedTuple):
    """A map of colours, from its low end on the left to its high end on the right."""

    left: float
    top: float
    width: float
    height: float
    scale: str  # of plotly's colour scales


Mark = Words | Picture | Block | Bar


class Sheet(NamedTuple):
    """Marks, and the height that they take."""

    height: float
    marks: tuple[Mark, ...]


def stacked(sheets: Iterable[Sheet], gap: float = 0) -> Sheet:
    """Put sheets below each other, with a gap between them; those of no height take none."""
    top, marks = 0.0, list[Mark]()
    for sheet in sheets:
        if sheet.height:
            marks += moved(sheet, 0, top).marks
            top += sheet.height + gap
    return Sheet(max(0.0, top - gap), tuple(marks))


def moved(sheet: Sheet, right: float, down: float) -> Sheet:
    """Return a sheet with all its marks elsewhere."""
    return sheet._replace(marks=tuple(m._replace(left=m.left + right, top=m.top + down) for m in sheet.marks))


def paragraph(lines: Iterable[str], type: Type, left: float, room: float, align: float = 0) -> Sheet:
    """Set lines below each other.

    Args:
        lines: of text.
        type: how they look.
        left: where their room begins.
        room: its width.
        align: the share of what a line leaves free that stands on its left: 0, 0.5 or 1.
    """
    placed = [
        Words(left + align * (room - width_of(line, type)), row * type.line, line, type)
        for row, line in enumerate(lines)
    ]
    return Sheet(type.line * len(placed), tuple(placed))


def drawn(sheet: Sheet, width: float, scale: float, ground: str) -> Image.Image:
    """Draw a sheet.

    Args:
        sheet: what is drawn.
        width: of the sheet, in its units.
        scale: pixels of a unit.
        ground: the colour of everything that is free.
    """
    image = Image.new("RGB", (round(width * scale), round(sheet.height * scale)), ground)
    for mark in sheet.marks:
        _draw(image, mark, scale)
    return image


def _draw(image: Image.Image, mark: Mark, scale: float) -> None:
    if isinstance(mark, Words):
        type = mark.type._replace(size=mark.type.size * scale)
        write(image, mark.left * scale, mark.top * scale + BASELINE * type.size, mark.text, type)
        return
    left, top, right, bottom = _pixels(mark, scale)
    if isinstance(mark, Block):
        image.paste(mark.colour, (left, top, right, bottom))
        return
    if isinstance(mark, Bar):
        image.paste(_gradient(mark.scale, right - left).resize((right - left, bottom - top)), (left, top))
        return
    fitted = mark.image.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    image.paste(fitted, (left, top), fitted)


def _pixels(mark: Picture | Block | Bar, scale: float) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a mark; equal lines are equally thick, and a pixel at least."""
    left, top = round(mark.left * scale), round(mark.top * scale)
    return left, top, left + max(1, round(mark.width * scale)), top + max(1, round(mark.height * scale))


def _gradient(scale: str, length: int) -> Image.Image:
    colours = [unlabel_rgb(colour) for colour in sample_colorscale(scale, np.linspace(0, 1, length))]
    return Image.fromarray(np.array([colours]).round().astype(np.uint8))
