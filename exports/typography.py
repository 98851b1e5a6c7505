"""Text on pictures, in bundled fonts: width, line breaks, and drawing at any size."""

from __future__ import annotations

import functools
import itertools
import math
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from normscape.figures.style.notation import FORMULA, plain, split_subscripts

FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD, FALLBACK = "SourceSans3-Regular.ttf", "SourceSans3-Semibold.ttf", "KaTeX_Main-Regular.ttf"

FROM_FALLBACK = frozenset("∇")
"""Characters that pictures need and Source Sans lacks."""

LINE_HEIGHT = 1.3
"""Height of a line, in font sizes."""

BASELINE = 0.98
"""Distance from the top of a line to its baseline, in font sizes: ascender of Source Sans and half the leading."""

SUBSCRIPT_DROP, SUBSCRIPT_SIZE = 0.16, 0.72
"""Distance of a subscript below the baseline, and its size, in font sizes."""

_WORD = re.compile(rf"(?:{FORMULA.pattern}|\S|\N{{NO-BREAK SPACE}})+")
"""A formula stays on one line with what adjoins it, whatever spaces it has."""

_MEASURED_SIZE = 256
_SUPERSAMPLING = 4


class TextStyle(NamedTuple):
    """Size, color and weight of text."""

    size: float  # of the em, pixels
    color: str
    bold: bool = False

    @property
    def line_height(self) -> float:
        """The height of a line, pixels."""
        return LINE_HEIGHT * self.size


def text_width(text: str, style: TextStyle) -> float:
    """Return the width of a line, in the units of its font size.

    Text is always measured at one size, so that the width is proportional to the size and lines break alike at every
    scale.
    """
    return sum(_length(run, _MEASURED_SIZE) for run in _runs(text, style.bold)) * style.size / _MEASURED_SIZE


def wrap(text: str, style: TextStyle, width: float) -> list[str]:
    """Break text into lines that are at most `width` wide; a word that is wider itself is broken too."""
    lines = [""]
    for word in (match[0] for match in _WORD.finditer(text)):
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, style) <= width:
            lines[-1] = longer
            continue
        lines += _broken(word, style, width)
    return [line for line in lines if line]


def draw_text(image: Image.Image, left: float, baseline: float, text: str, style: TextStyle) -> None:
    """Draw one line of text into an image with subpixel precision.

    The text is drawn larger and reduced: at its own size a font rounds the width of every letter to pixels, so that the
    length of a line would not be proportional to the scale.
    """
    x, y = math.floor(left), math.floor(baseline - 1.2 * style.size)  # space for letters that rise above the line
    # letters of a small font are rounded to pixels, so a long line is wider than `text_width`
    runs, font_size = _runs(text, style.bold), style.size * _SUPERSAMPLING
    drawn = sum(_length(run, font_size) for run in runs) / _SUPERSAMPLING
    size = (math.ceil(left - x + drawn + 0.3 * style.size), math.ceil(1.8 * style.size))
    mask = Image.new("L", (size[0] * _SUPERSAMPLING, size[1] * _SUPERSAMPLING))
    draw, pen = ImageDraw.Draw(mask), (left - x) * _SUPERSAMPLING
    for run in runs:
        line = baseline - y + (SUBSCRIPT_DROP * style.size if run.subscript else 0)
        draw.text((pen, line * _SUPERSAMPLING), run.text, fill=255, font=run.at(font_size), anchor="ls")
        pen += _length(run, font_size)
    image.paste(style.color, (x, y), mask.reduce(_SUPERSAMPLING))


def _broken(word: str, style: TextStyle, width: float) -> list[str]:
    if text_width(word, style) <= width:
        return [word]
    chunks = [""]
    for letter in plain(word):
        if chunks[-1] and text_width(chunks[-1] + letter, style) > width:
            chunks.append("")
        chunks[-1] += letter
    return chunks


class _Run(NamedTuple):
    """A piece of text in one font."""

    text: str
    font: str
    subscript: bool

    def at(self, size: float) -> ImageFont.FreeTypeFont:
        """Return the font of this run in text of a given size."""
        return _font(self.font, size * (SUBSCRIPT_SIZE if self.subscript else 1))


def _runs(text: str, bold: bool) -> list[_Run]:
    """Split text into runs of one font each."""
    own = BOLD if bold else REGULAR
    return [
        _Run("".join(letters), name, subscript)
        for piece, subscript in split_subscripts(text)
        for name, letters in itertools.groupby(piece, lambda letter: FALLBACK if letter in FROM_FALLBACK else own)
    ]


def _length(run: _Run, size: float) -> float:
    return run.at(size).getlength(run.text)


@functools.lru_cache(maxsize=64)
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """Return a font with the basic layout engine, since Raqm is not installed everywhere and would change widths."""
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
