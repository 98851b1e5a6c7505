"""Normalizations, by name; one contract: the channel count first, then whether a scale and a shift are learned."""

from collections.abc import Mapping
from typing import Protocol

from torch import nn


class Normalization(Protocol):
    """Builds the layer that normalizes `channels` channels."""

    def __call__(self, channels: int, *, affine: bool) -> nn.Module: ...  # noqa: D102


def _none(channels: int, *, affine: bool) -> nn.Module:
    return nn.Identity()


def _batch(channels: int, *, affine: bool) -> nn.Module:
    return nn.BatchNorm1d(channels, affine=affine)


def _layer(channels: int, *, affine: bool) -> nn.Module:
    return nn.LayerNorm(channels, elementwise_affine=affine)


NORMALIZATIONS: Mapping[str, Normalization] = {
    "none": _none,
    "batch": _batch,
    "layer": _layer,
}
