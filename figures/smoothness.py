"""Variation of the loss and of its gradient along training steps (D9)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import line_trace, translucent
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.smoothness import LineSamples, Smoothness

HEIGHT, PANEL_HEIGHT = 350, 240

LEGEND_ROW = 22  # of names below the lines, pixels

MIN_TICK_DISTANCE = 1 / 14  # of the axis of training steps, so that labels do not overlap on narrow screens

BAND_OPACITY = 0.32

ALONG = " along the step"

WAITING = "Waiting for the first checkpoint."

Courses = Compared[Sequence["Sequence[Smoothness]"]]
"""For every network one sequence for each seed, in the order of the training steps."""

QUANTITIES: Mapping[str, tuple[str, Callable[[LineSamples], np.ndarray]]] = {
    "predictiveness": (f"Gradient change{ALONG}", lambda samples: samples.change),
    "variation": (f"Loss{ALONG}", lambda samples: samples.loss),
}
"""Title, and the values at all step lengths."""

TITLES: Mapping[bool, str] = {
    False: html(r"Effective $\beta$-smoothness (lower is smoother)"),
    True: html(r"Effective $\beta$-smoothness, random directions"),
}
"""By whether steps go in random directions."""

SHORT_TITLES: Mapping[bool, str] = {
    False: html(r"Effective $\beta$-smoothness"),
    True: html(r"Effective $\beta$, random directions"),
}
"""The same for files, which have several figures in a row."""


def smoothness_figure(
    courses: Courses, *, random: bool = False, steps: Sequence[int] = (), pending: bool = False, short: bool = False
) -> go.Figure:
    """Draw effective β-smoothness along the mini-batch gradient, or along random directions, for every seed.

    The axis of random directions contains the values along the gradient, which it is compared with.

    Args:
        courses: one sequence for every seed of every network.
        random: whether steps go in random directions.
        steps: all checkpoints of the experiment; the axis shows those of the courses, too.
        pending: whether more results will come.
        short: whether the title is short.
    """
    figure = go.Figure()
    for label, seeds in courses.results.items():
        for seed, course in enumerate(seeds):
            figure.add_trace(_smoothness(courses, label, course, random=random, first=seed == 0))
    every = [one for seeds in courses.results.values() for course in seeds for one in course]
    values = np.array([probe.smoothness for one in every for probe in (one.along, *[one.random] * random)])
    figure = _finished(
        courses, figure, values, (SHORT_TITLES if short else TITLES)[random], _steps(every, steps), pending=pending
    )
    return figure if not figure.data else _with_legend(figure, courses)


def band_figures(
    courses: Courses, quantity: str, *, steps: Sequence[int] = (), pending: bool = False, titled: bool = False
) -> dict[str, go.Figure]:
    """Draw one panel per network, by label: its band over all step lengths, and the medians of the others in gray.

    Bands of several networks in one panel would hide each other. All panels have the same axes.

    Args:
        courses: one sequence for every seed of every network.
        quantity: "variation" (of the loss) or "predictiveness" (of the gradient).
        steps: all checkpoints of the experiment; the axes show those of the courses, too.
        pending: whether more results will come.
        titled: whether the title of a panel names the quantity, not only the network.

    Raises:
        ValueError: the quantity is unknown.
    """
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}")
    title, read = QUANTITIES[quantity]
    every = [one for seeds in courses.results.values() for course in seeds for one in course]
    values = np.array([value for one in every for value in read(one.along)])
    shown = _steps(every, steps)
    figures = {}
    for label in courses.results:
        figure = go.Figure([*_others(courses, label, read), *_bands(courses, label, read)])
        name = f"{title.removesuffix(ALONG)}: {label}" if titled else label  # short: files have up to six in a row
        figures[label] = _finished(
            courses, figure, values, name, shown, pending=pending, height=PANEL_HEIGHT, color=courses.color(label)
        )
    return figures


def _smoothness(courses: Courses, label: str, course: Sequence[Smoothness], *, random: bool, first: bool) -> go.Scatter:
    steps = np.array([one.step for one in course])
    probes = [one.random if random else one.along for one in course]
    return line_trace(
        steps + 1,
        positive_or_nan(np.array([probe.smoothness for probe in probes])),
        name=label,
        legendgroup=label,
        showlegend=first,
        customdata=steps,
        meta="x",
        color=courses.color(label),
        symbol=courses.symbol(label),
        hover=html(r"step %{customdata}<br>$\beta$ = %{y:.4g}<extra>") + f"{label}</extra>",
    )


def _bands(courses: Courses, label: str, read: Callable[[LineSamples], np.ndarray]) -> Iterator[go.Scatter]:
    """Yield the lower and the upper edge of the band of every seed, with the area between them filled."""
    color = courses.color(label)
    for course in courses.results[label]:
        steps = np.array([one.step for one in course])
        shared: dict[str, Any] = {"x": steps + 1, "customdata": steps, "meta": "x", "mode": "lines", "name": label}
        shared |= {"line": {"color": color, "width": 1.5}, "connectgaps": False, "showlegend": False}
        shared |= {"hovertemplate": "step %{customdata}<br>%{y:.4g}<extra>" + label + "</extra>"}
        edges = np.array([_range(read(one.along)) for one in course]).reshape(-1, 2)
        low, high = map(positive_or_nan, edges.T)
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


def _steps(every: Sequence[Smoothness], steps: Sequence[int]) -> list[int]:
    return sorted({*steps, *(one.step for one in every)})


def _with_legend(figure: go.Figure, courses: Courses) -> go.Figure:
    """Return a figure of lines with a legend, which needs about a row for two networks on narrow screens."""
    rows = -(-len(courses.results) // 2)
    bottom = 52 + LEGEND_ROW * rows
    height = HEIGHT + LEGEND_ROW * (rows - 1)
    title = figure.layout.title.text
    return styled(
        figure, courses.theme_colors, height=height, bottom=bottom, legend_y=-52 / (height - bottom - 40), title=title
    )


def _finished(
    courses: Courses,
    figure: go.Figure,
    values: np.ndarray,
    title: str,
    steps: Sequence[int],
    *,
    pending: bool,
    height: int = HEIGHT,
    color: str | None = None,
) -> go.Figure:
    """Return the figure with its axes; if no value is positive, a sentence in the same area.

    If the steps are known, the sentence is between the axes, so that only lines are added later.
    """
    styles: dict[str, Any] = {"height": height, "title": title, "title_color": color}
    empty = not (np.isfinite(values) & (values > 0)).any()
    if empty and not steps:
        return sentence_figure(NOTHING, courses.theme_colors, **styles)
    if not any(np.isfinite(trace.y).any() for trace in figure.data if trace.name in courses.results):
        _add_sentence(figure, courses, WAITING if pending else NOTHING)
    style_axes(
        figure,
        courses.theme_colors,
        x_title="training step (log scale)",
        x_axis=_step_axis(steps),
        y_axis={"range": [0, 1], "showticklabels": False} if empty else log_axis([values]),
    )
    return styled(figure, courses.theme_colors, bottom=44, **styles)


def _add_sentence(figure: go.Figure, courses: Courses, sentence: str) -> None:
    figure.add_annotation(
        **{"text": sentence, "showarrow": False, "name": "sentence", "font": {"color": courses.theme_colors.faint}},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5},
    )


def _step_axis(steps: Sequence[int]) -> dict[str, Any]:
    """Return an axis of steps that are spaced by log(step + 1), since the first is 0."""
    ends = [math.log10(steps[0] + 1) - 0.05, math.log10(steps[-1] + 1) + 0.05]
    named = [steps[-1]]
    for step in reversed(steps):
        if math.log10((named[-1] + 1) / (step + 1)) >= MIN_TICK_DISTANCE * (ends[1] - ends[0]):
            named.append(step)
    named.reverse()
    return {"type": "log", "tickvals": [step + 1 for step in named], "ticktext": list(map(str, named)), "range": ends}
