"""The layer of each normalization, for inputs of some channels and position axes."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from normscape.models.normalizations.normalization import NormLayer, UndefinedNormError

MAX_GROUPS = 8
"""Wu and He use 32 groups in networks with at least 64 channels; the networks here have fewer."""


def group_count(channels: int) -> int:
    """Return the number of groups: the largest up to 8 that divides the channels into groups of at least two."""
    return max((g for g in range(1, MAX_GROUPS + 1) if channels % g == 0 and channels // g >= 2), default=1)


def none(channels: int, *, affine: bool, positions: int) -> nn.Module:
    """Return the identity."""
    return nn.Identity()


def batch(channels: int, *, affine: bool, positions: int) -> nn.Module:
    """Return torch's batch norm."""
    return (nn.BatchNorm2d if positions == 2 else nn.BatchNorm1d)(channels, affine=affine)


def layer(channels: int, *, affine: bool, positions: int) -> nn.Module:
    """Return layer norm over channels and positions."""
    if positions:
        return nn.GroupNorm(1, channels, affine=affine)  # one group of all channels and positions
    return nn.LayerNorm(channels, elementwise_affine=affine)


def group(channels: int, *, affine: bool, positions: int) -> nn.Module:
    """Return group norm with as many groups as `group_count` says."""
    return nn.GroupNorm(group_count(channels), channels, affine=affine)


def instance(channels: int, *, affine: bool, positions: int) -> nn.Module:
    """Return torch's instance norm, or the identity for the vector in front of an output layer."""
    if not positions:
        return nn.Identity()
    return (nn.InstanceNorm2d if positions == 2 else nn.InstanceNorm1d)(channels, affine=affine)


def any_positions(kind: Callable[..., nn.Module]) -> NormLayer:
    """Return the constructor of a layer that does not depend on the number of position axes."""
    return lambda channels, *, affine, positions: kind(channels, affine=affine)


def with_positions(kind: Callable[..., nn.Module]) -> NormLayer:
    """Return the same for a layer that needs positions; for the vector in front of an output layer, the identity."""
    return lambda channels, *, affine, positions: kind(channels, affine=affine) if positions else nn.Identity()


def layer_of_head(channels: int, *, affine: bool) -> nn.Module:
    """Return layer norm of the queries or keys of an attention head.

    Raises:
        UndefinedNormError: a head has one channel.
    """
    if channels < 2:
        raise UndefinedNormError(
            "a head has one channel, which is its own mean, so nothing is left of it; use a width of at least 8"
        )
    return nn.LayerNorm(channels, elementwise_affine=affine)
