"""Architectures, by name; one contract: the spec, the shape of one sample, the number of outputs."""

from collections.abc import Callable, Mapping

from torch import nn

from models.architectures.perceptron import perceptron
from specs import ModelSpec

ARCHITECTURES: Mapping[str, Callable[[ModelSpec, tuple[int, ...], int], nn.Module]] = {
    "perceptron": perceptron,
}
