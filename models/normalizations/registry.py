"""Normalizations, by name: the registry, and the layers that take only a few lines.

To add one, add an entry to `NORMALIZATIONS` and, unless torch has it, its layer above.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from normscape.models.normalizations.center_scale import Center, Scale
from normscape.models.normalizations.normalization import NO_AVERAGES, Normalization
from normscape.models.normalizations.rms import RootMeanSquare
from normscape.models.normalizations.weight import normalize_weight
from normscape.models.registry import Paper

MAX_GROUPS = 8
"""Wu and He use 32 groups in networks with at least 64 channels; the networks here have fewer."""


def group_count(channels: int) -> int:
    """Return the number of groups: the largest up to 8 that divides the channels into groups of at least two."""
    return max((g for g in range(1, MAX_GROUPS + 1) if channels % g == 0 and channels // g >= 2), default=1)


def _none(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return nn.Identity()


def _batch(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return (nn.BatchNorm2d if positions == 2 else nn.BatchNorm1d)(channels, affine=affine)


def _center(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return Center(channels, affine=affine)


def _scale(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return Scale(channels, affine=affine)


def _layer(channels: int, *, affine: bool, positions: int) -> nn.Module:
    if positions:
        return nn.GroupNorm(1, channels, affine=affine)  # one group of all channels and positions
    return nn.LayerNorm(channels, elementwise_affine=affine)


def _group(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return nn.GroupNorm(group_count(channels), channels, affine=affine)


def _instance(channels: int, *, affine: bool, positions: int) -> nn.Module:
    if not positions:
        return nn.Identity()  # the vector in front of an output layer
    return (nn.InstanceNorm2d if positions == 2 else nn.InstanceNorm1d)(channels, affine=affine)


def _refuses_vectors(positions: int) -> str | None:
    return None if positions else "it averages over the positions of an image"


def _rms(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return RootMeanSquare(channels, affine=affine)


class DynamicTanh(nn.Module):
    """y = γ tanh(α x) + β for every channel, without statistics (Zhu et al. 2025, arXiv 2503.10622, §4).

    α is one scalar per layer. It is learned without `affine`, too, since it is not part of the affine map.
    """

    def __init__(self, channels: int, *, affine: bool) -> None:
        """Build the layer for inputs (N, channels, ...), with the paper's initial α = 0.5."""
        super().__init__()
        self.alpha = nn.Parameter(torch.full((1,), 0.5))
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the output for x (N, C, ...)."""
        y = torch.tanh(self.alpha * x)
        if self.weight is None or self.bias is None:
            return y
        shape = [1, -1, *[1] * (x.ndim - 2)]
        return y * self.weight.view(shape) + self.bias.view(shape)


def _dynamic_tanh(channels: int, *, affine: bool, positions: int) -> nn.Module:
    return DynamicTanh(channels, affine=affine)


IOFFE = Paper(
    "Ioffe and Szegedy 2015",
    "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
    "https://arxiv.org/abs/1502.03167",
)
SALIMANS = Paper(
    "Salimans and Kingma 2016",
    "Weight Normalization: A Simple Reparameterization to Accelerate Training of Deep Neural Networks",
    "https://arxiv.org/abs/1602.07868",
)

NORMALIZATIONS: Mapping[str, Normalization] = {
    "none": Normalization(
        _none,
        label="No normalization",
        description="The network without normalization layers.",
        idle=NO_AVERAGES
        | {
            "affine": "without a normalization there is nothing to scale or shift",
            "placement": "without a normalization there is nothing to place",
        },
    ),
    "batch": Normalization(
        _batch,
        label="Batch norm",
        description="Batch norm standardizes each channel to zero mean and unit variance over the batch (and spatial "
        "positions).",
        papers=(IOFFE,),
        formula=r"\hat y=(y-\mu)/\sqrt{v+\varepsilon}",
        definition="A14",
    ),
    "layer": Normalization(
        _layer,
        label="Layer norm",
        description="Layer norm standardizes each sample to zero mean and unit variance over its channels (and spatial "
        "positions).",
        idle=NO_AVERAGES,
        papers=(Paper("Ba et al. 2016", "Layer Normalization", "https://arxiv.org/abs/1607.06450"),),
    ),
    "group": Normalization(
        _group,
        label="Group norm",
        description="Group norm is layer norm within groups of channels: "
        f"at most {MAX_GROUPS} groups of at least two channels.",
        idle=NO_AVERAGES,
        papers=(Paper("Wu and He 2018", "Group Normalization", "https://arxiv.org/abs/1803.08494"),),
    ),
    "instance": Normalization(
        _instance,
        label="Instance norm",
        description="Instance norm standardizes each channel of each sample to zero mean and unit variance over its "
        "spatial positions.",
        idle=NO_AVERAGES,
        refuses=_refuses_vectors,
        papers=(
            Paper(
                "Ulyanov et al. 2016",
                "Instance Normalization: The Missing Ingredient for Fast Stylization",
                "https://arxiv.org/abs/1607.08022",
            ),
        ),
    ),
    "rms": Normalization(
        _rms,
        label="RMS norm",
        description="RMS norm divides each sample by the root mean square of its channels (and spatial positions), "
        "without subtracting the mean.",
        idle=NO_AVERAGES,
        papers=(
            Paper(
                "Zhang and Sennrich 2019",
                "Root Mean Square Layer Normalization",
                "https://arxiv.org/abs/1910.07467",
            ),
        ),
    ),
    "weight": Normalization(
        _none,
        weights=normalize_weight,
        label="Weight norm",
        description="Weight norm uses no statistics of the data: each filter is a direction v times a learned length "
        "g.",
        idle=NO_AVERAGES
        | {"placement": "weight norm changes the weights themselves; it is neither before nor after the layer"},
        papers=(SALIMANS,),
        formula=r"w=g\,v/\|v\|",
    ),
    "center": Normalization(
        _center,
        label="Center only",
        description="The first half of batch norm: subtract each channel's batch mean.",
        papers=(SALIMANS,),
        definition="A7",
    ),
    "scale": Normalization(
        _scale,
        label="Scale only",
        description="The second half of batch norm: divide each channel by its batch standard deviation.",
        definition="A8",
    ),
    "dyt": Normalization(
        _dynamic_tanh,
        label="DyT",
        description=r"DyT (dynamic tanh) replaces normalization by a tanh with a learned scale $\alpha$ and no "
        "statistics.",
        idle=NO_AVERAGES,
        papers=(Paper("Zhu et al. 2025", "Transformers without Normalization", "https://arxiv.org/abs/2503.10622"),),
        formula=r"y=\gamma\tanh(\alpha x)+\beta",
    ),
}
