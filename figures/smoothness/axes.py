"""What the figures along training share: courses, their axes, and a sentence where nothing is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.steps import step_axis
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.smoothness import Smoothness

WAITING = "Waiting for the first checkpoint."

Courses = Compared[Sequence["Sequence[Smoothness]"]]
"""For every network one sequence for each seed, in the order of the training steps."""


def every_checkpoint(courses: Courses) -> list[Smoothness]:
    """Return the measurements of all networks and seeds."""
    return [one for seeds in courses.results.values() for course in seeds for one in course]


def planned_steps(every: Sequence[Smoothness], steps: Sequence[int]) -> list[int]:
    """Return the training steps of the axis: those that are planned, and those that are measured."""
    return sorted({*steps, *(one.step for one in every)})


def finished(
    courses: Courses,
    figure: go.Figure,
    values: np.ndarray,
    title: str,
    steps: Sequence[int],
    *,
    pending: bool,
    height: int,
    y_title: str,
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
        y_title=y_title,
        x_axis=step_axis(steps),
        y_axis={"range": [0, 1], "showticklabels": False} if empty else log_axis([values]),
    )
    return styled(figure, courses.theme_colors, bottom=44, **styles)


def _add_sentence(figure: go.Figure, courses: Courses, sentence: str) -> None:
    figure.add_annotation(
        **{"text": sentence, "showarrow": False, "name": "sentence", "font": {"color": courses.theme_colors.faint}},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5},
    )
