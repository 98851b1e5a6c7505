"""The multilayer perceptron: linear layers with an activation between them."""

import math
from collections import OrderedDict

from torch import nn

from normscape.models.architectures.architecture import Architecture, Size
from normscape.models.layers import NamedLayers, activation, linear, with_norm
from normscape.specs import ModelSpec


def perceptron(spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` hidden layers of `width` units and a linear output layer.

    The modules of layer K are layerK.norm, layerK.linear and layerK.activation for every normalization, so that names
    agree between compared networks (D4).
    """
    widths = [math.prod(input_shape), *[size.width] * size.depth, outputs]
    layers = [
        (f"layer{k}", _layer(spec, widths[k - 1], widths[k], hidden=k <= size.depth)) for k in range(1, len(widths))
    ]
    return nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *layers]))


def _layer(spec: ModelSpec, inputs: int, outputs: int, *, hidden: bool) -> nn.Module:
    """Return a linear layer, its normalization and its activation; the output layer has neither of them behind it."""
    named = ("linear", linear(spec, inputs, outputs))
    layers: NamedLayers = [named]
    if hidden or spec.placement == "before":
        layers = with_norm(spec, named, (inputs, outputs), positions=0)
    return nn.Sequential(OrderedDict([*layers, *([("activation", activation(spec, outputs))] if hidden else [])]))


PERCEPTRON = Architecture(
    perceptron,
    label="Multilayer perceptron",
    description="Fully connected layers, one after another.",
    idle={"shortcut": "a perceptron has no shortcuts"},
    size=Size(2, 64),
    depth_counts="hidden layers",
    width_counts="units per hidden layer",
)
