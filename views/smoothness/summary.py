"""Smoothness along training in sentences and key numbers (D9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from normscape.landscape.smoothness import PathRatio, Smoothness, path_ratio
from normscape.views.widgets.numbers import MISSING, number

ABOUT_EQUAL = 1.1
"""Ratios up to this count as equal."""


LESS_SMOOTH = (
    "Shallow networks often behave this way: they train well without normalization, and with batch norm a step also "
    "changes the batch statistics. On the digits with raw inputs the order reverses: there batch norm is smoother at "
    "every checkpoint."
)


def ratios(results: Mapping[str, Sequence[Sequence[Smoothness]]]) -> dict[str, PathRatio | None]:
    """Return the ratio of every further network to the first, by label."""
    (_, reference), *others = results.items()
    return {label: path_ratio(reference, own) for label, own in others}


def headline(reference: str, label: str, ratio: PathRatio | None) -> str:
    """Return a sentence that compares a network with the first one, over their common checkpoints."""
    if ratio is None:
        return f"**{label}** and **{reference}** have no finite step in common."
    low, high = number(ratio.lowest, 2), number(ratio.highest, 2)
    if abs(math.log(ratio.median)) < math.log(ABOUT_EQUAL):
        claim = f"**{label} is about as smooth as {reference} along the path.**"
    else:
        claim = f"**{label} is {'less smooth' if ratio.median > 1 else 'smoother'} than {reference} along the path.**"
    return (
        f"{claim} At the same step of training its gradient changes {_times(ratio.median, 'more', 'less')} per unit "
        rf"of distance (effective $\beta$-smoothness: median over {ratio.checkpoints} checkpoints, from {low}× to "
        f"{high}×; lower at {ratio.lower} of them). Over the whole step it changes "
        f"{_times(ratio.change, 'more', 'less')} (median)."
    )


def _times(ratio: float, more: str, less: str) -> str:
    return f"{number(max(ratio, 1 / ratio), 2)}× {more if ratio > 1 else less}"


def key_numbers(course: Sequence[Smoothness]) -> dict[str, str]:
    """Return medians over the checkpoints of a network as text, by name."""
    along = [one.along for one in course]
    return {
        "Loss: largest − smallest": _median(one.variation[1] - one.variation[0] for one in along),
        "Largest change of the gradient": _median(one.predictiveness[1] for one in along),
        r"Effective $\beta$ along $-\nabla f$": _median(one.smoothness for one in along),
        r"Effective $\beta$ along random directions": _median(one.random.smoothness for one in course),
        r"$\|g\|$": _median(one.gradient_norm for one in course),
        r"Steps shortened to $\|\theta\|$": f"{sum(one.capped for one in course)} of {len(course)}",
    }


def _median(values: Iterable[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return number(float(np.median(finite))) if finite else MISSING
