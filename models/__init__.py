"""What is trained: architectures, normalizations, activations and initializations, one registry each."""

from collections.abc import Mapping

import torch
from torch import nn

from models.activations import ACTIVATIONS
from models.architectures import ARCHITECTURES
from models.initializations import INITIALIZATIONS, initialize
from models.normalizations import NORMALIZATIONS
from models.registry import entry
from specs import ModelSpec

__all__ = ["REGISTRIES", "blank_model", "build_model"]

REGISTRIES: Mapping[str, tuple[str, ...]] = {
    "architectures": tuple(ARCHITECTURES),
    "normalizations": tuple(NORMALIZATIONS),
    "activations": tuple(ACTIVATIONS),
    "initializations": tuple(INITIALIZATIONS),
}
"""The names that each registry knows, by the name that the fields of a `ModelSpec` use."""


def build_model(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int, *, seed: int = 0) -> nn.Module:
    """Build a network with its initial weights.

    Every layer draws from a generator of its own, seeded by `seed` and by the layer's name: networks of equal seeds
    have equal initial weights wherever names and shapes agree, with or without normalization (D4).

    Args:
        spec: the network.
        input_shape: the shape of one sample, without the batch axis, such as (64,).
        outputs: the number of outputs, one per class.
        seed: of the initial weights.

    Raises:
        ValueError: the spec names an architecture, a normalization, an activation or an initialization that is not
            registered; the message lists those that are.
    """
    with torch.random.fork_rng(devices=[]):  # torch's constructors draw weights of their own, from the global generator
        module = _architecture(spec, input_shape, outputs)
    initialize(module, spec.initialization, seed)
    return module


def blank_model(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Build a network that has shapes but neither values nor memory, for counting what the real one would need.

    Raises:
        ValueError: as `build_model`.
    """
    entry(INITIALIZATIONS, spec.initialization, "initialization")
    with torch.device("meta"):
        return _architecture(spec, input_shape, outputs)


def _architecture(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    return entry(ARCHITECTURES, spec.architecture, "architecture")(spec, input_shape, outputs)
