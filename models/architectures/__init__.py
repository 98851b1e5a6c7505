"""Architectures, by name."""

from normscape.models.architectures.architecture import Architecture
from normscape.models.architectures.convolutional import CONVOLUTIONAL
from normscape.models.architectures.deep_linear import DEEP_LINEAR
from normscape.models.architectures.perceptron import PERCEPTRON
from normscape.models.architectures.residual import RESIDUAL
from normscape.models.architectures.transformer import TRANSFORMER

__all__ = ["ARCHITECTURES", "Architecture"]

ARCHITECTURES: dict[str, Architecture] = {
    "perceptron": PERCEPTRON,
    "deep-linear": DEEP_LINEAR,
    "convolutional": CONVOLUTIONAL,
    "residual": RESIDUAL,
    "transformer": TRANSFORMER,
}
"""By name; own networks are added while the app runs (`models/own.py`)."""
