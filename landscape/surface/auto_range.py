"""An axis range for a plane: the radius at which the loss reaches a multiple of its value at the center."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from normscape.landscape.measurement import Stop, StoppedError
from normscape.landscape.surface.slice import Slice

RING_POINTS = 8
"""Points on the ring, equally spaced in angle."""

MIN_RADIUS, MAX_RADIUS = 1e-4, 64.0
"""Ends of the search."""
TOLERANCE = 0.05
"""Relative accuracy of the half-width; an axis range needs no more."""

LOSS_OFFSET = 0.1
"""Added to the loss at the center before multiplication. A network that fits its data has a loss near 0, and a
multiple of that is still near 0."""


@dataclass(frozen=True)
class AutoRange:
    """The half-width at which the mean loss on a ring reaches a multiple of the loss at the center."""

    value: float  # half-width in α and β; an end of the search if the loss does not reach the threshold
    reached: bool
    evaluations: int  # evaluated points


def measure_auto_range(subject: Slice, *, multiple: float = 10.0, stop: Stop = lambda: False) -> AutoRange:
    """Compute the half-width r at which the mean loss on a ring reaches `multiple` × (loss at the center + 0.1).

    The ring of radius r has eight points; a ring with a non-finite loss counts as above the threshold. The radius is
    doubled or halved until it brackets the threshold, then bisected on a logarithmic axis. Losses of samples that are
    negative at the center are counted from the lowest of them, so that a constant added to the loss changes little.

    Args:
        subject: the slice.
        multiple: multiple of the loss at the center.
        stop: polled between points.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the multiple is not above 1, or the loss at the center is not finite.
    """
    if not multiple > 1:
        raise ValueError(f"multiple is {multiple:g}; it must be above 1")
    center = subject.objective.loss(subject.origin).item()
    if not np.isfinite(center):
        raise ValueError(f"the loss at the center is {center}; an automatic range needs a finite loss")
    lowest = min(0.0, float(subject.objective.sample_losses(subject.origin).min()))
    threshold, count = lowest + multiple * (center - lowest + LOSS_OFFSET), 1

    def exceeds(radius: float) -> bool:
        nonlocal count
        count += RING_POINTS
        losses = [_loss(subject, alpha, beta, stop) for alpha, beta in _ring(radius)]
        return not np.isfinite(losses).all() or float(np.mean(losses)) >= threshold

    low, high = _bracket(exceeds)
    if not MIN_RADIUS < high <= MAX_RADIUS:
        return AutoRange(min(max(low, MIN_RADIUS), MAX_RADIUS), reached=False, evaluations=count)
    while high > low * (1 + TOLERANCE):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if exceeds(middle) else (middle, high)
    return AutoRange(high, reached=True, evaluations=count)


def shared_range(ranges: Iterable[AutoRange]) -> float:
    """Return the half-width for compared networks: the smallest.

    Raises:
        ValueError: `ranges` is empty.
    """
    return min(one.value for one in ranges)


def _bracket(exceeds: Callable[[float], bool]) -> tuple[float, float]:
    """Return two radii, with ratio 2, that bracket the threshold, or the end of the search."""
    high = 1.0
    if exceeds(high):
        while high > MIN_RADIUS and exceeds(high / 2):
            high /= 2
        return high / 2, high
    while high <= MAX_RADIUS and not exceeds(2 * high):
        high *= 2
    return high, 2 * high


def _ring(radius: float) -> list[tuple[float, float]]:
    angles = 2 * np.pi * np.arange(RING_POINTS) / RING_POINTS
    return [(float(radius * np.cos(angle)), float(radius * np.sin(angle))) for angle in angles]


def _loss(subject: Slice, alpha: float, beta: float, stop: Stop) -> float:
    if stop():
        raise StoppedError
    return subject.objective.loss(subject.point(alpha, beta)).item()
