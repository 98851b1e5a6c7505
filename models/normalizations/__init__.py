"""Normalizations, by name; one contract: the channel count first, then whether a scale and a shift are learned.

Inputs are (N, channels) or (N, channels, *positions). What each one averages over:

| name     | statistics                                             | source                                        |
|----------|--------------------------------------------------------|-----------------------------------------------|
| batch    | of a channel, over samples and positions               | Ioffe and Szegedy 2015, arXiv 1502.03167      |
| centre   | the same, and only the mean is taken off               | Salimans and Kingma 2016, §4 (mean-only)      |
| scale    | the same, and only the centred deviation is divided by | the other half (A8)                           |
| layer    | of a sample, over channels and positions               | Ba et al. 2016, arXiv 1607.06450              |
| group    | of a sample, over a group of channels and positions    | Wu and He 2018, arXiv 1803.08494              |
| instance | of a sample and a channel, over positions              | Ulyanov et al. 2016, arXiv 1607.08022         |
| rms      | root mean square of a sample, over channels, positions | Zhang and Sennrich 2019, arXiv 1910.07467     |
| weight   | none: each filter is its direction times a scale       | Salimans and Kingma 2016, arXiv 1602.07868    |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from normscape.models.normalizations.center_scale import Centre, Scale
from normscape.models.normalizations.rms import RootMeanSquare
from normscape.models.normalizations.weight import normalize_weight

__all__ = ["MOST_GROUPS", "NORMALIZATIONS", "Normalization", "groups_of"]

MOST_GROUPS = 8
"""Wu and He take 32 groups of networks with 64 channels and more; ours have fewer channels."""


class NormLayer(Protocol):
    """Builds the layer that normalizes `channels` channels with `positions` axes of positions behind them."""

    def __call__(self, channels: int, *, affine: bool, positions: int) -> nn.Module: ...


def _unchanged(layer: nn.Module, *, affine: bool) -> nn.Module:
    return layer


@dataclass(frozen=True)
class Normalization:
    """A normalization: the layer that it puts beside another one, and what it does to that one's weights."""

    layer: NormLayer
    sentence: str
    weights: Callable[..., nn.Module] = _unchanged  # (layer, *, affine) to the layer
    needs_positions: bool = False  # a vector, which has none, stays as it is
    has_placement: bool = True  # whether before and after differ
    over_samples: bool = False  # whether its statistics are of a batch, so that they have kinds (D1)


def groups_of(channels: int) -> int:
    """Return the number of groups: the largest up to 8 that divides the channels into groups of at least two."""
    return max((g for g in range(1, MOST_GROUPS + 1) if channels % g == 0 and channels // g >= 2), default=1)


def _none(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return nn.Identity()


def _batch(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return (nn.BatchNorm2d if positions == 2 else nn.BatchNorm1d)(channels, affine=affine)


def _layer(channels: int, *, affine: bool, positions: int) -> nn.Module:
    if positions:
        return nn.GroupNorm(1, channels, affine=affine)  # one group of all channels and positions
    return nn.LayerNorm(channels, elementwise_affine=affine)


def _group(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return nn.GroupNorm(groups_of(channels), channels, affine=affine)


def _instance(channels: int, *, affine: bool, positions: int) -> nn.Module:
    if not positions:
        return nn.Identity()
    return (nn.InstanceNorm2d if positions == 2 else nn.InstanceNorm1d)(channels, affine=affine)


def _rms(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return RootMeanSquare(channels, affine=affine)


def _centre(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return Centre(channels, affine=affine)


def _scale(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return Scale(channels, affine=affine)


NORMALIZATIONS: Mapping[str, Normalization] = {
    "none": Normalization(_none, "No normalization: the network as it is.", has_placement=False),
    "batch": Normalization(
        _batch,
        "Batch norm: every channel gets mean 0 and deviation 1 over the samples (and positions) of a batch.",
        over_samples=True,
    ),
    "layer": Normalization(
        _layer, "Layer norm: every sample gets mean 0 and deviation 1 over its channels (and positions)."
    ),
    "group": Normalization(
        _group, f"Group norm: layer norm within groups of channels, at most {MOST_GROUPS} of at least two."
    ),
    "instance": Normalization(
        _instance, "Instance norm: every channel of every sample on its own, over positions.", needs_positions=True
    ),
    "rms": Normalization(_rms, "RMS norm: every sample is divided by the root of its mean square; no mean comes off."),
    "weight": Normalization(
        _none,
        "Weight norm: no statistics of data; each filter is a direction times a learned length.",
        weights=normalize_weight,
        has_placement=False,
    ),
    "centre": Normalization(
        _centre, "Centre only: the first half of batch norm, each channel minus its batch mean.", over_samples=True
    ),
    "scale": Normalization(
        _scale,
        "Scale only: the second half of batch norm, each channel divided by its batch deviation.",
        over_samples=True,
    ),
}
