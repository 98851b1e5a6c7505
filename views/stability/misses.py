"""Where the limit that the curvature at initialization predicts is far from the largest stable rate (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from normscape.landscape.stability import RATES
from normscape.views.stability.summary import FACTOR
from normscape.views.texts.labels import capitalized, of_network
from normscape.views.widgets.numbers import ABOUT_EQUAL, number

FAR = 10.0
"""A limit that differs from the largest stable rate by this factor is far off: several times the grid's spacing."""


def misses(largest: Mapping[str, float], predicted: Mapping[str, Mapping[int, float]]) -> list[str]:
    """Return a sentence for every network whose predicted limit is far off.

    A limit that is too high comes with the rise of the curvature during training where later checkpoints show one, and
    as its consequence only where that rise is as large, given the grid.

    Args:
        largest: the largest stable learning rate by label, 0 if none is stable.
        predicted: limit that the curvature of a network's own training predicts, by label and step.
    """
    sentences = []
    for label, rate in largest.items():
        limit = predicted.get(label, {}).get(0, math.nan)
        if not (rate and math.isfinite(limit)):
            continue
        network = of_network(label)
        if limit / rate >= FAR and rate < RATES[-1]:
            sentences.append(
                f"{_off(network)} {number(limit / rate, 2)}× too high{_rise(predicted[label], limit / rate)}."
            )
        elif rate / limit >= FAR:
            least = "at least " if rate >= RATES[-1] else ""
            sentences.append(f"{_off(network)} {least}{number(rate / limit, 2)}× too low.")
    return sentences


def _off(network: str) -> str:
    """Return the beginning of the sentence on a network, such as "without normalization"."""
    return f"{capitalized(network)}, the predicted limit is"


def _rise(limits: Mapping[int, float], miss: float) -> str:
    """Return the end of the sentence on a limit that is too high."""
    rise = max((limits[0] / limit for step, limit in limits.items() if step), default=1.0)
    if rise < ABOUT_EQUAL:
        return ""
    if rise * FACTOR >= miss:
        return ": the curvature rises during training"
    return f". During training the curvature rises up to {number(rise, 2)}×, too little to explain this"
