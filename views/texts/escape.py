"""Text from outside, such as the name of a file, a value in an address or the text of an exception, as plain text."""

from __future__ import annotations

import re

MOST_LETTERS = 300

MOST_ERROR_LETTERS = 600
"""Letters of an exception's text, which may name a path and the remedy."""

_MARKUP = re.compile(r"[\\`*{}\[\]()#+!|<>~$:]|(?<![^\W_])_|_(?![^\W_])|^-|(?<=^\d)\.")

_JOINER = "\N{WORD JOINER}"

_LINKS = re.compile(r"(?<=:)(?=\S)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)
"""Places where an invisible letter keeps Streamlit from making links and icons of text, escaped or not."""


def printable(text: str, most: int = MOST_LETTERS) -> str:
    """Return a text for Markdown that is shown letter by letter: no markup, no links, no control characters.

    Args:
        text: from outside.
        most: letters that are kept.
    """
    kept = "".join(letter for letter in text if letter.isprintable())
    shown = kept if len(kept) <= most else f"{kept[: most - 1]}…"
    return _LINKS.sub(_JOINER, _MARKUP.sub(r"\\\g<0>", shown))


def printable_error(error: object) -> str:
    """Return the text of an exception for Markdown, as `printable`."""
    return printable(str(error), MOST_ERROR_LETTERS)
