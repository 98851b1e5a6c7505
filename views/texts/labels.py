"""Labels of networks inside sentences."""

from __future__ import annotations

from collections.abc import Sequence

from normscape.models import ARCHITECTURES, NORMALIZATIONS

_NONE = NORMALIZATIONS["none"].label
_IN_TEXT = {entry.label: entry.label_in_text for one in (ARCHITECTURES, NORMALIZATIONS) for entry in one.values()}


def in_text(label: str) -> str:
    """Return a label inside a sentence: "no normalization", "batch norm"; those of other fields as they are."""
    return _IN_TEXT.get(label, label)


def of_network(label: str) -> str:
    """Return a label after a number: "without normalization", "with batch norm", "for width 128"."""
    if label == _NONE:
        return "without normalization"
    return f"with {_IN_TEXT[label]}" if label in _IN_TEXT else f"for {label}"


def capitalized(text: str) -> str:
    """Return a text with a capital first letter, as a sentence begins; the rest keeps its case."""
    return f"{text[:1].upper()}{text[1:]}"


def versus(names: Sequence[str]) -> str:
    """Return compared names: "a vs. b", and "a, b, c" for any other number than two."""
    return " vs. ".join(names) if len(names) == 2 else ", ".join(names)


def listed(names: Sequence[str]) -> str:
    """Return names as a list inside a sentence: "a", "a and b", "a, b and c"."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else "".join(names)
