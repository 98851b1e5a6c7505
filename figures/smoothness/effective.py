"""Effective β-smoothness along training (D9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.smoothness.axes import Courses, every_checkpoint, finished, planned_steps
from normscape.figures.style.lines import line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.seed_ranges import hover_texts, range_traces, seed_range, seeds_note
from normscape.figures.style.template import LINE_HEIGHT, styled
from normscape.figures.style.ticks import positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.smoothness import Smoothness

HEIGHT = 380

Y_TITLE = "gradient change / distance (log)"

LEGEND_ROW = 22  # of names below the lines, pixels

TITLES: Mapping[bool, str] = {
    False: "Gradient change per unit of distance",
    True: "Gradient change per unit of distance, random directions",
}
"""By whether steps go in random directions."""

SHORT_TITLES: Mapping[bool, str] = {
    False: "Gradient change per unit of distance",
    True: "The same in random directions",
}
"""The same for files, which have several figures in a row."""


def smoothness_figure(
    courses: Courses,
    *,
    random: bool = False,
    steps: Sequence[int] = (),
    pending: bool = False,
    short: bool = False,
    titled: bool = True,
    every_seed: bool = False,
) -> go.Figure:
    """Draw effective β-smoothness along the mini-batch gradient, or along random directions.

    Several seeds of a network are one line, their median, over a shaded area, their range. The axis of random
    directions contains the values along the gradient, which it is compared with.

    Args:
        courses: one sequence for every seed of every network.
        random: whether steps go in random directions.
        steps: all checkpoints of the experiment; the axis shows those of the courses, too.
        pending: whether more results will come.
        short: whether the title is short.
        titled: whether the figure has a title.
        every_seed: whether every seed has a line, in place of median and range.
    """
    figure = go.Figure()
    for label, seeds in courses.results.items():
        figure.add_traces(list(_lines(courses, label, seeds, random=random, every_seed=every_seed)))
    every = every_checkpoint(courses)
    values = np.array([probe.smoothness for one in every for probe in (one.along, *[one.random] * random)])
    title = (SHORT_TITLES if short else TITLES)[random] if titled else ""
    shown: dict[str, Any] = {"pending": pending, "height": HEIGHT, "y_title": Y_TITLE}
    figure = finished(courses, figure, values, title, planned_steps(every, steps), **shown)
    return figure if not figure.data else _with_legend(figure, courses, every_seed=every_seed)


def _lines(
    courses: Courses, label: str, seeds: Sequence[Sequence[Smoothness]], *, random: bool, every_seed: bool
) -> Iterator[go.Scatter]:
    """Yield the line of every seed, or the range over several seeds and their median; the legend has one entry."""
    curves = [_smoothness(course, random=random) for course in seeds]
    shared: dict[str, Any] = {"legendgroup": label, "meta": "x"}
    style: dict[str, Any] = {"name": label, "color": courses.color(label), "symbol": courses.symbol(label)}
    value = html(r"step %{customdata}<br>$\beta$ = %{y:.4g}")
    if every_seed or sum(len(steps) > 0 for steps, _ in curves) < 2:
        for seed, (steps, values) in enumerate(curves):
            hover = f"{value}<extra>{label}</extra>"
            line: dict[str, Any] = {"customdata": steps, "hover": hover, "showlegend": seed == 0}
            yield line_trace(steps + 1, positive_or_nan(values), **style, **shared, **line)
        return
    one = seed_range(curves)
    steps = one.x.astype(int)
    yield from range_traces(one._replace(x=steps + 1), color=courses.color(label), name=label, **shared)
    texts: dict[str, Any] = {"customdata": steps, "text": hover_texts(one), "hover": f"{value}<br>%{{text}}<extra>"}
    texts["hover"] += f"{label}</extra>"
    yield line_trace(steps + 1, one.median, **style, **shared, **texts, showlegend=True)


def _smoothness(course: Sequence[Smoothness], *, random: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps of a course, and effective β-smoothness there."""
    probes = [one.random if random else one.along for one in course]
    return np.array([one.step for one in course], dtype=int), np.array([probe.smoothness for probe in probes])


def _with_legend(figure: go.Figure, courses: Courses, *, every_seed: bool) -> go.Figure:
    """Return a figure of lines with a legend, which needs about a row for two networks on narrow screens.

    A note says what line and shaded area are; its place is reserved while seeds are missing.
    """
    rows, several = -(-len(courses.results) // 2), max(map(len, courses.results.values())) > 1 and not every_seed
    bottom, top = 52 + LEGEND_ROW * rows, 40 if (title := figure.layout.title.text or "") else 12
    plot = HEIGHT - 52 - LEGEND_ROW - 40
    note = _note(courses) if several else ""
    style: dict[str, Any] = {"title": title, "notes": [note] if note else [], "note_width": 80, "note_lines": several}
    height = top + plot + bottom + (LINE_HEIGHT + 6) * several
    return styled(figure, courses.theme_colors, height=height, bottom=bottom, legend_y=-52 / plot, **style)


def _note(courses: Courses) -> str:
    """Return what line and shaded area are, with the number of seeds that are measured."""
    ranges = [seed_range([_smoothness(course, random=False) for course in own]) for own in courses.results.values()]
    return seeds_note(ranges)
