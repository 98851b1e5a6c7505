"""Initializations of weights, by name, drawn per parameter."""

import hashlib
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from models.registry import entry

Draw = Callable[[nn.Linear, torch.Generator], None]


def named_generator(seed: int, name: str) -> torch.Generator:
    """Return a generator that depends on the seed and the name, and on nothing else.

    The seed is the first 63 bits of SHA-256, so that neighbouring seeds and similar names give unrelated draws.
    """
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def initialize(module: nn.Module, scheme: str, seed: int) -> None:
    """Draw the weights and biases of every linear layer of a new network, in place.

    Raises:
        ValueError: the scheme is not registered.
    """
    draw = entry(INITIALIZATIONS, scheme, "initialization")
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear):
            draw(layer, named_generator(seed, name))


def _torch_default(layer: nn.Linear, generator: torch.Generator) -> None:
    """Uniform within ±1/√(fan in), weights and biases: what torch.nn.Linear does by itself."""
    bound = 1 / math.sqrt(layer.in_features)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(_bias(layer), -bound, bound, generator=generator)


def _he(layer: nn.Linear, generator: torch.Generator) -> None:
    """Normal with variance 2/(fan in), biases 0 (He et al. 2015, arXiv 1502.01852, equation 10)."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(_bias(layer))


def _glorot(layer: nn.Linear, generator: torch.Generator) -> None:
    """Uniform within ±√(6/(fan in + fan out)), biases 0 (Glorot and Bengio 2010, equation 16)."""
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(_bias(layer))


def _bias(layer: nn.Linear) -> Tensor:
    return layer.bias if layer.bias is not None else layer.weight.new_empty(0)


INITIALIZATIONS: Mapping[str, Draw] = {
    "torch": _torch_default,
    "he": _he,
    "glorot": _glorot,
}
