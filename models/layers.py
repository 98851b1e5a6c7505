"""The building blocks of all architectures: linear layers and convolutions with the spec's normalization."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from normscape.models.activations import ACTIVATIONS
from normscape.models.normalizations import NORMALIZATIONS, Normalization
from normscape.models.registry import entry
from normscape.specs import ModelSpec

NamedLayers = list[tuple[str, nn.Module]]


def linear(spec: ModelSpec, inputs: int, outputs: int, *, bias: bool = True) -> nn.Module:
    """Return a linear layer, with a normalized weight if the spec says so."""
    return normalization_of(spec).weights(nn.Linear(inputs, outputs, bias=bias), affine=spec.affine)


def convolution(
    spec: ModelSpec, inputs: int, outputs: int, *, size: int = 3, stride: int = 1, bias: bool = True
) -> nn.Module:
    """Return a convolution padded by half its kernel size, with a normalized weight if the spec says so."""
    layer = nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=bias)
    return normalization_of(spec).weights(layer, affine=spec.affine)


def norm(spec: ModelSpec, channels: int, *, positions: int, placement: str) -> nn.Module:
    """Return the normalization layer for one side of a layer; the identity if the spec's placement is the other side.

    Args:
        spec: names the normalization, its affine, its averaging and its placement.
        channels: of the input.
        positions: the number of position axes behind the channels.
        placement: "before" or "after": the side of the layer.

    Raises:
        ValueError: the normalization is not registered.
    """
    if placement != spec.placement:
        normalization_of(spec)
        return nn.Identity()
    return norm_layer(spec, channels, positions=positions)


def norm_layer(spec: ModelSpec, channels: int, *, positions: int) -> nn.Module:
    """Return the normalization layer, wherever it is placed.

    Raises:
        ValueError: the normalization is not registered.
    """
    layer = normalization_of(spec).layer(channels, affine=spec.affine, positions=positions)
    if isinstance(layer, _NormBase) and layer.track_running_stats:
        layer.momentum = spec.averaging
    return layer


def with_norm(
    spec: ModelSpec, layer: tuple[str, nn.Module], channels: tuple[int, int], *, positions: int
) -> NamedLayers:
    """Return a layer and its normalization, in the order that the placement asks for.

    Args:
        spec: names the normalization, its affine, its averaging and its placement.
        layer: the name and the module.
        channels: of its input and of its output.
        positions: the number of position axes behind the channels.
    """
    before = spec.placement == "before"
    normalization = norm(spec, channels[0 if before else 1], positions=positions, placement=spec.placement)
    return [("norm", normalization), layer] if before else [layer, ("norm", normalization)]


def activation(spec: ModelSpec, channels: int) -> nn.Module:
    """Return the spec's activation, or what the normalization puts in its place.

    Args:
        spec: names the activation and the normalization.
        channels: of the input.

    Raises:
        ValueError: one of them is not registered.
    """
    usual, own = entry(ACTIVATIONS, spec.activation, "activation"), normalization_of(spec).activation
    return usual.build() if own is None else own(channels)


def activations(spec: ModelSpec, channels: int) -> tuple[nn.Module, nn.Module]:
    """Return the activations of two places: one module twice, or two that have parameters of their own.

    Raises:
        ValueError: as `activation`.
    """
    first = activation(spec, channels)
    return first, activation(spec, channels) if any(True for _ in first.parameters()) else first


def normalization_of(spec: ModelSpec) -> Normalization:
    """Return the spec's normalization.

    Raises:
        ValueError: it is not registered.
    """
    return entry(NORMALIZATIONS, spec.norm, "normalization")
