"""Smoothness along training in sentences and key numbers (D9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from normscape.landscape.smoothness import Smoothness
from normscape.views.widgets.numbers import MISSING, number


def contrasts(results: Mapping[str, Sequence[Sequence[Smoothness]]]) -> list[str]:
    """Return for every further network a sentence that compares it with the first, over their common steps.

    Args:
        results: by label, then by seed, then by checkpoint; steps are paired between equal seeds.
    """
    (label, reference), *others = results.items()
    return [_contrast(label, reference, other, own) for other, own in others]


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


def _contrast(
    label: str, reference: Sequence[Sequence[Smoothness]], other: str, results: Sequence[Sequence[Smoothness]]
) -> str:
    pairs = [pair for first, second in zip(reference, results, strict=True) for pair in _pairs(first, second)]
    if not pairs:
        return f"**{other}** and **{label}** have no finite step in common."
    ratios = np.array([b.along.smoothness / a.along.smoothness for a, b in pairs])
    changes = np.array([b.along.predictiveness[1] / a.along.predictiveness[1] for a, b in pairs])
    low, high = number(float(ratios.min()), 2), number(float(ratios.max()), 2)
    ratio, change = (number(float(np.median(quotients)), 2) for quotients in (ratios, changes))
    return (
        rf"**{other}** against **{label}**: effective $\beta$ is smaller at {(ratios < 1).sum()} of {len(pairs)} "
        f"steps, {ratio} times as large at the median (from {low} to {high}); the gradient's largest change is "
        f"{change} times as large at the median."
    )


def _pairs(first: Sequence[Smoothness], second: Sequence[Smoothness]) -> list[tuple[Smoothness, Smoothness]]:
    """Return the pairs of equal steps whose ratio of smoothness is defined."""
    return [(a, b) for a in first for b in second if a.step == b.step and _comparable(a, b)]


def _comparable(a: Smoothness, b: Smoothness) -> bool:
    return bool(np.isfinite([a.along.smoothness, b.along.smoothness]).all() and a.along.smoothness > 0)


def _median(values: Iterable[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return number(float(np.median(finite))) if finite else MISSING
