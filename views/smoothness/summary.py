"""Smoothness along training in sentences and key numbers (D9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from normscape.figures.style.steps import at_steps
from normscape.landscape.smoothness import PathRatio, Smoothness, path_ratio
from normscape.views.smoothness.order import Order
from normscape.views.texts.escape import printable
from normscape.views.texts.labels import capitalized, in_text, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, MISSING, number

LESS_SMOOTH = (
    "**A reason:** batch norm divides by the standard deviation of its inputs. On standardized digits it is below 1 at "
    "first, which magnifies gradients. On raw digits it is above 1, and batch norm is smoother."
)
SMOOTH = (
    "**A reason:** batch norm divides by the standard deviation of its inputs. On raw digits it is above 1 at first, "
    "which diminishes gradients. On standardized digits it is below 1, and batch norm is less smooth."
)
"""Why batch norm is less smooth or smoother than no normalization, and where it is the other way round. The test is
tests/landscape/test_scale_of_batch_norm.py."""

Sign = Literal[-1, 1] | None
"""-1 where the second of two networks is flatter, 1 where the first one is, None if neither is or it is unknown."""

MEASURE = "gradient change per unit of distance"

ALIAS = r"effective $\beta$-smoothness"
"""What the literature calls it."""

FEWEST_CHECKPOINTS = 2
"""Common checkpoints from which a verdict is given."""


def missing_points(results: Mapping[str, Sequence[Sequence[Smoothness]]]) -> str:
    """Return why checkpoints have no point, as a sentence; empty if all have one."""
    every = [one for own in results.values() for course in own for one in course]
    missing = [one.step for one in every if not (math.isfinite(one.along.smoothness) and one.along.smoothness > 0)]
    if not missing:
        return ""
    return (
        f"No point at {at_steps(missing)}: there the gradient is 0 or no value is finite, so the ratio is not defined."
    )


def ratios(results: Mapping[str, Sequence[Sequence[Smoothness]]]) -> dict[str, PathRatio | None]:
    """Return the ratio of every further network to the first, by label."""
    (_, reference), *others = results.items()
    return {label: path_ratio(reference, own) for label, own in others}


def headline(
    reference: str,
    compared: Mapping[str, PathRatio | None],
    seeds: int = 1,
    at_end: Sign = None,
    holds: Order | None = None,
    surfaces: str = "",
) -> str:
    """Return one sentence that compares all further networks with the first, and one with the numbers.

    Args:
        reference: label of the first network.
        compared: ratio of every further network to it, by label; None if they have no finite step in common.
        seeds: trainings of each network that the ratios pair.
        at_end: which of two networks is flatter at the trained weights; where it is the other, a sentence says so.
        holds: in which seeds and at which checkpoints two networks have this order.
        surfaces: the address of the experiment's surfaces, to which the sentence about the trained weights links.
    """
    known = {label: ratio for label, ratio in compared.items() if ratio is not None}
    lost = [
        f"{label} and {in_text(reference)} have no finite step in common." for label in compared if label not in known
    ]
    if len(known) == 1:
        lines = [_pair(reference, *next(iter(known.items())), seeds, at_end, holds, surfaces)]
    else:
        lines = [_several(reference, known, seeds)] if known else []
    return " ".join([*lines, *lost])


def spread(compared: Mapping[str, PathRatio | None]) -> str:
    """Return how far the ratio of two networks differs between checkpoints, as a sentence; empty for more networks."""
    known = {label: ratio for label, ratio in compared.items() if ratio is not None}
    if len(known) != 1:
        return ""
    ((label, ratio),) = known.items()
    if ratio.checkpoints < FEWEST_CHECKPOINTS:
        return ""
    if max(ratio.highest, 1 / ratio.lowest) < ABOUT_EQUAL:
        return f"At every checkpoint the two differ by less than {100 * (ABOUT_EQUAL - 1):.0f} %."
    return (
        f"{capitalized(of_network(label))}, the value is lower at {ratio.lower} of {ratio.checkpoints} checkpoints; at "
        f"single ones it is {_relative(ratio.lowest)} to {_relative(ratio.highest)}."
    )


def lost_checkpoints(lost: Mapping[str, tuple[int, int]]) -> str:
    """Return which networks diverged during training, and how many of their checkpoints are missing.

    Args:
        lost: missing and all checkpoints by label, of the networks that miss any.
    """
    return " ".join(
        f"{printable(label)} diverged during training: {missing} of its {total} checkpoints do not exist and are left "
        "out."
        for label, (missing, total) in lost.items()
    )


def alone(label: str, course: Sequence[Smoothness]) -> str:
    """Return the effective β-smoothness of the only network as a sentence."""
    finite = [one.along.smoothness for one in course if math.isfinite(one.along.smoothness)]
    if not finite:
        return f"**{label} has no finite step along the path.**"
    median = number(float(np.median(finite)))
    count = f"{len(finite)} checkpoint{'' if len(finite) == 1 else 's'}"
    return (
        f"**Along training, the gradient of {in_text(label)} changes by {median} per unit of distance (median of "
        f"{count}).** The values range from {number(min(finite))} to {number(max(finite))}. Select a second network to "
        "compare them."
    )


def _pair(
    reference: str, label: str, ratio: PathRatio, seeds: int, at_end: Sign, holds: Order | None, surfaces: str
) -> str:
    other = in_text(reference)
    own, base = (number(size) for size in ratio.medians)
    if ratio.checkpoints < FEWEST_CHECKPOINTS:
        return (
            f"**One common checkpoint is too few to compare {in_text(label)} with {other}.** Their {MEASURE} there, "
            f"{own} vs. {base}, says nothing about the path."
        )
    this, that = of_network(label), of_network(reference)
    medians = f"{own} vs. {base} per unit of distance (medians of {ratio.checkpoints} checkpoints{_in_all(seeds)})"
    if _about_equal(ratio):
        return (
            f"**Along training, the gradient changes about as fast {this} as {that}.** By this measure the loss is "
            f"about equally smooth: {medians}."
        )
    word = "less smooth" if ratio.median > 1 else "smoother"
    where = "".join(f" {one}" for one in (holds.in_seeds, holds.sentence) if one) if holds is not None else ""
    return (
        f"**Along training, the gradient changes {_times(ratio.median)} {this} than {that}.** By this "
        f"measure the loss is {word} {this}: {medians}.{where}{_other_measure(label, ratio, at_end, surfaces)}"
    )


def _other_measure(label: str, ratio: PathRatio, at_end: Sign, surfaces: str) -> str:
    """Return what the curvature of the trained networks says where it orders them the other way; empty elsewhere."""
    if _about_equal(ratio) or at_end != (-1 if ratio.median > 1 else 1):
        return ""
    word = "lower" if at_end == -1 else "higher"
    return (
        f" At the trained weights, the curvature of all samples says the opposite: it is {word} {of_network(label)} "
        f"([Surfaces]({surfaces}))."
    )


def _several(reference: str, known: Mapping[str, PathRatio], seeds: int) -> str:
    if max(ratio.checkpoints for ratio in known.values()) < FEWEST_CHECKPOINTS:
        return f"**One common checkpoint is too few to compare the networks with {in_text(reference)}.**"
    return f"**{_all(reference, known)}** Each factor compares medians over all checkpoints{_in_all(seeds)}."


def _in_all(seeds: int) -> str:
    return f" of {seeds} seeds" if seeds > 1 else ""


def _all(reference: str, known: Mapping[str, PathRatio]) -> str:
    """Return the smallest and the largest ratio if all are on one side of the first network, and otherwise each."""
    least, *_, most = sorted(known, key=lambda label: abs(math.log(known[label].median)))
    if not _about_equal(known[least]) and len({ratio.median > 1 for ratio in known.values()}) == 1:
        word, more = ("less smooth", "faster") if known[most].median > 1 else ("smoother", "slower")
        low, high = (number(_factor(known[label].median), 2) for label in (least, most))
        return (
            f"Along training, the gradient changes {low}× ({in_text(least)}) to {high}× ({in_text(most)}) {more} than "
            f"{of_network(reference)}: by this measure, all other networks are {word}."
        )
    amounts = {k: "about as fast" if _about_equal(ratio) else _times(ratio.median) for k, ratio in known.items()}
    parts = [f"{amount} with {in_text(k)}" for k, amount in amounts.items()]
    return (
        f"Compared with {in_text(reference)}, the gradient along training changes {', '.join(parts[:-1])} and "
        f"{parts[-1]}."
    )


def _about_equal(ratio: PathRatio) -> bool:
    return abs(math.log(ratio.median)) < math.log(ABOUT_EQUAL)


def _times(ratio: float) -> str:
    """Return a ratio as "2.7× faster" or "2× slower"."""
    return f"{number(_factor(ratio), 2)}× {'faster' if ratio > 1 else 'slower'}"


def _relative(ratio: float) -> str:
    """Return a ratio as "6.3× lower" or "2.7× higher", and as "1×" where it rounds to 1."""
    if not (math.isfinite(ratio) and ratio > 0):
        return MISSING
    text = f"{number(_factor(ratio), 2)}×"
    return text if text == "1×" else f"{text} {'higher' if ratio > 1 else 'lower'}"


def _factor(ratio: float) -> float:
    return max(ratio, 1 / ratio)


def ratio_numbers(reference: str, ratio: PathRatio | None) -> dict[str, str]:
    """Return the ratio of a network to the first one as text, by name."""
    if ratio is None:
        return {}
    name = f"{capitalized(MEASURE)}, relative to {in_text(reference)}"
    span = f"{_relative(ratio.lowest)} to {_relative(ratio.highest)}"
    return {
        f"{name}, ratio of medians": _relative(ratio.median),
        f"{name}, range over checkpoints": span,
        "Checkpoints at which it is lower": f"{ratio.lower} of {ratio.checkpoints}",
        f"Largest gradient change relative to {in_text(reference)}, ratio of medians": _relative(ratio.change),
    }


def key_numbers(course: Sequence[Smoothness]) -> dict[str, str]:
    """Return medians over the checkpoints of a network as text, by name."""
    along = [one.along for one in course]
    return {
        "Range of the loss along the step": _median(one.variation[1] - one.variation[0] for one in along),
        "Largest gradient change along the step": _median(one.predictiveness[1] for one in along),
        rf"Gradient change per unit of distance ({ALIAS})": _median(one.smoothness for one in along),
        "Gradient change per unit of distance, random directions": _median(one.random.smoothness for one in course),
        r"Gradient norm $\|g\|$": _median(one.gradient_norm for one in course),
        r"Checkpoints with steps shortened to $\|\theta\|$": f"{sum(one.capped for one in course)} of {len(course)}",
    }


def _median(values: Iterable[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return number(float(np.median(finite))) if finite else MISSING
