"""Text from outside, such as the name of a file, a value in an address or the text of an exception, as plain text."""

from __future__ import annotations

import re

from normscape.views.texts.public import is_public

MOST_LETTERS = 300

MOST_ERROR_LETTERS = 600
"""Letters of an exception's text, which may name a path and the remedy."""

_MARKUP = re.compile(r"[\\`*{}\[\]()#+!|<>~$:]|(?<![^\W_])_|_(?![^\W_])|^-|(?<=^\d)\.")

_PATHS = (
    re.compile(r"(?<=['\"])(?:[A-Za-z]:)?[\\/][^'\"\n]*[\\/]([^'\"\\/\n]*)(?=['\"])"),
    re.compile(r"(?<![\w:/.~-])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\",;()]+[\\/])+([^\\/\s'\",;()]*)"),
)
"""Absolute paths, whose last part is their name: in quotes, where they may have spaces, and elsewhere."""

_JOINER = "\N{WORD JOINER}"

_LINKS = re.compile(r"(?<=:)(?=\S)|(?<=@)|(?<=www)(?=\.)", re.IGNORECASE)
"""Places where an invisible letter keeps Streamlit from making links and icons of text, escaped or not."""


def printable(text: str, most: int = MOST_LETTERS) -> str:
    """Return a text for Markdown that is shown letter by letter: no markup, no links, no control characters.

    On a public server it names files without their folders.

    Args:
        text: from outside.
        most: letters that are kept.
    """
    kept = "".join(letter for letter in text if letter.isprintable())
    if is_public():
        kept = named_only(kept)
    shown = kept if len(kept) <= most else f"{kept[: most - 1]}…"
    return _LINKS.sub(_JOINER, _MARKUP.sub(r"\\\g<0>", shown))


def named_only(text: str) -> str:
    """Return a text in which files have their names in place of their absolute paths."""
    for path in _PATHS:
        text = path.sub(lambda found: found[1] or "a folder", text)
    return text


def printable_error(error: object) -> str:
    """Return the text of an exception for Markdown, as `printable`."""
    return printable(str(error), MOST_ERROR_LETTERS)
