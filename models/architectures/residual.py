"""The residual network for small images (He et al. 2016, arXiv 1512.03385, §4.2): 6n + 2 layers, three stages."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from normscape.models.architectures.architecture import Architecture, Size, needs_image
from normscape.models.layers import activation, activations, convolution, linear, norm
from normscape.specs import ModelSpec


class Pad(nn.Module):
    """Shortcut option A: every second pixel, zero-padded to the block's channels, half of the zeros on each side."""

    def __init__(self, missing: int, stride: int) -> None:
        """Add `missing` channels and keep every `stride`-th row and column."""
        super().__init__()
        self.missing, self.stride = missing, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, C, H, W) with the channels and image size of the block's output."""
        kept = x[:, :, :: self.stride, :: self.stride]
        before = self.missing // 2
        return nn.functional.pad(kept, (0, 0, 0, 0, before, self.missing - before))


class Block(nn.Module):
    """Two 3 × 3 convolutions and a shortcut: activation(h(x) + shortcut(x)).

    Each convolution, that of a projection shortcut included, has its normalization before or after it.
    """

    def __init__(self, spec: ModelSpec, inputs: int, outputs: int, stride: int) -> None:
        """Build the block from `inputs` to `outputs` channels, which divides the image's side by `stride`."""
        super().__init__()
        self.before1 = norm(spec, inputs, positions=2, placement="before")
        self.conv1 = convolution(spec, inputs, outputs, stride=stride, bias=False)
        self.norm1 = norm(spec, outputs, positions=2, placement="after")
        self.activation, self.last_activation = activations(spec, outputs)
        self.before2 = norm(spec, outputs, positions=2, placement="before")
        self.conv2 = convolution(spec, outputs, outputs, bias=False)
        self.norm2 = norm(spec, outputs, positions=2, placement="after")
        self.shortcut = _shortcut(spec, inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output for x (N, C, H, W)."""
        hidden = self.activation(self.norm1(self.conv1(self.before1(x))))
        hidden = self.norm2(self.conv2(self.before2(hidden)))
        return self.last_activation(hidden if self.shortcut is None else hidden + self.shortcut(x))  # type: ignore[no-any-return]


class Residual(nn.Module):
    """A convolution, three stages of blocks, the mean over positions, and a linear output layer."""

    def __init__(self, spec: ModelSpec, size: Size, input_shape: tuple[int, ...], outputs: int) -> None:
        """Build (depth - 2)/6 blocks per stage, `width` channels in the first stage."""
        super().__init__()
        blocks, width = (size.depth - 2) // 6, size.width
        self.before1 = norm(spec, input_shape[0], positions=2, placement="before")
        self.conv1 = convolution(spec, input_shape[0], width, bias=False)
        self.norm1 = norm(spec, width, positions=2, placement="after")
        self.activation = activation(spec, width)
        self.layer1 = _stage(spec, blocks, width, width, stride=1)
        self.layer2 = _stage(spec, blocks, width, 2 * width, stride=2)
        self.layer3 = _stage(spec, blocks, 2 * width, 4 * width, stride=2)
        self.before_linear = norm(spec, 4 * width, positions=0, placement="before")
        self.linear = linear(spec, 4 * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (N, K) for images x (N, C, H, W)."""
        hidden = self.activation(self.norm1(self.conv1(self.before1(x))))
        hidden = self.layer3(self.layer2(self.layer1(hidden)))
        features = torch.mean(hidden, dim=(2, 3))
        return self.linear(self.before_linear(features))  # type: ignore[no-any-return]


def _stage(spec: ModelSpec, blocks: int, inputs: int, outputs: int, *, stride: int) -> nn.Module:
    first = Block(spec, inputs, outputs, stride)
    return nn.Sequential(first, *(Block(spec, outputs, outputs, 1) for _ in range(blocks - 1)))


def _shortcut(spec: ModelSpec, inputs: int, outputs: int, stride: int) -> nn.Module | None:
    if spec.shortcut == "none":
        return None
    if inputs == outputs and stride == 1:
        return nn.Identity()
    if spec.shortcut == "pad":
        return Pad(outputs - inputs, stride)
    before = norm(spec, inputs, positions=2, placement="before")
    conv = convolution(spec, inputs, outputs, size=1, stride=stride, bias=False)
    after = norm(spec, outputs, positions=2, placement="after")
    return nn.Sequential(OrderedDict([("before", before), ("conv", conv), ("norm", after)]))


def _refuses(size: Size, input_shape: tuple[int, ...]) -> str | None:
    depth = size.depth
    if depth < 8 or depth % 6 != 2:
        near = max(8, 6 * round((depth - 2) / 6) + 2)
        return f"its depth is 6n + 2 (8, 14, 20, ...), and {depth} is not; the nearest is {near}"
    return needs_image(input_shape, 8)


RESIDUAL = Architecture(
    Residual,
    label="Residual network",
    description="Residual network: pairs of 3 × 3 convolutions, each with a shortcut, as in ResNet-20 and ResNet-56.",
    size=Size(8, 16),
    depth_counts="layers, 6n + 2",
    width_counts="channels of the first stage",
    refuses=_refuses,
    has_positions=True,
    without_matching="hidden units are matched in chains of layers; shortcuts of a residual network tie the units of "
    "several layers",
)
