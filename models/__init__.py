"""What is trained: architectures, normalizations, activations and initializations, one registry each."""

from collections.abc import Mapping

import torch
from torch import nn

from normscape.models.activations import ACTIVATIONS
from normscape.models.architectures import ARCHITECTURES
from normscape.models.initializations import INITIALIZATIONS, initialize
from normscape.models.normalizations import NORMALIZATIONS
from normscape.models.registry import entry
from normscape.specs import ModelSpec

__all__ = ["ARCHITECTURES", "NORMALIZATIONS", "REGISTRIES", "blank_model", "build_model", "count_parameters", "refusal"]

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
        input_shape: the shape of one sample, without the batch axis: (64,) for vectors, (channels, height, width) for
            images.
        outputs: the number of outputs, one per class.
        seed: of the initial weights.

    Raises:
        ValueError: the spec names an architecture, a normalization, an activation or an initialization that is not
            registered (the message lists those that are), or what it asks for cannot be (see `refusal`).
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


def count_parameters(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> int:
    """Return the number of trainable parameters, P.

    Raises:
        ValueError: as `build_model`.
    """
    return sum(p.numel() for p in blank_model(spec, input_shape, outputs).parameters() if p.requires_grad)


def refusal(spec: ModelSpec, input_shape: tuple[int, ...]) -> str | None:
    """Return why a network cannot be built for inputs of a shape, in words for the user, or None where it can.

    Raises:
        ValueError: the architecture or the normalization is not registered.
    """
    architecture = entry(ARCHITECTURES, spec.architecture, "architecture")
    normalization = entry(NORMALIZATIONS, spec.norm, "normalization")
    reason = architecture.refuses(architecture.size_of(spec), input_shape)
    if reason is not None:
        return f"the {spec.architecture} network cannot be built: {reason}"
    if normalization.needs_positions and not architecture.has_positions:
        return (
            f"{spec.norm} norm averages over the positions of an image, and the layers of the {spec.architecture} "
            "network see vectors, which have none; take a convolutional, residual or transformer network"
        )
    return None


def _architecture(spec: ModelSpec, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    reason = refusal(spec, input_shape)
    if reason is not None:
        raise ValueError(reason)
    architecture = ARCHITECTURES[spec.architecture]
    return architecture.build(spec, architecture.size_of(spec), input_shape, outputs)
