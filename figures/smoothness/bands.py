"""Bands of the loss and of the change of its gradient along training steps (D9)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.smoothness.axes import Courses, every_checkpoint, finished, planned_steps
from normscape.figures.style.lines import translucent
from normscape.figures.style.seed_ranges import range_traces, seed_range
from normscape.figures.style.ticks import positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.smoothness import LineSamples, Smoothness

PANEL_HEIGHT = 200

BAND_OPACITY = 0.32

ALONG = " along the step"

QUANTITIES: Mapping[str, tuple[str, Callable[[LineSamples], np.ndarray]]] = {
    "predictiveness": (f"Gradient change{ALONG}", lambda samples: samples.change),
    "variation": (f"Loss{ALONG}", lambda samples: samples.loss),
}
"""Title, and the values at all step lengths."""

Y_TITLES: Mapping[str, str] = {"predictiveness": "gradient change", "variation": "loss"}
"""By quantity."""


def band_figures(
    courses: Courses,
    quantity: str,
    *,
    steps: Sequence[int] = (),
    pending: bool = False,
    titled: bool = False,
    every_seed: bool = False,
) -> dict[str, go.Figure]:
    """Draw one panel per network, by label: its band over all step lengths, and the medians of the others in gray.

    Bands of several networks in one panel would hide each other. All panels have the same axes. Several seeds are one
    band between the medians of their edges, in a paler one that contains the bands of all.

    Args:
        courses: one sequence for every seed of every network.
        quantity: "variation" (of the loss) or "predictiveness" (of the gradient).
        steps: all checkpoints of the experiment; the axes show those of the courses, too.
        pending: whether more results will come.
        titled: whether the title of a panel names the quantity, not only the network.
        every_seed: whether every seed has a band, in place of median and range.

    Raises:
        ValueError: the quantity is unknown.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}")
    title, read = QUANTITIES[quantity]
    every = every_checkpoint(courses)
    values = np.array([value for one in every for value in read(one.along)])
    shown = planned_steps(every, steps)
    figures = {}
    for label in courses.results:
        figure = go.Figure([*_others(courses, label, read), *_bands(courses, label, read, every_seed=every_seed)])
        name = f"{title.removesuffix(ALONG)}: {label}" if titled else label  # short: files have up to six in a row
        style: dict[str, Any] = {"height": PANEL_HEIGHT, "color": courses.color(label), "y_title": Y_TITLES[quantity]}
        figures[label] = finished(courses, figure, values, name, shown, pending=pending, **style)
    return figures


def _bands(
    courses: Courses, label: str, read: Callable[[LineSamples], np.ndarray], *, every_seed: bool
) -> Iterator[go.Scatter]:
    """Yield the band of every seed, or the range over several seeds and the band between the medians of their edges."""
    edges = [_edges(course, read) for course in courses.results[label]]
    if every_seed or sum(len(steps) > 0 for steps, _, _ in edges) < 2:
        for steps, low, high in edges:
            yield from _band(courses, label, steps, positive_or_nan(low), positive_or_nan(high))
        return
    lower, upper = (seed_range([(one[0], one[k]) for one in edges]) for k in (1, 2))
    steps = lower.x.astype(int)
    whole = lower._replace(x=steps + 1, high=upper.high)
    yield from range_traces(whole, color=courses.color(label), name=label, meta="x")
    yield from _band(courses, label, steps, lower.median, upper.median)


def _edges(
    course: Sequence[Smoothness], read: Callable[[LineSamples], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the steps of a course, and the smallest and the largest value over all step lengths there."""
    low, high = np.array([_range(read(one.along)) for one in course]).reshape(-1, 2).T
    return np.array([one.step for one in course], dtype=int), low, high


def _band(courses: Courses, label: str, steps: np.ndarray, low: np.ndarray, high: np.ndarray) -> Iterator[go.Scatter]:
    """Yield the lower and the upper edge of a band, with the area between them filled."""
    color = courses.color(label)
    mode = "lines" if len(steps) > 1 else "lines+markers"  # one checkpoint has no line
    shared: dict[str, Any] = {"x": steps + 1, "customdata": steps, "meta": "x", "mode": mode, "name": label}
    shared |= {"line": {"color": color, "width": 1.5}, "connectgaps": False, "showlegend": False}
    shared |= {"hovertemplate": "step %{customdata}<br>%{y:.4g}<extra>" + label + "</extra>"}
    yield go.Scatter(**shared, y=low)
    yield go.Scatter(**shared, y=high, fill="tonexty", fillcolor=translucent(color, BAND_OPACITY))


def _others(courses: Courses, label: str, read: Callable[[LineSamples], np.ndarray]) -> Iterator[go.Scatter]:
    """Yield one thin line for every other network: the median over its seeds and step lengths."""
    for other, seeds in courses.results.items():
        steps = sorted({one.step for course in seeds for one in course})
        if other == label or not steps:
            continue
        values = [[read(one.along) for course in seeds for one in course if one.step == step] for step in steps]
        name = f"{other}, median"
        yield go.Scatter(
            **{"x": np.array(steps) + 1, "y": [_median(np.concatenate(column)) for column in values]},
            **{"customdata": steps, "meta": "x", "mode": "lines", "name": name, "showlegend": False},
            line={"color": courses.theme_colors.faint, "width": 1},
            hovertemplate="step %{customdata}<br>%{y:.4g}<extra>" + name + "</extra>",
        )


def _range(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (math.nan, math.nan)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values) & (values > 0)]
    return float(np.median(finite)) if finite.size else math.nan
