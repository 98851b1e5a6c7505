"""Key numbers of compared networks as a table: a row for each network, a column for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from normscape.exports.canvas import Canvas, Rectangle, move, paragraph, stack
from normscape.exports.typography import TextStyle, text_width, wrap
from normscape.figures.style.palette import ThemeColors

Facts = Mapping[str, Mapping[str, str]]

MISSING = "n/a"
MAX_WIDTH, MAX_LABEL_WIDTH = 300, 380  # of text in a column; longer text is wrapped
GAP = 28  # between columns
PADDING = 4  # above and below the text of a row
SWATCH, INSET = 14, 26  # a square in the network's color, and the left edge of its name, which has the text color


class _Columns(NamedTuple):
    """Widths of a table and its columns, and the colors of its text."""

    total: float
    first: float
    other: float
    theme_colors: ThemeColors

    def left(self, index: int) -> float:
        """Return the left edge of the text of a column."""
        return self.first + (index - 1) * self.other if index else INSET

    def width(self, index: int) -> float:
        """Return the width of the text of a column."""
        return (self.other if index else self.first - INSET) - GAP

    @property
    def name_style(self) -> TextStyle:
        """The style of the names of numbers."""
        return TextStyle(20, self.theme_colors.faint)


def facts_table(facts: Facts, colors: Mapping[str, str], theme_colors: ThemeColors, width: float) -> Canvas:
    """Return facts as a table of a given width; columns that do not fit continue in a further table below.

    Args:
        facts: values by label and then by name; missing ones are "n/a".
        colors: by label.
        theme_colors: of text and lines.
        width: of the table.
    """
    names = list(dict.fromkeys(name for own in facts.values() for name in own))
    if not names:
        return Canvas(0, ())
    first = (
        INSET + min(MAX_LABEL_WIDTH, max(text_width(label, _style(theme_colors, bold=True)) for label in facts)) + GAP
    )
    widest = min(MAX_WIDTH, max(_needed(name, facts, theme_colors) for name in names)) + GAP
    tables = -(-len(names) // max(1, int((width - first) // widest)))
    count = -(-len(names) // tables)
    columns = _Columns(width, first, (width - first) / count, theme_colors)
    groups = [names[start : start + count] for start in range(0, len(names), count)]
    return stack([_table(group, facts, colors, columns) for group in groups], gap=24)


def _style(theme_colors: ThemeColors, *, bold: bool = False) -> TextStyle:
    return TextStyle(22, theme_colors.text, bold)


def _needed(name: str, facts: Facts, theme_colors: ThemeColors) -> float:
    """Return the width of a column: values on one line, the name on two if it is longer."""
    values = (text_width(own.get(name, MISSING), _style(theme_colors)) for own in facts.values())
    return max(0.6 * text_width(name, _style(theme_colors)), *values)


def _table(names: Sequence[str], facts: Facts, colors: Mapping[str, str], columns: _Columns) -> Canvas:
    line = Canvas(1.5, (Rectangle(0, 0, columns.total, 1.5, columns.theme_colors.grid),))
    space = Canvas(PADDING, ())
    rows = [
        _row(label, [own.get(name, MISSING) for name in names], colors[label], columns) for label, own in facts.items()
    ]
    return stack([line, space, _head(names, columns), space, line, space, *rows, space, line])


def _head(names: Sequence[str], columns: _Columns) -> Canvas:
    """Return the row of the names of the numbers, aligned at the bottom."""
    cells = [_cell(name, columns.name_style, index, columns) for index, name in enumerate(names, 1)]
    height = max(cell.height for cell in cells)
    return _beside([move(cell, 0, height - cell.height) for cell in cells], height)


def _row(label: str, values: Sequence[str], color: str, columns: _Columns) -> Canvas:
    """Return the row of one network: color, name and numbers."""
    name, number = _style(columns.theme_colors, bold=True), _style(columns.theme_colors)
    cells = [_cell(label, name, 0, columns)]
    cells += [_cell(value, number, index, columns) for index, value in enumerate(values, 1)]
    swatch = Canvas(SWATCH, (Rectangle(0, (name.line_height - SWATCH) / 2, SWATCH, SWATCH, color),))
    return _beside([swatch, *cells], max(cell.height for cell in cells))


def _cell(text: str, style: TextStyle, index: int, columns: _Columns) -> Canvas:
    width = columns.width(index)
    return paragraph(wrap(text, style, width), style, columns.left(index), width)


def _beside(cells: Sequence[Canvas], height: float) -> Canvas:
    """Return cells as one row of a given height, with padding."""
    elements = tuple(element for cell in cells for element in cell.elements)
    return move(Canvas(height, elements), 0, PADDING)._replace(height=height + 2 * PADDING)
