"""The multilayer perceptron: linear layers with an activation between them."""

import math
from collections import OrderedDict

from torch import nn

from models.activations import ACTIVATIONS
from models.normalizations import NORMALIZATIONS
from models.registry import entry
from specs import ModelSpec


def perceptron(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` hidden layers of `width` units and a linear output layer.

    A layer's modules are called layerK.norm, layerK.linear and layerK.activation whatever the normalization is, so that
    names agree between networks that are compared.

    Raises:
        ValueError: the normalization or the activation is not registered.
    """
    widths = [math.prod(input_shape), *[spec.width] * spec.depth, outputs]
    layers = [
        (f"layer{k}", _layer(spec, widths[k - 1], widths[k], hidden=k <= spec.depth)) for k in range(1, len(widths))
    ]
    return nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *layers]))


def _layer(spec: ModelSpec, inputs: int, outputs: int, *, hidden: bool) -> nn.Module:
    """One linear layer with what belongs to it; the output layer has no activation, and no norm behind it."""
    linear = nn.Linear(inputs, outputs)
    norm = entry(NORMALIZATIONS, spec.norm, "normalization")
    activation = entry(ACTIVATIONS, spec.activation, "activation")
    parts: list[tuple[str, nn.Module]] = [("linear", linear)]
    if spec.placement == "before":
        parts.insert(0, ("norm", norm(inputs, affine=spec.affine)))
    elif hidden:
        parts.append(("norm", norm(outputs, affine=spec.affine)))
    if hidden:
        parts.append(("activation", activation()))
    return nn.Sequential(OrderedDict(parts))
