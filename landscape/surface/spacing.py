"""L̂ against the spacing of neighbors: along one line, at spacings that halve (D7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from normscape.landscape.measurement import Progress, Stop
from normscape.landscape.surface.slice import Slice, distance

LEVELS = 7


@dataclass(frozen=True, eq=False)
class RatioBySpacing:
    """The largest ratio between neighbors on one line, by spacing; at kinks it grows like 1/spacing."""

    spacing: np.ndarray  # (K,) ‖p - q‖, decreasing
    bound: np.ndarray  # (K,) the largest ratio at that spacing; nan if no pair is finite
    pairs: np.ndarray  # (K,) pairs with a finite ratio


def measure_ratio_by_spacing(
    subject: Slice,
    ends: tuple[float, float],
    *,
    levels: int = LEVELS,
    on_progress: Progress | None = None,
    stop: Stop = lambda: False,
) -> RatioBySpacing:
    """Measure ratios between neighbors along d1 through the center, over a range of α, at `levels` spacings.

    The coarsest level has two intervals, and each further level halves them, so that all levels share the points of the
    finest: 2^levels + 1 gradients in total, all kept in memory.

    Args:
        subject: the slice; β is 0.
        ends: first and last α.
        levels: number of spacings.
        on_progress: called with (points done, total points).
        stop: polled between mini-batches.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: `levels` is below 1.
    """
    if levels < 1:
        raise ValueError(f"levels is {levels}; it must be at least 1")
    count = 2**levels + 1
    alpha = np.linspace(*ends, count)
    gradients: list[Tensor] = []
    for index in alpha:
        if on_progress is not None:
            on_progress(len(gradients), count)
        gradients.append(subject.objective.evaluate(subject.point(index, 0.0), stop=stop).gradient)
    results = [_level(subject, alpha, gradients, 2 ** (levels - level)) for level in range(1, levels + 1)]
    return RatioBySpacing(*(np.array(column) for column in zip(*results, strict=True)))


def _level(subject: Slice, alpha: np.ndarray, gradients: list[Tensor], stride: int) -> tuple[float, float, int]:
    """Return spacing, largest ratio and number of pairs of the points that are `stride` apart."""
    ratios = []
    for first in range(0, len(alpha) - stride, stride):
        p, q = (subject.point(alpha[index], 0.0) for index in (first, first + stride))
        step = distance(p, q)
        ratios.append(distance(gradients[first], gradients[first + stride]) / step if step > 0 else np.nan)
    finite = [ratio for ratio in ratios if np.isfinite(ratio)]
    spacing = float(alpha[stride] - alpha[0]) * subject.plane.norms[0]
    return spacing, max(finite, default=float("nan")), len(finite)
