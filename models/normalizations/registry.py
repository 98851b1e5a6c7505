"""Normalizations, by name.

To add one, add an entry to `NORMALIZATIONS` and, unless torch has it, a module with its layer.
"""

from __future__ import annotations

from collections.abc import Mapping

from normscape.models.normalizations import constructors, papers, refusals
from normscape.models.normalizations.center_scale import Center, Scale
from normscape.models.normalizations.constructors import MAX_GROUPS, any_positions, group_count
from normscape.models.normalizations.filter_response import FilterResponse, Threshold
from normscape.models.normalizations.normalization import NO_AVERAGES, Normalization
from normscape.models.normalizations.pointwise import DynamicErf, DynamicTanh
from normscape.models.normalizations.quadratic_mean import QuadraticMean
from normscape.models.normalizations.rms import RootMeanSquare
from normscape.models.normalizations.spectral import divide_by_largest_singular_value
from normscape.models.normalizations.weight import normalize_weight
from normscape.models.normalizations.weight_standardization import standardize_weight, standardize_weight_scaled

__all__ = ["MAX_GROUPS", "NORMALIZATIONS", "group_count"]


def _of_weights(label: str) -> Mapping[str, str]:
    """Return what has no effect with a normalization of weights."""
    reason = f"{label} changes the weights themselves; it is neither before nor after the layer"
    return NO_AVERAGES | {"placement": reason}


