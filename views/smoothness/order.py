"""Where the order of two networks holds along training: in how many seeds, and at which checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from normscape.figures.style.steps import MOST_NAMED, at_steps
from normscape.landscape.smoothness import Smoothness, path_ratio
from normscape.views.widgets.numbers import ABOUT_EQUAL

Columns = Sequence[Sequence[Smoothness]]
"""By seed, then by checkpoint."""


class Order(NamedTuple):
    """Seeds and steps at which the ratio of two networks is on the side of the ratio of their medians."""

    agreeing: int  # seeds
    seeds: int
    steps: tuple[int, ...]  # of checkpoints that both networks have
    reverse: tuple[int, ...]  # those of them at which the ratio is on the other side, in the median over seeds

    @property
    def in_seeds(self) -> str:
        """In how many seeds the order holds, as a sentence; empty for one."""
        if self.seeds < 2:
            return ""
        every = "both" if self.seeds == 2 else f"all {self.seeds}"
        count = every if self.agreeing == self.seeds else f"{self.agreeing} of {self.seeds}"
        return f"This order holds in {count} seeds."

    @property
    def sentence(self) -> str:
        """At which steps the order is the opposite, as a sentence."""
        first, last = self.steps[: -len(self.reverse) or None], self.steps[len(self.reverse) :]
        if not self.reverse:
            return "The order is the same at every checkpoint."
        if len(self.reverse) > 1 and self.steps[-len(self.reverse) :] == self.reverse and first:
            return f"After step {first[-1]}, the order is reversed."
        if len(self.reverse) > 1 and self.steps[: len(self.reverse)] == self.reverse and last:
            return f"Before step {last[0]}, the order is reversed."
        if len(self.reverse) > MOST_NAMED:
            return f"The order is reversed at {len(self.reverse)} of {len(self.steps)} checkpoints."
        return f"The order is reversed at {at_steps(self.reverse)} only."


def order(reference: Columns, other: Columns) -> Order | None:
    """Return where the order of two networks holds; None where they have no order.

    Args:
        reference: by seed, then by checkpoint.
        other: the same of the other network.
    """
    overall = path_ratio(reference, other)
    if overall is None or max(overall.median, 1 / overall.median) < ABOUT_EQUAL:
        return None
    sign = 1 if overall.median > 1 else -1
    ratios = [one for pair in zip(reference, other, strict=True) if (one := path_ratio([pair[0]], [pair[1]]))]
    by_step = _by_step(reference, other)
    return Order(
        sum(one.median**sign > 1 for one in ratios),
        len(ratios),
        tuple(by_step),
        tuple(step for step, ratio in by_step.items() if ratio**sign < 1 / ABOUT_EQUAL),
    )


def _by_step(reference: Columns, other: Columns) -> dict[int, float]:
    """Return the ratio at every step that both networks have, in the median over seeds."""
    found: dict[int, list[float]] = {}
    for first, second in zip(reference, other, strict=True):
        for step in sorted({one.step for one in first} & {one.step for one in second}):
            pair = ([one for one in own if one.step == step] for own in (first, second))
            if ratio := path_ratio([next(pair)], [next(pair)]):
                found.setdefault(step, []).append(ratio.median)
    return {step: float(np.median(ratios)) for step, ratios in sorted(found.items())}
