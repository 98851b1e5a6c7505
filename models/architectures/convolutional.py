"""The plain convolutional network, after VGG (Simonyan and Zisserman 2015, arXiv 1409.1556)."""

from collections import OrderedDict

from torch import nn

from normscape.models.architectures.architecture import Architecture, Size, needs_image
from normscape.models.layers import NamedLayers, activation, convolution, linear, norm, with_norm
from normscape.specs import ModelSpec

MAX_STAGES = 3


def convolutional(spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build `depth` convolutions of 3 × 3 in up to three stages, and a linear output layer.

    The first stage has `width` channels and each further one twice as many. Each ends with average pooling that halves
    the image; max pooling has kinks, and with a smooth activation the whole network is to be smooth (D7).
    """
    stages = _stages(size.depth, min(input_shape[1:]))
    channels, height, width = input_shape
    layers: NamedLayers = []
    for s, count in enumerate(stages, start=1):
        wide = size.width << (s - 1)
        for k in range(1, count + 1):
            layers.append((f"stage{s}_layer{k}", _layer(spec, channels, wide)))
            channels = wide
        layers.append((f"stage{s}_pool", nn.AvgPool2d(2)))
        height, width = height // 2, width // 2
    head = OrderedDict(_head(spec, channels, height * width, outputs))
    return nn.Sequential(OrderedDict([*layers, ("head", nn.Sequential(head))]))


def _stages(depth: int, side: int) -> list[int]:
    """Distribute the convolutions over stages, later stages first; no image gets smaller than 2 x 2."""
    count = min(MAX_STAGES, depth, side.bit_length() - 2)
    return [depth // count + (stage >= count - depth % count) for stage in range(count)]


def _layer(spec: ModelSpec, inputs: int, outputs: int) -> nn.Module:
    named = ("convolution", convolution(spec, inputs, outputs))
    layers = with_norm(spec, named, (inputs, outputs), positions=2)
    return nn.Sequential(OrderedDict([*layers, ("activation", activation(spec, outputs))]))


def _head(spec: ModelSpec, channels: int, positions: int, outputs: int) -> NamedLayers:
    """Return the output layer on all positions; its normalization is over channels, as in front of a convolution."""
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
    label="Convolutional network",
    description="Plain convolutional network: 3 × 3 convolutions in up to three stages, each of half the side and "
    "twice the channels, as in VGG.",
    idle={"shortcut": "a convolutional network has no shortcuts"},
    size=Size(4, 16),
    depth_counts="convolutions",
    width_counts="channels of the first stage",
    refuses=_refuses,
    has_positions=True,
)