NORMALIZATIONS: Mapping[str, Normalization] = {
    "none": Normalization(
        constructors.none,
        label="No normalization",
        description="The network without normalization layers.",
        idle=NO_AVERAGES
        | {
            "affine": "without a normalization there is nothing to scale or shift",
            "placement": "without a normalization there is nothing to place",
        },
    ),
    "batch": Normalization(
        constructors.batch,
        label="Batch norm",
        description="Batch norm standardizes each channel to zero mean and unit variance over the batch (and spatial "
        "positions).",
        papers=(papers.IOFFE,),
        formula=r"\hat y=(y-\mu)/\sqrt{v+\varepsilon}",
        definition="A14",
    ),
    "layer": Normalization(
        constructors.layer,
        label="Layer norm",
        description="Layer norm standardizes each sample to zero mean and unit variance over its channels (and spatial "
        "positions).",
        idle=NO_AVERAGES,
        papers=(papers.BA,),
    ),
    "group": Normalization(
        constructors.group,
        label="Group norm",
        description="Group norm is layer norm within groups of channels: "
        f"at most {MAX_GROUPS} groups of at least two channels.",
        idle=NO_AVERAGES,
        papers=(papers.WU,),
    ),
    "instance": Normalization(
        constructors.instance,
        label="Instance norm",
        description="Instance norm standardizes each channel of each sample to zero mean and unit variance over its "
        "spatial positions.",
        idle=NO_AVERAGES,
        refuses=refusals.averages_over_positions,
        papers=(papers.ULYANOV,),
    ),
    "rms": Normalization(
        any_positions(RootMeanSquare),
        label="RMS norm",
        description="RMS norm divides each sample by the root mean square of its channels (and spatial positions), "
        "without subtracting the mean.",
        idle=NO_AVERAGES,
        papers=(papers.ZHANG,),
    ),
    "weight": Normalization(
        constructors.none,
        weights=normalize_weight,
        label="Weight norm",
        description="Weight norm uses no statistics of the data: each filter is a direction v times a learned length "
        "g.",
        idle=_of_weights("weight norm"),
        papers=(papers.SALIMANS,),
        formula=r"w=g\,v/\|v\|",
    ),
    "center": Normalization(
        any_positions(Center),
        label="Center only",
        description="The first half of batch norm: subtract each channel's batch mean.",
        papers=(papers.SALIMANS,),
        definition="A7",
    ),
    "scale": Normalization(
        any_positions(Scale),
        label="Scale only",
        description="The second half of batch norm: divide each channel by its batch standard deviation.",
        definition="A8",
    ),
    "dyt": Normalization(
        any_positions(DynamicTanh),
        label="DyT",
        description=r"DyT (dynamic tanh) puts a tanh with a learned scale $\alpha$ in place of a normalization.",
        idle=NO_AVERAGES,
        papers=(papers.ZHU,),
        formula=r"y=\gamma\tanh(\alpha x)+\beta",
    ),
    "derf": Normalization(
        any_positions(DynamicErf),
        label="Derf",
        is_name=True,
        description=r"Derf (dynamic erf) puts the error function with a learned scale $\alpha$ and shift $s$ in place "
        "of a normalization.",
        idle=NO_AVERAGES,
        papers=(papers.CHEN,),
        formula=r"y=\gamma\,\mathrm{erf}(\alpha x+s)+\beta",
    ),
    "quadratic-mean": Normalization(
        any_positions(QuadraticMean),
        label="Quadratic-mean norm",
        description="Quadratic-mean norm divides each channel by its root mean square over the batch (and spatial "
        "positions), without subtracting the mean. It is PowerNorm with the exact gradient.",
        papers=(papers.SHEN,),
        formula=r"y=\gamma x/\sqrt{E[x^2]+\varepsilon}+\beta",
    ),
    "frn": Normalization(
        constructors.with_positions(FilterResponse),
        activation=Threshold,
        label="Filter response norm",
        description="Filter response norm divides each channel of each sample by its root mean square over the spatial "
        r"positions. A learned threshold $\tau$ per channel replaces the activation.",
        idle=NO_AVERAGES | {"activation": "the threshold of filter response norm takes the place of the activation"},
        refuses=refusals.is_sign_of_vectors,
        refuses_in=refusals.without_place_for_threshold,
        papers=(papers.SINGH,),
        formula=r"y=\gamma x/\sqrt{\nu^2+\varepsilon}+\beta,\ z=\max(y,\tau)",
    ),
    "weight-standardization": Normalization(
        constructors.none,
        weights=standardize_weight,
        label="Weight standardization",
        description="Weight standardization uses no statistics of the data: the weights of each filter have zero mean "
        "and unit variance, times a learned gain $g$.",
        idle=_of_weights("weight standardization"),
        depends_on_size=True,
        papers=(papers.QIAO,),
        formula=r"\hat W=g\,(W-\mu)/\sigma",
    ),
    "scaled-weight-standardization": Normalization(
        constructors.none,
        weights=standardize_weight_scaled,
        label="Scaled weight standardization",
        description="Scaled weight standardization also divides by the square root of the fan-in $n$, so that each "
        "filter has zero mean and unit length, times a learned gain $g$.",
        idle=_of_weights("scaled weight standardization"),
        depends_on_size=True,
        papers=(papers.BROCK,),
        formula=r"\hat W=g\,(W-\mu)/(\sigma\sqrt n)",
    ),
    "spectral": Normalization(
        constructors.none,
        weights=divide_by_largest_singular_value,
        label="Spectral norm",
        description=r"Spectral norm divides each weight matrix by its largest singular value $\sigma(W)$, computed "
        "exactly at every point, times a learned scalar $g$.",
        idle=_of_weights("spectral norm"),
        papers=(papers.MIYATO,),
        formula=r"\hat W=g\,W/\sigma(W)",
    ),
    "qk": Normalization(
        constructors.layer,
        attention=constructors.layer_of_head,
        label="QK-norm",
        description="QK-norm is layer norm of the queries and keys in each attention head, together with layer norm in "
        "the blocks of the transformer.",
        idle=NO_AVERAGES,
        refuses_in=refusals.without_attention,
        depends_on_size=True,
        papers=(papers.DEHGHANI, papers.HENRY),
        formula=r"\mathrm{softmax}\big(\mathrm{LN}(Q)\,\mathrm{LN}(K)^\top/\sqrt d\big)V",
    ),
}
