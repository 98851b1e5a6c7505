"""A range that shows something: how far one has to go until the loss has risen by a stated multiple."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from normscape.landscape.measurement import Stop, StoppedError
from normscape.landscape.surface.slice import Slice

DIRECTIONS = 8
"""Points on a ring, evenly spread in (α, β)."""

SMALLEST, LARGEST = 1e-4, 64.0
ACCURACY = 0.05
"""Of the half-width, relative: a range that is read by eye need not be known better."""

FLOOR = 0.1
"""Loss that is added to the centre's before it is multiplied: a network that fits perfectly has a centre near 0, and a
multiple of that is still nothing to look at."""


@dataclass(frozen=True)
class AutoRange:
    """The half-width at which the mean loss on a ring reaches a multiple of the centre's."""

    value: float  # in α and β; the end of the search where the loss never gets there
    reached: bool
    evaluations: int  # points that the search took


def measure_auto_range(subject: Slice, *, multiple: float = 10.0, stop: Stop = lambda: False) -> AutoRange:
    """Find the half-width r at which the mean loss on the ring of radius r is `multiple` × (loss at the centre + 0.1).

    The ring is sampled at eight points; a ring on which any of them is not finite counts as beyond. The radius is
    doubled or halved until it encloses the level, then bisected, on a logarithmic axis.

    Args:
        subject: the slice; only its plane counts.
        multiple: of the centre's loss.
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the multiple is not above 1, or the loss at the centre is not finite.
    """
    if not multiple > 1:
        raise ValueError(f"multiple is {multiple:g}; it must be above 1")
    centre = subject.objective.loss(subject.origin).item()
    if not np.isfinite(centre):
        raise ValueError(f"the loss at the centre is {centre}, so no range shows anything")
    level, count = multiple * (centre + FLOOR), 1

    def beyond(radius: float) -> bool:
        nonlocal count
        count += DIRECTIONS
        losses = [_loss(subject, alpha, beta, stop) for alpha, beta in _ring(radius)]
        return not np.isfinite(losses).all() or float(np.mean(losses)) >= level

    low, high = _enclosed(beyond)
    if not SMALLEST < high <= LARGEST:
        return AutoRange(min(max(low, SMALLEST), LARGEST), reached=False, evaluations=count)
    while high > low * (1 + ACCURACY):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return AutoRange(high, reached=True, evaluations=count)


def shared_range(widths: Iterable[AutoRange]) -> float:
    """Return the half-width for compared networks: the smallest, at which the first of them reaches its level.

    Raises:
        ValueError: there is none.
    """
    return min(width.value for width in widths)


def _enclosed(beyond: Callable[[float], bool]) -> tuple[float, float]:
    """Return two radii, one half of the other, between which the level lies, or where the search ends."""
    high = 1.0
    if beyond(high):
        while high > SMALLEST and beyond(high / 2):
            high /= 2
        return high / 2, high
    while high <= LARGEST and not beyond(2 * high):
        high *= 2
    return high, 2 * high


def _ring(radius: float) -> list[tuple[float, float]]:
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    return [(float(radius * np.cos(angle)), float(radius * np.sin(angle))) for angle in angles]


def _loss(subject: Slice, alpha: float, beta: float, stop: Stop) -> float:
    if stop():
        raise StoppedError
    return subject.objective.loss(subject.point(alpha, beta)).item()
