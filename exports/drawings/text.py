"""Text of drawings: the markup of plotly.js as matplotlib writes it, headings and footers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from normscape.exports.drawings.file import BOLD_FAMILY
from normscape.exports.typography import TextStyle, wrap
from normscape.figures.style.palette import THEMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = THEMES["light"]
TITLE_SIZE, FOOTER_SIZE = 14.0, 7.5  # points
MARGIN = 0.2  # inches

_SCRIPT = re.compile(r"<(sub|sup)>(.*?)</\1>")
_LINE_HEIGHT = 1.35  # of a line of text, in font sizes
_POINTS = 72  # per inch


def mathtext(text: object) -> str:
    """Return a text of plotly.js for matplotlib: line breaks, and subscripts and superscripts as formulas."""
    lines = str(text).replace("$", r"\$").replace("<br>", "\n")
    return re.sub(r"</?\w+>", "", _SCRIPT.sub(_script, lines))


def add_heading(figure: Figure, title: str) -> float:
    """Write the title at the top left and the project's name at the top right; return their height in inches."""
    width, height = figure.get_size_inches()
    across, top = MARGIN / width, 1 - MARGIN / height
    name_width = 0.9
    style = TextStyle(TITLE_SIZE / _POINTS, COLORS.text, bold=True)
    lines = wrap(title, style, width - 2 * MARGIN - name_width)
    bold: Any = {"fontfamily": list(BOLD_FAMILY), "va": "top"}
    figure.text(across, top, "\n".join(lines), fontsize=TITLE_SIZE, color=COLORS.text, linespacing=1.15, **bold)
    figure.text(1 - across, top, "Normscape", fontsize=9, color=COLORS.faint, ha="right", **bold)
    return MARGIN + len(lines) * _LINE_HEIGHT * TITLE_SIZE / _POINTS


def add_footer(figure: Figure, sentences: Sequence[str]) -> float:
    """Write sentences in small type at the bottom, broken to the width; return their height in inches."""
    width, height = figure.get_size_inches()
    style = TextStyle(FOOTER_SIZE / _POINTS, COLORS.faint)
    lines = [line for sentence in sentences for line in wrap(sentence, style, width - 2 * MARGIN)]
    figure.text(
        MARGIN / width, MARGIN / height, "\n".join(lines), va="bottom", fontsize=FOOTER_SIZE, color=COLORS.faint
    )
    return MARGIN + len(lines) * _LINE_HEIGHT * FOOTER_SIZE / _POINTS


def _script(match: re.Match[str]) -> str:
    mark = "_" if match[1] == "sub" else "^"
    content = re.sub(r"([%#&{}_^])", r"\\\1", match[2]).replace(" ", r"\ ")
    return rf"${mark}{{{content}}}$"
