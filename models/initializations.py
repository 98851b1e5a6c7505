"""Initializations, by name; each draws the weight and the bias of one layer."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from normscape.models.position_embedding import STANDARD_DEVIATION, PositionEmbedding
from normscape.models.registry import Entry, entry

Draw = Callable[[Tensor, Tensor, torch.Generator], None]
"""Draws a weight, whose first axis indexes the filters, and a bias, which may be empty, in place."""


@dataclass(frozen=True)
class Initialization(Entry):
    """A distribution of initial weights and biases."""

    draw: Draw


def named_generator(seed: int, name: str) -> torch.Generator:
    """Return a generator that depends on the seed and the name alone.

    Its seed is the first 63 bits of SHA-256, so that adjacent seeds and similar names give unrelated draws.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def initialize(module: nn.Module, scheme: str, seed: int) -> None:
    """Draw the weights and biases of all linear layers and convolutions, and the position embedding, in place.

    A layer with weight norm gets the length and direction of the drawn weight.

    Raises:
        ValueError: the scheme is not registered.
    """
    draw = entry(INITIALIZATIONS, scheme, "initialization").draw
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            _draw_layer(layer, draw, named_generator(seed, name))
        elif isinstance(layer, PositionEmbedding):
            nn.init.normal_(layer.weight, std=STANDARD_DEVIATION, generator=named_generator(seed, name))


def _draw_layer(layer: nn.Linear | nn.Conv2d, draw: Draw, generator: torch.Generator) -> None:
    weight = torch.empty(layer.weight.shape)
    bias = torch.empty(0) if layer.bias is None else layer.bias.data
    draw(weight, bias, generator)
    with torch.no_grad():
        if parametrize.is_parametrized(layer, "weight"):
            layer.weight = weight  # sets length and direction
        else:
            layer.weight.copy_(weight)


def _torch_default(weight: Tensor, bias: Tensor, generator: torch.Generator) -> None:
    """Uniform within ±1/√(fan in), weights and biases: the default of torch.nn.Linear and torch.nn.Conv2d."""
    bound = 1 / math.sqrt(weight[0].numel())
    nn.init.uniform_(weight, -bound, bound, generator=generator)
    nn.init.uniform_(bias, -bound, bound, generator=generator)


def _he(weight: Tensor, bias: Tensor, generator: torch.Generator) -> None:
    """Normal with variance 2/(fan in), biases 0 (He et al. 2015, arXiv 1502.01852, equation 10)."""
    nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(bias)


def _glorot(weight: Tensor, bias: Tensor, generator: torch.Generator) -> None:
    """Uniform within ±√(6/(fan in + fan out)), biases 0 (Glorot and Bengio 2010, equation 16)."""
    nn.init.xavier_uniform_(weight, generator=generator)
    nn.init.zeros_(bias)


INITIALIZATIONS: Mapping[str, Initialization] = {
    "torch": Initialization(
        _torch_default,
        label="PyTorch default",
        description=r"PyTorch's default draws weights and biases uniformly within $\pm1/\sqrt{\text{fan in}}$.",
    ),
    "he": Initialization(
        _he,
        label="He",
        description="He initialization draws normal weights of variance 2/(fan in), biases are 0.",
    ),
    "glorot": Initialization(
        _glorot,
        label="Glorot",
        description="Glorot initialization draws weights uniformly within "
        r"$\pm\sqrt{6/(\text{fan in}+\text{fan out})}$; biases are 0.",
    ),
}
