"""Labels of networks inside sentences."""

from normscape.models import NORMALIZATIONS

_NONE = NORMALIZATIONS["none"].label


def compared_with(label: str) -> str:
    """Return a label after "than" or "compared with": "no normalization", and others as they are."""
    return label[0].lower() + label[1:] if label == _NONE else label


def of_network(label: str) -> str:
    """Return a label after a number: "without normalization", "for Batch norm"."""
    return "without normalization" if label == _NONE else f"for {label}"
