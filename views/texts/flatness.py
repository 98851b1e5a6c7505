"""The claim that Surfaces and Curvature begin with: which network is flatter, by its largest curvature (D8, D10)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

from normscape.specs.experiment import Variants
from normscape.views.session.seeds import SeedRatios, agreeing_seeds, counted_seeds
from normscape.views.texts.labels import as_listed, as_subject, in_text, listed, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, sign, three_digits, times

LARGEST = r"largest curvature $\lambda_{\max}$"

SeedPair = tuple[SeedRatios, SeedRatios]
"""The ratios of λ_max, and of its scale-free form, over training seeds."""


class HasFlatness(Protocol):
    """The numbers that a claim is about; None if pending, NaN if undefined."""

    @property
    def sharpness(self) -> float | None:
        """λ_max of the Hessian."""

    @property
    def scale_free(self) -> float | None:
        """λ_max of SHS (D8)."""


class Flatness(NamedTuple):
    """Both numbers of one network."""

    sharpness: float | None
    scale_free: float | None


INITIALIZATION = "at initialization"


def where(variants: Variants) -> str:
    """Return the weights that are compared, if they are the same step of training for all networks."""
    found = {
        INITIALIZATION
        if run.weights is None and (step == 0 or not run.training.steps)
        else "at the trained weights"
        if run.weights is not None or step in (None, run.training.steps)
        else f"at step {step}"
        for run, surface in variants.values()
        for step in [surface.evaluation.checkpoint]
    }
    return found.pop() if len(found) == 1 else "here"


def claim_of_pair(pair: tuple[str, str], one: HasFlatness, other: HasFlatness, place: str) -> str:
    """Return the claim on two networks in bold, with their numbers.

    Args:
        pair: labels of the network that the claim is about, and of the one that it is compared with.
        one: numbers of the first.
        other: numbers of the second; at least one pair of numbers is positive.
        place: the weights that are compared, such as "at initialization".
    """
    return f"**{as_subject(pair[0])} {_claim(one, other)} {place}: {LARGEST} is {numbers_of_pair(pair, one, other)}.**"


def short_claim(
    pair: tuple[str, str], one: HasFlatness, other: HasFlatness, place: str, seeds: SeedPair | None = None
) -> str:
    """Return the claim on the two networks that are drawn in bold without its numbers, as `claim_of_pair`.

    Where λ_max, as it is or scale-free, has the other order for most training seeds, the claim says so.
    """
    claim = f"{as_subject(pair[0])} {_claim(one, other)} {place}"
    if seeds is None or not any(_is_rare(*own) for own in _drawn_ratios(one, other, seeds)):
        return f"**{claim}.**"
    return f"**{claim}, but not with most training seeds.**"


def in_seeds(one: float | None, other: float | None, ratios: SeedRatios, unit: str = "") -> str:
    """Return what is drawn, the geometric mean over training seeds, and for how many of them the order is the same.

    Such as "2.5× lower here, 1.5× on average (lower in 4 of 5 training seeds)"; empty where two numbers cannot be
    compared.

    Args:
        one: λ_max, as it is or scale-free, of the network that the claim is about.
        other: that of the other one.
        ratios: of the two over training seeds.
        unit: follows the number of seeds, such as " training seeds".
    """
    text = factor(one, other, "{} here")
    if not text or one is None or other is None:
        return ""
    counted, average = counted_seeds(ratios, lower=one < other), factor(ratios.mean, 1.0, "{} on average")
    if sign(ratios.mean, 1.0) == sign(one, other):  # the direction is said already
        average = f"{times(ratios.mean, 1.0)} on average"
    if _is_rare(one, other, ratios):
        return f"{text}, but {average} ({counted.replace(' in ', ' in only ')}{unit})"
    return f"{text}, {average} ({counted}{unit})"


def _drawn_ratios(
    one: HasFlatness, other: HasFlatness, seeds: SeedPair
) -> list[tuple[float | None, float | None, SeedRatios]]:
    return [(one.sharpness, other.sharpness, seeds[0]), (one.scale_free, other.scale_free, seeds[1])]


def _is_rare(one: float | None, other: float | None, ratios: SeedRatios) -> bool:
    """Return whether two numbers differ, but for most training seeds in the other direction."""
    if not sign(one, other) or one is None or other is None:
        return False
    count, every = agreeing_seeds(ratios, lower=one < other)
    return 2 * count < every


def numbers_of_pair(pair: tuple[str, str], one: HasFlatness, other: HasFlatness) -> str:
    """Return λ_max of both networks with their ratio: "0.170 with A and 0.429 with B (2.5× lower)"."""
    values = [(math.nan if own.sharpness is None else own.sharpness) for own in (one, other)]
    texts = [f"{three_digits(value)} {of_network(label)}" for value, label in zip(values, pair, strict=True)]
    return f"{' and '.join(texts)}{factor(one.sharpness, other.sharpness)}"


def claim_of_several(sharpness: Mapping[str, float]) -> str:
    """Return the claim on more than two networks in bold: the flattest and the sharpest, with all that tie with them.

    Networks tie if each differs from the next by less than `ABOUT_EQUAL`; a chain of ties is never split.

    Args:
        sharpness: λ_max of all networks by label, positive.
    """
    groups = _ties(sharpness)
    if len(groups) == 1:
        if _about_equal(groups[0], sharpness):
            return f"**All {len(sharpness)} networks are about as flat here.**"
        return f"**No clear order here: {_listed(groups[0])} differ {_BY_STEPS}.**"
    flattest, sharpest = groups[0], groups[-1]
    if len(flattest) == len(sharpest) == 1:
        return f"**Flattest here: {as_listed(flattest[0])}. Sharpest: {as_listed(sharpest[0])}.**"
    flat = f"{_listed(flattest)} {_rank(flattest, sharpness, 'flat', 'flattest')} here"
    last = f"{listed([in_text(label) for label in sharpest])} {_rank(sharpest, sharpness, 'sharp', 'sharpest')}"
    return f"**{flat}; {last}.**"


def _listed(labels: Sequence[str]) -> str:
    return listed([as_subject(labels[0]), *map(in_text, labels[1:])])


_BY_STEPS = "by less than 10 % from one to the next"


def _ties(sharpness: Mapping[str, float]) -> list[list[str]]:
    """Return the labels in groups of ties, the flattest first."""
    ordered = sorted(sharpness, key=sharpness.__getitem__)
    groups = [ordered[:1]]
    for previous, label in pairwise(ordered):
        if sharpness[label] / sharpness[previous] < ABOUT_EQUAL:
            groups[-1].append(label)
        else:
            groups.append([label])
    return groups


def _about_equal(labels: Sequence[str], sharpness: Mapping[str, float]) -> bool:
    return sharpness[labels[-1]] / sharpness[labels[0]] < ABOUT_EQUAL


def _rank(labels: Sequence[str], sharpness: Mapping[str, float], word: str, superlative: str) -> str:
    if len(labels) == 1:
        return f"is the {superlative}"
    if _about_equal(labels, sharpness):
        return f"are about equally {word}"
    return f"are the {superlative} and differ {_BY_STEPS}"


def signs(one: HasFlatness, other: HasFlatness) -> set[int | None]:
    """Return what both numbers say: -1 where the first network is flatter, 1 where it is sharper, 0 if about equal."""
    return {sign(one.sharpness, other.sharpness), sign(one.scale_free, other.scale_free)} - {None}


def factor(one: float | None, other: float | None, text: str = " ({})") -> str:
    """Return how many times lower or higher the first number is, in a text; empty where that cannot be said."""
    order = sign(one, other)
    if order is None or one is None or other is None:
        return ""
    return text.format(f"{times(one, other)} {'lower' if order < 0 else 'higher'}" if order else "about equal")


def _claim(one: HasFlatness, other: HasFlatness) -> str:
    """Return what λ_max and its scale-free form say: flatter, sharper, about equal, or different things."""
    found = signs(one, other)
    if found == {0}:
        return "is about as flat"
    if found <= {0, -1}:
        return "is flatter"
    if found <= {0, 1}:
        return "is sharper"
    return "is flatter by one measure and sharper by the other"
