"""The verdict above the surfaces: which network is flatter, by how much, and at what fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from normscape.landscape import Sharpness, bounds_from_center
from normscape.views.session.results import Outcome
from normscape.views.widgets.numbers import ABOUT_EQUAL, number, percent

PENDING = "being measured"

SHARPNESS = r"sharpness $\lambda_{\max}$"

NO_NORM = "No normalization"

MOST_LISTED = 4
"""Networks whose λ_max are listed one by one."""


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one network that the verdict is about; None if pending, NaN if undefined."""

    sharpness: float | None  # λ_max of the Hessian
    scale_free: float | None  # λ_max of SHS (D8)
    bound: float | None  # the largest gradient change from the center, a lower bound on L (D5); grids must be equal
    accuracy: float  # on held-out samples; NaN for a regression
    held_out_loss: float
    samples: int = 0  # at most so many that training does not see; 0 if that was not recorded


def measures(outcomes: Mapping[str, Outcome]) -> dict[str, Measures]:
    """Return the measures of every network that has a surface, by label."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    same_grid = len({surface.loss.shape for surface in surfaces.values()}) == 1
    bounds = bounds_from_center(surfaces) if same_grid else {}
    return {label: _measures(outcomes[label], bounds[label].value if same_grid else None) for label in surfaces}


def compared_pair(measured: Mapping[str, Measures]) -> tuple[str, str] | None:
    """Return the network that the verdict is about and the one it is compared with, None with fewer than two.

    Of two networks it is the second against the first. Of more it is the one with the smallest λ_max, against the one
    without normalization, or against the one with the largest λ_max.
    """
    labels = list(measured)
    if len(labels) <= 2:
        return (labels[1], labels[0]) if len(labels) == 2 else None
    known = {label: one.sharpness for label, one in measured.items() if one.sharpness is not None}
    ranked = sorted((value, label) for label, value in known.items() if math.isfinite(value))
    if len(ranked) < 2:
        return labels[1], labels[0]
    best, worst = ranked[0][1], ranked[-1][1]
    return best, NO_NORM if NO_NORM in known and best != NO_NORM else worst


def verdict(measured: Mapping[str, Measures], *, stopped: bool = False, where: str = "here", drawn: str = "") -> str:
    """Return the verdict as Markdown: the claim in bold, and the numbers behind it.

    Args:
        measured: what is known of each network, by label.
        stopped: whether the missing numbers are not being measured.
        where: the weights that two networks are compared at, such as "at initialization".
        drawn: what the numbers are of, such as "Training seed 0"; empty if that needs no words.
    """
    sentence = _verdict(measured, where, f"{drawn}: " if drawn else "")
    sentence = f"{sentence[:1].upper()}{sentence[1:]}"
    return sentence.replace(PENDING, "not measured") if stopped else sentence


def _verdict(measured: Mapping[str, Measures], where: str, drawn: str) -> str:
    pair = compared_pair(measured)
    if pair is None:
        return "".join(f"**{label}.** {drawn}{_alone(one)}" for label, one in measured.items())
    if len(measured) > 2:
        return _of_several(measured, drawn)
    subject, reference = pair
    one, other = measured[subject], measured[reference]
    parts = [
        _contrast(SHARPNESS, one.sharpness, other.sharpness),
        _ratio("scale-free", one, other),
        _fit(one, other),
    ]
    claim = _claim(one, other)
    return (f"**{subject} {claim} {where}.** " if claim else "") + drawn + " · ".join(filter(None, parts))


def _of_several(measured: Mapping[str, Measures], drawn: str) -> str:
    """Return the verdict on more than two networks: the flattest, the sharpest, and the range of every number."""
    sharpness = _ranked({label: one.sharpness for label, one in measured.items()})
    scale_free = _ranked({label: one.scale_free for label, one in measured.items()})
    if len(sharpness) < 2:
        return f"{drawn}{SHARPNESS} is {PENDING} · {_fits(measured)}"
    (low, flattest), (high, sharpest) = sharpness[0], sharpness[-1]
    pending = [label for label, one in measured.items() if one.sharpness is None]
    parts = [f"{SHARPNESS} {number(low)} to {number(high)} ({times(low, high)} apart)"]
    if len(sharpness) <= MOST_LISTED:
        listed = ", ".join(f"{label} {number(value)}" for value, label in sharpness)
        parts = [f"{SHARPNESS}: {listed} ({times(low, high)} apart)"]
    if len(scale_free) > 1:
        ends = (scale_free[0][1], scale_free[-1][1])
        named = "" if ends == (flattest, sharpest) else f": {ends[0]} lowest, {ends[1]} highest"
        parts.append(f"scale-free {times(scale_free[0][0], scale_free[-1][0])} apart{named}")
    parts.append(_fits(measured))
    if pending:
        parts.append(f"{', '.join(pending)}: {PENDING}")
    if high / low < ABOUT_EQUAL:
        return f"**All {len(measured)} networks are about as flat here.** {drawn}{' · '.join(parts)}"
    return f"**Flattest here: {flattest}. Sharpest: {sharpest}.** {drawn}{' · '.join(parts)}"


def _ranked(values: Mapping[str, float | None]) -> list[tuple[float, str]]:
    """Return the known positive values with their labels, the smallest first."""
    return sorted((value, label) for label, value in values.items() if value is not None and 0 < value < math.inf)


def _fits(measured: Mapping[str, Measures]) -> str:
    """Return the range of held-out accuracy, or of held-out loss for a regression, with the network at each end."""
    accuracy = all(math.isfinite(one.accuracy) for one in measured.values())
    values = {label: one.accuracy if accuracy else one.held_out_loss for label, one in measured.items()}
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    text = percent if accuracy else number
    return f"held-out {'accuracy' if accuracy else 'loss'} {text(values[low])} ({low}) to {text(values[high])} ({high})"


def _measures(outcome: Outcome, bound: float | None) -> Measures:
    history = outcome.run.history
    entry = history.at(outcome.checkpoint if outcome.checkpoint in history.step else int(history.step[-1]))
    measured = outcome.measured
    return Measures(
        _value(None if measured is None else measured.sharpness),
        _value(None if measured is None else measured.scale_free_sharpness),
        bound,
        entry.held_out_accuracy,
        entry.held_out_loss,
        entry.samples,
    )


def _value(sharpness: Sharpness | None) -> float | None:
    return None if sharpness is None else sharpness.value


def _claim(one: Measures, other: Measures) -> str:
    """Return what λ_max and its scale-free form say: flatter, sharper, about equal, or different things.

    It is empty as long as λ_max is unknown.
    """
    if one.sharpness is None or other.sharpness is None:
        return ""
    signs = {sign(one.sharpness, other.sharpness), sign(one.scale_free, other.scale_free)} - {None}
    if signs == {0}:
        return "is about as flat"
    if signs <= {0, -1}:
        return "is flatter"
    if signs <= {0, 1}:
        return "is sharper"
    return "is flatter by one measure and sharper by the other"


def sign(one: float | None, other: float | None) -> int | None:
    """Return -1 if the first number is smaller, 1 if larger, 0 if about equal, None if one of them is not positive."""
    if one is None or other is None or not (one > 0 and other > 0):
        return None
    return 0 if max(one / other, other / one) < ABOUT_EQUAL else (-1 if one < other else 1)


def _contrast(name: str, one: float | None, other: float | None) -> str | None:
    if one is None or other is None:
        return f"{name} is {PENDING}"
    order, numbers = sign(one, other), f"{name} {number(one)} vs. {number(other)}"
    return numbers if not order else f"{numbers} ({times(one, other)} {'lower' if order < 0 else 'higher'})"


def _ratio(name: str, one: Measures, other: Measures) -> str | None:
    order = sign(one.scale_free, other.scale_free)
    if order is None or one.scale_free is None or other.scale_free is None:
        return None
    if order == 0:
        return f"{name} about equal"
    return f"{name} {times(one.scale_free, other.scale_free)} {'lower' if order < 0 else 'higher'}"


def times(one: float, other: float) -> str:
    """Return the larger of two numbers in units of the smaller: "2.5×"."""
    return f"{number(max(one / other, other / one), 2)}×"


def _fit(one: Measures, other: Measures) -> str:
    if math.isnan(one.accuracy) or math.isnan(other.accuracy):
        return f"held-out loss {number(one.held_out_loss)} vs. {number(other.held_out_loss)}"
    return f"held-out accuracy {percent(one.accuracy)} vs. {percent(other.accuracy)}"


def _alone(one: Measures) -> str:
    fit = percent(one.accuracy) if math.isfinite(one.accuracy) else number(one.held_out_loss)
    name = "held-out accuracy" if math.isfinite(one.accuracy) else "held-out loss"
    sharpness = f"is {PENDING}" if one.sharpness is None else number(one.sharpness)
    return f"{SHARPNESS} {sharpness} · {name} {fit}"
