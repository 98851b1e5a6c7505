"""Key numbers of compared networks as a table: a row for each network, a column for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from normscape.exports.canvas import Block, Sheet, moved, paragraph, stacked
from normscape.exports.typography import Type, width_of, wrapped
from normscape.figures.style.template import Ink

Facts = Mapping[str, Mapping[str, str]]

MISSING = "n/a"
WIDEST, WIDEST_LABEL = 300, 380  # of words in a column; what is longer goes on in the next line
GAP = 28  # between columns
PADDING = 4  # above and below the words of a row
DOT, INSET = 14, 26  # a square in the network's colour, and where its name begins: small words are easier read in ink


class _Columns(NamedTuple):
    """How wide a table and its columns are, and the inks."""

    room: float
    first: float
    other: float
    ink: Ink

    def left(self, place: int) -> float:
        """Return where the words of a column begin."""
        return self.first + (place - 1) * self.other if place else INSET

    def width(self, place: int) -> float:
        """Return how wide the words of a column may be."""
        return (self.other if place else self.first - INSET) - GAP

    @property
    def names(self) -> Type:
        """How the names of numbers look."""
        return Type(20, self.ink.faint)


def facts_table(facts: Facts, colours: Mapping[str, str], ink: Ink, room: float) -> Sheet:
    """Set facts as a table that is as wide as its room; columns that do not fit continue in a further table below.

    Args:
        facts: values by label and then by name; a label that lacks one has "n/a".
        colours: the colour of each label.
        ink: of everything else.
        room: the width.
    """
    names = list(dict.fromkeys(name for own in facts.values() for name in own))
    if not names:
        return Sheet(0, ())
    first = INSET + min(WIDEST_LABEL, max(width_of(label, _words(ink, bold=True)) for label in facts)) + GAP
    widest = min(WIDEST, max(_needed(name, facts, ink) for name in names)) + GAP
    tables = -(-len(names) // max(1, int((room - first) // widest)))
    count = -(-len(names) // tables)
    columns = _Columns(room, first, (room - first) / count, ink)
    parts = [names[start : start + count] for start in range(0, len(names), count)]
    return stacked([_table(part, facts, colours, columns) for part in parts], gap=24)


def _words(ink: Ink, *, bold: bool = False) -> Type:
    return Type(22, ink.text, bold)


def _needed(name: str, facts: Facts, ink: Ink) -> float:
    """Return the width of a column: its values on one line, its name on two where that is shorter."""
    values = (width_of(own.get(name, MISSING), _words(ink)) for own in facts.values())
    return max(0.6 * width_of(name, _words(ink)), *values)


def _table(names: Sequence[str], facts: Facts, colours: Mapping[str, str], columns: _Columns) -> Sheet:
    line = Sheet(1.5, (Block(0, 0, columns.room, 1.5, columns.ink.grid),))
    space = Sheet(PADDING, ())
    rows = [
        _row(label, [own.get(name, MISSING) for name in names], colours[label], columns) for label, own in facts.items()
    ]
    return stacked([line, space, _head(names, columns), space, line, space, *rows, space, line])


def _head(names: Sequence[str], columns: _Columns) -> Sheet:
    """Return the names of the numbers, which stand on one line."""
    cells = [_cell(name, columns.names, place, columns) for place, name in enumerate(names, 1)]
    height = max(cell.height for cell in cells)
    return _beside([moved(cell, 0, height - cell.height) for cell in cells], height)


def _row(label: str, values: Sequence[str], colour: str, columns: _Columns) -> Sheet:
    """Return a network's square, its name and its numbers."""
    name = _words(columns.ink, bold=True)
    cells = [_cell(label, name, 0, columns)]
    cells += [_cell(value, _words(columns.ink), place, columns) for place, value in enumerate(values, 1)]
    dot = Sheet(DOT, (Block(0, (name.line - DOT) / 2, DOT, DOT, colour),))
    return _beside([dot, *cells], max(cell.height for cell in cells))


def _cell(text: str, type: Type, place: int, columns: _Columns) -> Sheet:
    return paragraph(wrapped(text, type, columns.width(place)), type, columns.left(place), columns.width(place))


def _beside(cells: Sequence[Sheet], height: float) -> Sheet:
    marks = tuple(mark for cell in cells for mark in cell.marks)
    return moved(Sheet(height, marks), 0, PADDING)._replace(height=height + 2 * PADDING)
