"""Variation of the loss and of its gradient along training steps (D9)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.smoothness import Smoothness

HEIGHT = 400

DOWNHILL = html(r"$-\nabla f$")

Courses = Compared[Sequence["Sequence[Smoothness]"]]
"""For every network one sequence for each seed, in the order of the training steps."""

BANDS: Mapping[str, tuple[str, Callable[[Smoothness], tuple[float, float]]]] = {
    "variation": ("Loss along the step", lambda one: one.along.variation),
    "predictiveness": (
        html(r"Change of the gradient $\|\nabla f(\theta) - \nabla f(\theta - \eta g)\|$"),
        lambda one: one.along.predictiveness,
    ),
}

RANDOM = "random directions of equal length"


def band_figure(courses: Courses, quantity: str) -> go.Figure:
    """Draw a band from the smallest to the largest value over all step lengths, for every network and seed.

    Args:
        courses: one sequence for every seed of every network.
        quantity: "variation" (of the loss) or "predictiveness" (of the gradient).

    Raises:
        ValueError: the quantity is unknown.
    """
    if quantity not in BANDS:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(BANDS)}")
    title, band = BANDS[quantity]
    figure = go.Figure()
    for label, seeds in courses.results.items():
        for seed, course in enumerate(seeds):
            low, high = np.array([band(one) for one in course]).reshape(-1, 2).T
            figure.add_traces(_band(courses, label, _steps(course), (low, high), first=seed == 0))
    return _finished(courses, figure, title)


def smoothness_figure(courses: Courses) -> go.Figure:
    """Draw effective β-smoothness along the gradient (solid) and along random directions (dotted), for every seed.

    The legend names every network once, and the dotted lines of all networks together.
    """
    figure = go.Figure()
    for label, seeds in courses.results.items():
        for seed, course in enumerate(seeds):
            for along in (True, False):
                figure.add_trace(_smoothness(courses, label, course, along=along, first=seed == 0))
    title = html(r"Effective $\beta$-smoothness (lower is smoother)")
    figure = _finished(courses, figure, title)
    line = {"color": courses.theme_colors.faint, "width": 1, "dash": "dot"}
    # a line without points: it is in the legend only
    return figure.add_scatter(x=[None], y=[None], mode="lines", name=RANDOM, line=line, hoverinfo="skip")


def _smoothness(courses: Courses, label: str, course: Sequence[Smoothness], *, along: bool, first: bool) -> go.Scatter:
    steps = _steps(course)
    name = f"{label}, along {DOWNHILL}" if along else f"{label}, random direction"
    probes = [one.along if along else one.random for one in course]
    return line_trace(
        steps + 1,
        positive_or_nan(np.array([probe.smoothness for probe in probes])),
        name=label,
        legendgroup=label,
        showlegend=first and along,
        customdata=steps,
        meta="x",
        color=courses.color(label),
        symbol=courses.symbol(label),
        width=2 if along else 1,
        dash="solid" if along else "dot",
        hover=html(r"step %{customdata}<br>$\beta$ = %{y:.4g}<extra>") + f"{name}</extra>",
    )


def _band(
    courses: Courses, label: str, steps: np.ndarray, edges: tuple[np.ndarray, np.ndarray], *, first: bool
) -> list[go.Scatter]:
    """Return the lower and the upper edge of a band, with the area between them filled."""
    shared: dict[str, Any] = {"x": steps + 1, "mode": "lines", "connectgaps": False, "legendgroup": label}
    shared |= {"line": {"color": courses.color(label), "width": 1.5}, "customdata": steps, "meta": "x", "name": label}
    shared |= {"hovertemplate": "step %{customdata}<br>%{y:.4g}<extra>" + label + "</extra>"}
    low, high = map(positive_or_nan, edges)
    return [
        go.Scatter(**shared, y=low, showlegend=False),
        go.Scatter(**shared, y=high, showlegend=first, fill="tonexty"),
    ]


def _steps(course: Sequence[Smoothness]) -> np.ndarray:
    return np.array([one.step for one in course])


def _finished(courses: Courses, figure: go.Figure, title: str) -> go.Figure:
    """Return the figure with its axes, or a sentence if no value is positive."""
    values = [np.asarray(trace.y, dtype=float) for trace in figure.data]
    if not any(np.isfinite(column).any() for column in values):
        return sentence_figure(NOTHING, courses.theme_colors, height=HEIGHT, title=title)
    style_axes(
        figure,
        courses.theme_colors,
        x_title="training step",
        x_axis=_step_axis(sorted({int(step) for trace in figure.data for step in trace.customdata})),
        y_axis=log_axis(values),
    )
    return styled(figure, courses.theme_colors, height=HEIGHT, bottom=84, legend_y=-0.2, title=title)


def _step_axis(steps: Sequence[int]) -> dict[str, Any]:
    """Return an axis of steps that are spaced by log(step + 1), since the first is 0."""
    ends = [math.log10(steps[0] + 1) - 0.05, math.log10(steps[-1] + 1) + 0.05]
    return {"type": "log", "tickvals": [step + 1 for step in steps], "ticktext": list(map(str, steps)), "range": ends}
