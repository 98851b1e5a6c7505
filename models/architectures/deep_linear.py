"""The deep linear network of Santurkar et al. 2018: a product of matrices with normalizations between them."""

import math
from collections import OrderedDict

from torch import nn

from normscape.models.architectures.architecture import Architecture, Size
from normscape.models.layers import linear, with_norm
from normscape.specs import ModelSpec


def deep_linear(spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` matrices of `width` rows, each with its normalization (Santurkar et al. 2018, arXiv 1805.11604).

    The paper has 25 matrices of 10 x 10 from 10 inputs to 10 outputs, with batch norm after each, the last included. No
    layer has a bias: without normalization the network is the product of its matrices.
    """
    widths = [math.prod(input_shape), *[size.width] * (size.depth - 1), outputs]
    layers = [(f"layer{k}", _layer(spec, widths[k - 1], widths[k])) for k in range(1, len(widths))]
    return nn.Sequential(OrderedDict([("flatten", nn.Flatten()), *layers]))


def _layer(spec: ModelSpec, inputs: int, outputs: int) -> nn.Module:
    named = ("linear", linear(spec, inputs, outputs, bias=False))
    return nn.Sequential(OrderedDict(with_norm(spec, named, (inputs, outputs), positions=0)))


DEEP_LINEAR = Architecture(
    deep_linear,
    label="Deep linear network",
    description="Deep linear network: a product of matrices, without activations or biases. Hard to train, easy to "
    "reason about.",
    idle={
        "activation": "a deep linear network has no activations",
        "shortcut": "a deep linear network has no shortcuts",
    },
    size=Size(25, 10),
    depth_counts="matrices",
    width_counts="rows of each matrix except the last",
)
