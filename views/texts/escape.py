"""Text from outside, such as the name of a file, as plain text."""

from __future__ import annotations

import re

MOST_LETTERS = 300

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:])")


def printable(text: str) -> str:
    """Return a text for Markdown that is shown letter by letter: no markup, no control characters, at most 300."""
    kept = "".join(letter for letter in text if letter.isprintable())
    shown = kept if len(kept) <= MOST_LETTERS else f"{kept[: MOST_LETTERS - 1]}…"
    return _MARKUP.sub(r"\\\1", shown)
