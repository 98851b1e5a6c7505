"""The verdict above the surfaces: which network is flatter, by how much, and at what fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from normscape.views.surface.measures import Measures, compared_pair
from normscape.views.texts.flatness import (
    LARGEST,
    SeedPair,
    claim_of_several,
    factor,
    in_seeds,
    numbers_of_pair,
    short_claim,
    signs,
)
from normscape.views.texts.labels import capitalized, in_text, of_network
from normscape.views.widgets.numbers import number, percent, three_digits, times

PENDING = "being measured"


class Verdict(NamedTuple):
    """The verdict as Markdown: one claim in bold, and the numbers behind it."""

    claim: str
    details: str


def verdict(
    measured: Mapping[str, Measures],
    *,
    stopped: bool = False,
    where: str = "here",
    seeds: SeedPair | None = None,
) -> Verdict:
    """Return the verdict: on what is drawn, and of two networks for how many training seeds it is the same.

    Args:
        measured: what is known of each network, by label.
        stopped: whether the missing numbers are not being measured.
        where: the weights that two networks are compared at, such as "at initialization".
        seeds: the ratios of λ_max and of its scale-free form over training seeds, of the compared pair.
    """
    found = _verdict(measured, where, seeds)
    pending = "not measured" if stopped else PENDING
    return Verdict(*(text.replace(PENDING, pending) for text in found))


def gradient_change(measured: Mapping[str, Measures]) -> str:
    """Return the largest gradient changes of the slices of two networks, empty where they cannot be compared."""
    pair = compared_pair(measured) if len(measured) == 2 else None
    if pair is None:
        return ""
    one, other = (measured[label].bound for label in pair)
    ratio = factor(one, other)
    if not ratio or one is None or other is None:
        return ""
    values = f"{three_digits(one)} {of_network(pair[0])}, {three_digits(other)} {of_network(pair[1])}"
    return f"Largest gradient change in the slice: {values}{ratio}."


def _verdict(measured: Mapping[str, Measures], where: str, seeds: SeedPair | None) -> tuple[str, ...]:
    pair = compared_pair(measured)
    if pair is None:
        return "", "".join(f"**{label}:** {_alone(one)}." for label, one in measured.items())
    if len(measured) > 2:
        return _of_several(measured)
    subject, reference = pair
    one, other = measured[subject], measured[reference]
    fit = _fit(one, other)
    if one.sharpness is None or other.sharpness is None:
        values = f"{fit} ({_order(pair)})."
        return f"{capitalized(LARGEST)} is {PENDING}.", capitalized(values)
    numbers = numbers_of_pair(pair, one, other)
    if not signs(one, other):
        claim = f"{capitalized(LARGEST)} is {numbers}: it compares nothing, since one of them is not positive."
        return claim, f"{capitalized(fit)} ({_order(pair)})."
    details = capitalized(" · ".join([*_factors(one, other, seeds), fit]))
    return short_claim(pair, one, other, where, seeds), f"{details}."


def _factors(one: Measures, other: Measures, seeds: SeedPair | None) -> list[str]:
    """Return λ_max of the first of two networks relative to the second, as it is and scale-free.

    A factor is of what is drawn, as in the tiles; training seeds are counted.
    """
    if seeds is None:
        plain = f"{three_digits(one.sharpness or 0.0)} vs. {three_digits(other.sharpness or 0.0)}"
        scale_free = factor(one.scale_free, other.scale_free, "scale-free curvature {}")
        return list(filter(None, [f"{LARGEST} {plain}{factor(one.sharpness, other.sharpness)}", scale_free]))
    plain = in_seeds(one.sharpness, other.sharpness, seeds[0], " training seeds")
    scale_free = in_seeds(one.scale_free, other.scale_free, seeds[1])
    return [f"{name} {text}" for name, text in ((LARGEST, plain), ("scale-free curvature", scale_free)) if text]


def _order(pair: tuple[str, str]) -> str:
    return " vs. ".join(in_text(label).removeprefix("the network ") for label in pair)


def _of_several(measured: Mapping[str, Measures]) -> tuple[str, str]:
    """Return the verdict on more than two networks: the flattest, the sharpest, and the range of every number."""
    sharpness = _ranked({label: one.sharpness for label, one in measured.items()})
    scale_free = _ranked({label: one.scale_free for label, one in measured.items()})
    if len(sharpness) < 2:
        return f"{capitalized(LARGEST)} is {PENDING}.", f"{capitalized(_fits(measured))}."
    (low, flattest), (high, sharpest) = sharpness[0], sharpness[-1]
    pending = [label for label, one in measured.items() if one.sharpness is None]
    parts = [f"{LARGEST} {three_digits(low)} to {three_digits(high)} ({times(low, high)} apart)"]
    if len(scale_free) > 1:
        ends = (scale_free[0][1], scale_free[-1][1])
        named = "" if ends == (flattest, sharpest) else f": {ends[0]} lowest, {ends[1]} highest"
        parts.append(f"scale-free curvature {times(scale_free[0][0], scale_free[-1][0])} apart{named}")
    parts.append(_fits(measured))
    if pending:
        claim = f"**{len(sharpness)} of {len(measured)} networks measured.**"
    else:
        claim = claim_of_several({label: value for value, label in sharpness})
    return claim, f"{capitalized(' · '.join(parts))}."


def _ranked(values: Mapping[str, float | None]) -> list[tuple[float, str]]:
    """Return the known positive values with their labels, the smallest first."""
    return sorted((value, label) for label, value in values.items() if value is not None and 0 < value < math.inf)


def _fits(measured: Mapping[str, Measures]) -> str:
    """Return the range of held-out accuracy, or of held-out loss for a regression."""
    accuracy = all(math.isfinite(one.accuracy) for one in measured.values())
    values = [one.accuracy if accuracy else one.held_out_loss for one in measured.values()]
    text = percent if accuracy else number
    low, high = text(min(values)), text(max(values))
    return f"held-out {'accuracy' if accuracy else 'loss'} {low if low == high else f'{low} to {high}'}"


def _fit(one: Measures, other: Measures) -> str:
    """Return held-out accuracy, or held-out loss for a regression, of the first network and of the second."""
    if math.isnan(one.accuracy) or math.isnan(other.accuracy):
        return f"held-out loss {three_digits(one.held_out_loss)} vs. {three_digits(other.held_out_loss)}"
    return f"held-out accuracy {percent(one.accuracy)} vs. {percent(other.accuracy)}"


def _alone(one: Measures) -> str:
    fit = percent(one.accuracy) if math.isfinite(one.accuracy) else number(one.held_out_loss)
    name = "held-out accuracy" if math.isfinite(one.accuracy) else "held-out loss"
    sharpness = f"is {PENDING}" if one.sharpness is None else three_digits(one.sharpness)
    if one.sharpness is not None and math.isnan(one.sharpness):
        sharpness = "is undefined, since a gradient is not finite"
    return f"{LARGEST} {sharpness} · {name} {fit}"
