"""The plain convolutional network, after VGG (Simonyan and Zisserman 2015, arXiv 1409.1556)."""

from collections import OrderedDict

from torch import nn

from normscape.models.architectures.architecture import Architecture, Size, needs_image
from normscape.models.layers import Parts, activation, convolution, linear, norm, with_norm
from normscape.specs import ModelSpec

MOST_STAGES = 3


def convolutional(spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` convolutions of 3 x 3 in up to three stages, and a linear output layer.

    Each stage has twice the channels of the one before, the first `width`, and ends by halving the image. It is halved
    by averaging, not by maxima, which have kinks: with a smooth activation the whole network is smooth (D7).
    """
    stages = _stages(size.depth, min(input_shape[1:]))
    channels, height, width = input_shape
    parts: Parts = []
    for s, count in enumerate(stages, start=1):
        wide = size.width << (s - 1)
        for k in range(1, count + 1):
            parts.append((f"stage{s}_layer{k}", _layer(spec, channels, wide)))
            channels = wide
        parts.append((f"stage{s}_pool", nn.AvgPool2d(2)))
        height, width = height // 2, width // 2
    head = OrderedDict(_head(spec, channels, height * width, outputs))
    return nn.Sequential(OrderedDict([*parts, ("head", nn.Sequential(head))]))


def _stages(depth: int, side: int) -> list[int]:
    """Share the convolutions out over stages, later ones first served; no image gets smaller than 2 x 2."""
    count = min(MOST_STAGES, depth, side.bit_length() - 2)
    return [depth // count + (stage >= count - depth % count) for stage in range(count)]


def _layer(spec: ModelSpec, inputs: int, outputs: int) -> nn.Module:
    named = ("convolution", convolution(spec, inputs, outputs))
    parts = with_norm(spec, named, (inputs, outputs), positions=2)
    return nn.Sequential(OrderedDict([*parts, ("activation", activation(spec))]))


def _head(spec: ModelSpec, channels: int, positions: int, outputs: int) -> Parts:
    """The output layer on all positions; its norm sees the channels, as those of the convolutions do."""
    before = norm(spec, channels, positions=2, placement="before")
    return [
        ("norm", before),
        ("flatten", nn.Flatten()),
        ("linear", linear(spec, channels * positions, outputs)),
    ]


def _refuses(size: Size, input_shape: tuple[int, ...]) -> str | None:
    return needs_image(input_shape, 4)


CONVOLUTIONAL = Architecture(
    convolutional,
    "Plain convolutional network: 3 x 3 convolutions in up to three stages, each of half the side and twice the "
    "channels, as in VGG.",
    size=Size(4, 16),
    depth_counts="convolutions",
    width_counts="channels of the first stage",
    unused=frozenset({"shortcut"}),
    refuses=_refuses,
    has_positions=True,
)
