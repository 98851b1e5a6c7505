"""Labels of networks inside sentences."""

from __future__ import annotations

from collections.abc import Sequence

from normscape.models import ACTIVATIONS, ARCHITECTURES, NORMALIZATIONS
from normscape.specs.experiment import network_labels

_NONE = NORMALIZATIONS["none"].label
_ARTICLES = {"Norm before layer": "the norm before the layer", "Norm after layer": "the norm after the layer"}


def inside_sentence(name: str) -> str:
    """Return a label without its capital, unless that belongs to an abbreviation or to a name."""
    return name if name[1:2].isupper() or name == "Adam" else name[:1].lower() + name[1:]


_NAMED = {label: _ARTICLES.get(label, inside_sentence(label)) for label in network_labels()}
_IN_TEXT = {
    **{entry.label: entry.label_in_text for one in (ARCHITECTURES, NORMALIZATIONS) for entry in one.values()},
    **{entry.label: entry.label for entry in ACTIVATIONS.values()},
    **_NAMED,
}
_WITH = ("with ", "without ")


def in_text(label: str) -> str:
    """Return a label inside a sentence: "no normalization", "batch norm", "the network with shortcuts".

    Those of fields whose values have no names stay as they are.
    """
    text = _IN_TEXT.get(label, label)
    return f"the network {text}" if text.startswith(_WITH) else text


def of_network(label: str) -> str:
    """Return a label after a number: "without normalization", "with batch norm", "for width 128"."""
    if label == _NONE:
        return "without normalization"
    text = _IN_TEXT.get(label, "")
    return text if text.startswith(_WITH) else f"with {text}" if text else f"for {label}"


def as_noun(label: str) -> str:
    """Return what has a gradient, inside a sentence: "batch norm", "the network with raw inputs"."""
    return f"the network {of_network(label)}" if label in _NAMED else in_text(label)


def as_subject(label: str) -> str:
    """Return a label as a sentence begins: "Batch norm", "The network with raw inputs"."""
    return capitalized(as_noun(label)) if label in _NAMED else label


def as_listed(label: str) -> str:
    """Return a label after a colon: "Batch norm", "without shortcuts"."""
    return of_network(label) if _IN_TEXT.get(label, "").startswith(_WITH) else label


def capitalized(text: str) -> str:
    """Return a text with a capital first letter, as a sentence begins; the rest keeps its case."""
    return f"{text[:1].upper()}{text[1:]}"


def versus(names: Sequence[str]) -> str:
    """Return compared names: "a vs. b", and "a, b, c" for any other number than two."""
    return " vs. ".join(names) if len(names) == 2 else ", ".join(names)


def listed(names: Sequence[str]) -> str:
    """Return names as a list inside a sentence: "a", "a and b", "a, b and c"."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else "".join(names)
