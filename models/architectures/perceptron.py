"""The multilayer perceptron: linear layers with an activation between them."""

import math
from collections import OrderedDict

from torch import nn

from normscape.models.architectures.architecture import Architecture, Size
from normscape.models.layers import Parts, activation, linear, with_norm
from normscape.specs import ModelSpec


def perceptron(spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` hidden layers of `width` units and a linear output layer.

    A layer's modules are called layerK.norm, layerK.linear and layerK.activation whatever the normalization is, so that
    names agree between networks that are compared.
    """
    widths = [math.prod(input_shape), *[size.width] * size.depth, outputs]
    layers = [
        (f"layer{k}", _layer(spec, widths[k - 1], widths[k], hidden=k <= size.depth)) for k in range(1, len(widths))
    ]
    return nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *layers]))


def _layer(spec: ModelSpec, inputs: int, outputs: int, *, hidden: bool) -> nn.Module:
    """One linear layer with what belongs to it; the output layer has no activation, and no norm behind it."""
    named = ("linear", linear(spec, inputs, outputs))
    parts: Parts = [named]
    if hidden or spec.placement == "before":
        parts = with_norm(spec, named, (inputs, outputs), positions=0)
    return nn.Sequential(OrderedDict([*parts, *([("activation", activation(spec))] if hidden else [])]))


PERCEPTRON = Architecture(
    perceptron,
    "Perceptron: fully connected layers, one after another.",
    size=Size(2, 64),
    depth_counts="hidden layers",
    width_counts="units per hidden layer",
    unused=frozenset({"shortcut"}),
)
