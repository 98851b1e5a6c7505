"""Curves of several training seeds as one line, their median, and a shaded area, their range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.lines import translucent

RANGE_OPACITY = 0.18

Column = Sequence[float] | np.ndarray


class SeedRange(NamedTuple):
    """Median and range of a quantity over seeds, at every position that a seed has."""

    x: np.ndarray  # (K,), increasing
    median: np.ndarray  # (K,), NaN where no seed has a positive finite value
    low: np.ndarray  # (K,)
    high: np.ndarray  # (K,)
    values: tuple[tuple[float, ...], ...]  # (K, seeds with a value there)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many seeds have a value, at every position that has one."""
        return tuple(len(own) for own in self.values if own)


def seed_range(curves: Sequence[tuple[Column, Column]]) -> SeedRange:
    """Return the median and the range of curves, one per seed.

    Args:
        curves: positions and values of every seed; values that are not positive and finite are left out, since axes
            are logarithmic.
    """
    points: dict[float, list[float]] = {}
    for positions, values in curves:
        for position, value in zip(positions, values, strict=True):
            points.setdefault(float(position), []).extend([float(value)] if np.isfinite(value) and value > 0 else [])
    x = sorted(points)
    own = tuple(tuple(points[position]) for position in x)
    median, low, high = (
        np.array([reduce(values) if values else np.nan for values in own]) for reduce in (np.median, min, max)
    )
    return SeedRange(np.array(x), median, low, high, own)


def range_traces(one: SeedRange, *, color: str | None, name: str, **options: Any) -> Iterator[go.Scatter]:
    """Yield the lower and the upper edge of a shaded range without lines; the area between them is filled.

    Args:
        one: the range.
        color: of the network.
        name: of the network.
        options: of both traces.
    """
    shared: dict[str, Any] = {"x": one.x, "mode": "lines", "line": {"width": 0}, "showlegend": False, **options}
    shared |= {"name": f"{name}, range over seeds", "hoverinfo": "skip", "connectgaps": False}
    yield go.Scatter(**shared, y=one.low)
    yield go.Scatter(**shared, y=one.high, fill="tonexty", fillcolor=translucent(color, RANGE_OPACITY))


def hover_texts(one: SeedRange) -> list[str]:
    """Return what a hover over each median says of the seeds: their number, and every value."""
    return [f"{_of(len(own))}: {', '.join(f'{value:.3g}' for value in own)}" for own in one.values]


def _of(count: int) -> str:
    return "1 seed" if count == 1 else f"median of {count} seeds"


def seeds_note(ranges: Sequence[SeedRange]) -> str:
    """Return what line and shaded area are: "Line: median of 5 seeds. Shaded: their range."; empty without a range."""
    counts = {count for one in ranges for count in one.counts}
    if not counts or max(counts) < 2:
        return ""
    shown = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{max(counts)}"
    return f"Line: median of {shown} seeds. Shaded: their range."
