"""What every architecture builds with: linear layers and convolutions as a spec normalizes them, and their norms."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from normscape.models.activations import ACTIVATIONS
from normscape.models.normalizations import NORMALIZATIONS, Normalization
from normscape.models.registry import entry
from normscape.specs import ModelSpec

Parts = list[tuple[str, nn.Module]]


def linear(spec: ModelSpec, inputs: int, outputs: int, *, bias: bool = True) -> nn.Module:
    """Return a linear layer, its weight normalized where the spec says so."""
    return _normalization(spec).weights(nn.Linear(inputs, outputs, bias=bias), affine=spec.affine)


def convolution(
    spec: ModelSpec, inputs: int, outputs: int, *, size: int = 3, stride: int = 1, bias: bool = True
) -> nn.Module:
    """Return a convolution that pads by half its size, its weight normalized where the spec says so."""
    layer = nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=bias)
    return _normalization(spec).weights(layer, affine=spec.affine)


def norm(spec: ModelSpec, channels: int, *, positions: int, placement: str) -> nn.Module:
    """Return the norm of a place that is before or after a layer; nothing where the spec's placement is the other.

    Args:
        spec: names the normalization, its affine and its placement.
        channels: of what is normalized.
        positions: the number of axes of positions behind the channels.
        placement: "before" or "after", which this place is.

    Raises:
        ValueError: the normalization is not registered.
    """
    normalization = _normalization(spec)
    if placement != spec.placement:
        return nn.Identity()
    layer = normalization.layer(channels, affine=spec.affine, positions=positions)
    if isinstance(layer, _NormBase):
        layer.momentum = spec.averaging
    return layer


def with_norm(spec: ModelSpec, layer: tuple[str, nn.Module], channels: tuple[int, int], *, positions: int) -> Parts:
    """Return a named layer and its norm, in the order that the placement asks for.

    Args:
        spec: names the normalization, its affine and its placement.
        layer: its name and itself.
        channels: of its input and of its output.
        positions: the number of axes of positions behind the channels.
    """
    before = spec.placement == "before"
    beside = ("norm", norm(spec, channels[0 if before else 1], positions=positions, placement=spec.placement))
    return [beside, layer] if before else [layer, beside]


def activation(spec: ModelSpec) -> nn.Module:
    """Return the spec's activation.

    Raises:
        ValueError: it is not registered.
    """
    return entry(ACTIVATIONS, spec.activation, "activation")()


def _normalization(spec: ModelSpec) -> Normalization:
    return entry(NORMALIZATIONS, spec.norm, "normalization")
