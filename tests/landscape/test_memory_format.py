"""Images have their channels last in memory, unless a convolution of the network is unsafe with it."""

import pytest
import torch
from torch import nn

from normscape.landscape.memory_format import laid_out, memory_format_of
from normscape.models import build_model
from normscape.specs import ModelSpec


@pytest.mark.parametrize(("width", "expected"), [(4, torch.contiguous_format), (16, torch.channels_last)])
def test_residual_networks_of_few_channels_keep_the_default_format(width: int, expected: torch.memory_format) -> None:
    spec = ModelSpec(architecture="residual", depth=8, width=width, shortcut="project")
    assert memory_format_of(build_model(spec, (1, 8, 8), 10)) == expected


@pytest.mark.parametrize(
    ("layer", "safe"),
    [
        (nn.Conv2d(4, 8, 1, stride=2), False),
        (nn.Conv2d(12, 8, 1, stride=2), False),
        (nn.Conv2d(16, 8, 1, stride=2), True),
        (nn.Conv2d(4, 8, 1), True),
        (nn.Conv2d(4, 8, 3, stride=2), True),
        (nn.Linear(4, 8), True),
    ],
)
def test_strided_convolutions_of_one_pixel_and_few_channels_are_unsafe(layer: nn.Module, safe: bool) -> None:
    assert (memory_format_of(nn.Sequential(layer)) == torch.channels_last) == safe


def test_only_images_are_laid_out() -> None:
    images, vectors = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3)
    assert laid_out(images, torch.channels_last).stride() == (48, 1, 12, 3)
    assert laid_out(vectors, torch.channels_last) is vectors
