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
    "Shallow networks often behave this way: they train without normalization, and with it each step changes the "
    "statistics, too. In the deep linear network of the paper the order can reverse, depending on the "
    "scale of the targets."
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
        claim = f"**{label} is about as smooth as {reference} along the path**"
    else:
        claim = f"**{label} is {'less smooth' if ratio.median > 1 else 'smoother'} than {reference} along the path**"
    times = number(max(ratio.median, 1 / ratio.median), 2)
    return (
        f"{claim}: its gradient changes {times}× {'more' if ratio.median > 1 else 'less'} per unit of step "
        rf"(effective $\beta$-smoothness, median of the ratios at each checkpoint; {low} to {high}; below 1 at "
        f"{ratio.lower} of {ratio.checkpoints} checkpoints), the gradient's largest "
        f"change {number(max(ratio.change, 1 / ratio.change), 2)}× {'larger' if ratio.change > 1 else 'smaller'}."
    )


def key_numbers(course: Sequence[Smoothness]) -> dict[str, str]:
    """Return medians over the checkpoints of a network as text, by name."""
    along = [one.along for one in course]
    return {
        "Loss: largest - smallest, median": _median(one.variation[1] - one.variation[0] for one in along),
        "Gradient's largest change, median": _median(one.predictiveness[1] for one in along),
        r"Effective $\beta$ along $-\nabla f$, median": _median(one.smoothness for one in along),
        r"Effective $\beta$ at random, median": _median(one.random.smoothness for one in course),
        r"$\|g\|$, median": _median(one.gradient_norm for one in course),
        r"Steps cut where they are as long as $\theta$": f"{sum(one.capped for one in course)} of {len(course)}",
    }


def _median(values: Iterable[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return number(float(np.median(finite))) if finite else MISSING
