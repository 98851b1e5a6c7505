"""What a measurement says about a step of the argument: how well it holds, if it is judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Literal

Status = Literal["holds", "loose", "fails", "absent", "undefined", "unjudged"]

CHIPS: Mapping[Status, str] = {
    "holds": ":green[**✓**]",
    "loose": ":orange[**≈**]",
    "fails": ":red[**✗**]",
    "absent": ":gray[**–**]",
    "undefined": ":gray[**?**]",
    "unjudged": ":gray[**○**]",
}
"""Markdown of every status."""

WORDS: Mapping[Status, str] = {
    "holds": "holds",
    "loose": "holds in part",
    "fails": "does not hold",
    "absent": "does not apply",
    "undefined": "not measurable",
    "unjudged": "not judged",
}
"""Every status in words."""

REASONS: Mapping[Status, str] = {
    "absent": "the network lacks what the step is about",
    "undefined": "a value is missing, zero or not finite",
    "unjudged": "the argument does not depend on it",
}
"""Why a step says nothing about the argument."""

NO_BREAK, WORD_JOINER = "\N{NO-BREAK SPACE}", "\N{WORD JOINER}"  # a line may end after the dash of a chip, without it


def named(status: Status) -> str:
    """Return the chip of a status with its word, as Markdown."""
    word = WORDS[status].replace(" ", NO_BREAK)
    return f"{CHIPS[status]}{WORD_JOINER}{NO_BREAK}{_colored(status, word)}"


def hinted(status: Status, label: str) -> str:
    """Return the chip of a status as Markdown with HTML: pointer and screen reader get the network and the word.

    Args:
        status: which one.
        label: of the network; it may come from a user, and is escaped.
    """
    word = escape(f"{label}: {WORDS[status]}", quote=True).replace("$", "&#36;")
    return f'<span role="img" title="{word}" aria-label="{word}">{CHIPS[status]}</span>'


def legend() -> str:
    """Return what every chip means, as Markdown."""
    reasons = {status: f" ({reason})" for status, reason in REASONS.items()}
    return " · ".join(f"{named(status)}{reasons.get(status, '')}" for status in WORDS)


def graded(value: float, holds: float, loose: float) -> Status:
    """Return the status of a number that holds up to one limit and holds loosely up to another; NaN is undefined."""
    if math.isnan(value):
        return "undefined"
    return "holds" if value <= holds else "loose" if value <= loose else "fails"


def _colored(status: Status, word: str) -> str:
    color = CHIPS[status].partition("[")[0]
    return f"{color}[{word}]"
