"""The axis of training steps that are spaced by log(step + 1), since the first is 0."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

MIN_TICK_DISTANCE = 1 / 14  # of the axis, so that labels do not overlap on narrow screens


MOST_NAMED = 4  # steps that a sentence lists


def at_steps(steps: Iterable[int]) -> str:
    """Return training steps in words: "step 5", "steps 0, 5 and 20"; of many only their number."""
    every = sorted(set(steps))
    if len(every) > MOST_NAMED:
        return f"{len(every)} steps"
    names = list(map(str, every))
    return f"step {names[0]}" if len(names) == 1 else f"steps {', '.join(names[:-1])} and {names[-1]}"


def step_axis(steps: Sequence[int]) -> dict[str, Any]:
    """Return a logarithmic axis of step + 1 whose labels are steps; the last is always named.

    Args:
        steps: in increasing order.
    """
    ends = [math.log10(steps[0] + 1) - 0.05, math.log10(steps[-1] + 1) + 0.05]
    named = [steps[-1]]
    for step in reversed(steps):
        if math.log10((named[-1] + 1) / (step + 1)) >= MIN_TICK_DISTANCE * (ends[1] - ends[0]):
            named.append(step)
    named.reverse()
    return {"type": "log", "tickvals": [step + 1 for step in named], "ticktext": list(map(str, named)), "range": ends}
