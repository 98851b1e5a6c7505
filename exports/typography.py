"""Words on pictures, in fonts that travel with the app: how wide they are, where lines break, and drawn at any size."""

from __future__ import annotations

import functools
import itertools
import math
import re
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from normscape.figures.style.notation import FORMULA, plain, split_subscripts

_FONTS = Path(__file__).parent / "fonts"
REGULAR, BOLD, FALLBACK = "SourceSans3-Regular.woff2", "SourceSans3-Semibold.woff2", "KaTeX_Main-Regular.woff2"

FROM_FALLBACK = frozenset("∇")
"""Characters that posters need and Source Sans does not have."""

LINE = 1.3
"""Height of a line, in sizes of its letters."""

BASELINE = 0.98
"""How far below the top of its line the letters stand, in sizes: Source Sans' ascenders and half of the leading."""

BELOW, SMALLER = 0.16, 0.72
"""How far a subscript stands below its line, in sizes, and how large its letters are."""

_WORD = re.compile(rf"(?:{FORMULA.pattern}|\S)+")
"""A formula stays on one line with what adjoins it, whatever spaces it has."""

_RULER = 256
_FINER = 4


class Type(NamedTuple):
    """How words look."""

    size: float  # pixels from ascender to descender: the em
    colour: str
    bold: bool = False

    @property
    def line(self) -> float:
        """The height of a line."""
        return LINE * self.size


def width_of(text: str, type: Type) -> float:
    """Return the width of a line, in the units of its size.

    It is measured at one size for all, so that it grows exactly with the size and lines break alike at every scale.
    """
    return sum(_length(run, _RULER) for run in _runs(text, type.bold)) * type.size / _RULER


def wrapped(text: str, type: Type, room: float) -> list[str]:
    """Break a text into lines that are no wider than a room; a word that is wider itself is broken too."""
    lines = [""]
    for word in (match[0] for match in _WORD.finditer(text)):
        longer = f"{lines[-1]} {word}".strip()
        if width_of(longer, type) <= room:
            lines[-1] = longer
            continue
        lines += _broken(word, type, room)
    return [line for line in lines if line]


def write(image: Image.Image, left: float, baseline: float, text: str, type: Type) -> None:
    """Draw one line of text into an image, to a fraction of a pixel.

    The letters are drawn larger and reduced: at its own size a font rounds the width of every letter to pixels, and the
    same line would be of another length at every scale.
    """
    x, y = math.floor(left), math.floor(baseline - 1.2 * type.size)  # room for letters that rise above the line
    room = (math.ceil(left - x + width_of(text, type) + 0.3 * type.size), math.ceil(1.8 * type.size))
    mask = Image.new("L", (room[0] * _FINER, room[1] * _FINER))
    draw, pen = ImageDraw.Draw(mask), (left - x) * _FINER
    for run in _runs(text, type.bold):
        size, line = type.size * _FINER, baseline - y + (BELOW * type.size if run.below else 0)
        draw.text((pen, line * _FINER), run.words, fill=255, font=run.at(size), anchor="ls")
        pen += _length(run, size)
    image.paste(type.colour, (x, y), mask.reduce(_FINER))


def _broken(word: str, type: Type, room: float) -> list[str]:
    if width_of(word, type) <= room:
        return [word]
    parts = [""]
    for letter in plain(word):
        if parts[-1] and width_of(parts[-1] + letter, type) > room:
            parts.append("")
        parts[-1] += letter
    return parts


class _Run(NamedTuple):
    """What one font draws of a text."""

    words: str
    font: str
    below: bool  # a subscript

    def at(self, size: float) -> ImageFont.FreeTypeFont:
        """Return its font in a text of some size."""
        return _font(self.font, size * (SMALLER if self.below else 1))


def _runs(text: str, bold: bool) -> list[_Run]:
    """Return the parts of a text that one font draws."""
    own = BOLD if bold else REGULAR
    return [
        _Run("".join(letters), name, below)
        for words, below in split_subscripts(text)
        for name, letters in itertools.groupby(words, lambda letter: FALLBACK if letter in FROM_FALLBACK else own)
    ]


def _length(run: _Run, size: float) -> float:
    return run.at(size).getlength(run.words)


@functools.lru_cache(maxsize=64)
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    """Return a font; without Raqm, which not every machine has: the same words are equally wide everywhere."""
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
