"""Sharpness along training against the threshold of stability (D11)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.steps import at_steps, step_axis
from normscape.figures.style.template import LINE_HEIGHT, TRANSPARENT, sentence_figure, style_axes, styled, wrapped
from normscape.figures.style.ticks import log_axis, positive_or_nan
from normscape.landscape.curvature.edge import EdgeSample

HEIGHT = 400
LEGEND_ROW = 22
NOTE_WIDTH = 100  # characters in a line below the plot
FEW_STEPS = 12
"""Checkpoints up to which steps have a logarithmic axis: by default they halve."""

LINEAR = 20.0
"""Quotient of the largest and the smallest value up to which the axis is linear."""

WAITING = "No checkpoint is measured yet."


def edge_figure(
    courses: Compared[Sequence[EdgeSample]],
    thresholds: Mapping[str, Sequence[float]],
    *,
    title: str = "",
    threshold_name: str = r"2/\eta",
    notes: bool = True,
) -> go.Figure:
    """Draw λ_max of every network at its checkpoints, batch sharpness, and the threshold of its learning rate.

    Where all of θ is one scale-invariant group, ‖θ‖²λ_max and ‖θ‖² times the threshold are further lines.

    Args:
        courses: samples of every network in the order of training steps.
        thresholds: the threshold at each of these checkpoints, by label; nan where there is none.
        title: above the plot.
        threshold_name: what the threshold is, LaTeX.
        notes: whether sentences below the plot say why points are missing; False where the text beside it does.
    """
    shown: dict[str, Any] = {"height": HEIGHT, "title": title}
    every = [one for course in courses.results.values() for one in course]
    if not every:
        return sentence_figure(WAITING, courses.theme_colors, **shown)
    logarithmic = len({one.step for one in every}) <= FEW_STEPS
    figure = go.Figure()
    for label, course in courses.results.items():
        figure.add_traces(_lines(courses, label, course, shift=logarithmic))
    figure.add_traces(_thresholds(courses, thresholds, threshold_name, shift=logarithmic))
    columns = [np.array([one.sharpness.value for one in every])]
    columns += [np.array([one.batch_sharpness for one in every if one.batches > 1])]
    columns += [np.array(own) for own in thresholds.values()]
    spherical = _spherical(courses, thresholds, threshold_name, shift=logarithmic)
    figure.add_traces(spherical)
    columns += [np.array(trace.y) for trace in spherical]
    linear = _are_close(columns)
    steps = sorted({one.step for one in every})
    style_axes(
        figure,
        courses.theme_colors,
        x_title="training step (log scale)" if logarithmic else "training step",
        y_title=html(r"curvature $\lambda_{\max}$") + ("" if linear else " (log)"),
        x_axis=step_axis(steps) if logarithmic else {},
        y_axis=_linear_axis(columns) if linear else log_axis(columns),
    )
    lines = wrapped(missing_batch_sharpness(courses.results), NOTE_WIDTH) if notes else []
    names = sum(trace.showlegend is not False for trace in figure.data)
    rows = -(-names // (2 if lines else 3))  # a note is below the legend, however narrow the picture
    bottom, plot = 52 + LEGEND_ROW * rows, HEIGHT - 12 - 52 - LEGEND_ROW
    shown["height"] = HEIGHT + LEGEND_ROW * (rows - 1) + (LINE_HEIGHT * len(lines) + 6 if lines else 0)
    shown |= {"notes": lines, "note_width": NOTE_WIDTH}
    styled(figure, courses.theme_colors, bottom=bottom, legend_y=-52 / plot, **shown)
    return figure.update_layout(legend_tracegroupgap=0)


def missing_batch_sharpness(courses: Mapping[str, Sequence[EdgeSample]]) -> list[str]:
    """Return why points of batch sharpness are missing, one sentence for every network that lacks some.

    Args:
        courses: samples of every network, by label.
    """
    sentences = []
    for label, course in courses.items():
        drawn = [one for one in course if one.batches > 1]
        undefined = [one.step for one in drawn if not math.isfinite(one.batch_sharpness)]
        negative = [one.step for one in drawn if one.batch_sharpness <= 0]
        reasons = [
            f"at {at_steps(negative)}, where its batch sharpness is negative and a log axis cannot show it"
            if negative
            else "",
            f"at {at_steps(undefined)}, where a gradient is 0 and its batch sharpness is not defined"
            if undefined
            else "",
        ]
        if negative or undefined:
            sentences.append(f"{label}: no point {' and '.join(filter(None, reasons))}.")
    return sentences


def _are_close(columns: Sequence[np.ndarray]) -> bool:
    """Return whether all values are positive and of one size, so that a linear axis shows them."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    return bool(values.size and values.min() > values.max() / LINEAR)


def _linear_axis(columns: Sequence[np.ndarray]) -> dict[str, Any]:
    values = np.concatenate(columns)
    return {"range": [0, 1.08 * float(values[np.isfinite(values)].max())]}


def _lines(
    courses: Compared[Sequence[EdgeSample]], label: str, course: Sequence[EdgeSample], *, shift: bool
) -> list[go.Scatter]:
    steps = np.array([one.step for one in course]) + shift
    style: dict[str, Any] = {"color": courses.color(label), "symbol": courses.symbol(label), "legendgroup": label}
    values = np.array([one.sharpness.value for one in course])
    batch = np.array([one.batch_sharpness for one in course])
    numbers = np.array([one.step for one in course])
    top = html(r"step %{customdata}<br>$\lambda_{\max}$ = %{y:.4g}") + f"<extra>{label}</extra>"
    shown: dict[str, Any] = {"name": label, "customdata": numbers, "showlegend": True}
    lines = [line_trace(steps, positive_or_nan(values), hover=top, size=6, **style, **shown)]
    if any(one.batches > 1 for one in course):
        shown["name"] = f"{label}, batch sharpness"
        hover = "step %{customdata}<br>batch sharpness %{y:.4g}" + f"<extra>{label}</extra>"
        dotted: dict[str, Any] = {"size": 4, "width": 1.2, "dash": DOTTED}
        lines.append(line_trace(steps, positive_or_nan(batch), hover=hover, **style, **shown, **dotted))
    return lines


def _spherical(
    courses: Compared[Sequence[EdgeSample]], thresholds: Mapping[str, Sequence[float]], name: str, *, shift: bool
) -> list[go.Scatter]:
    """Return sharpness and threshold on the unit sphere, of every network whose θ is one scale-invariant group."""
    lines: list[go.Scatter] = []
    for label, course in courses.results.items():
        values = np.array([one.spherical for one in course])
        if not np.isfinite(values).any():
            continue
        steps, numbers = np.array([one.step for one in course]) + shift, np.array([one.step for one in course])
        style: dict[str, Any] = {"color": courses.color(label), "legendgroup": label, "customdata": numbers}
        limits = np.array([one.norm**2 for one in course]) * np.array(thresholds[label])
        top = html(r"step %{customdata}<br>$\|\theta\|^2\lambda_{\max}$ = %{y:.4g}") + f"<extra>{label}</extra>"
        shown = html(r"$\|\theta\|^2\lambda_{\max}$")
        line = line_trace(steps, positive_or_nan(values), hover=top, size=6, symbol="circle-open", **style)
        lines.append(line.update(name=f"{label}, {shown}", showlegend=True))
        if np.isfinite(limits).any():
            text = html(rf"$\|\theta\|^2\cdot{f'({name})' if '-' in name else name}$")
            hover = f"step %{{customdata}}<br>{text} = %{{y:.4g}}<extra>{label}</extra>"
            dashed = line_trace(steps, limits, hover=hover, size=0, symbol="circle", dash="dash", width=1.6, **style)
            lines.append(dashed.update(name=f"{label}, {text}", showlegend=True))
    return lines


def _thresholds(
    courses: Compared[Sequence[EdgeSample]], thresholds: Mapping[str, Sequence[float]], name: str, *, shift: bool
) -> list[go.Scatter]:
    """Return one dashed line for every threshold that differs, with its value at the end; equal ones are one line."""
    lines: list[go.Scatter] = []
    drawn: list[tuple[float, ...]] = []
    for label, own in thresholds.items():
        values = tuple(own)
        if not values or not any(math.isfinite(value) for value in values) or values in drawn:
            continue
        drawn.append(values)
        alone = len({tuple(other) for other in thresholds.values() if any(map(math.isfinite, other))}) == 1
        steps = np.array([one.step for one in courses.results[label]]) + shift
        color = courses.theme_colors.faint if alone else courses.color(label)
        text = html(rf"threshold ${name}$")
        last = max(k for k, value in enumerate(values) if math.isfinite(value))
        ends = ["" if k != last else f"threshold {values[last]:.3g}" for k in range(len(values))]
        lines.append(
            go.Scatter(
                **{"x": steps, "y": list(values), "mode": "lines+markers+text", "showlegend": True},
                **{"legendgroup": "threshold", "text": ends, "textposition": "top left", "cliponaxis": False},
                marker={"size": 6, "color": TRANSPARENT},  # keeps the text off the line
                textfont={"color": color or courses.theme_colors.text, "size": 12},
                name=text if alone else f"{text}, {label}",
                line={"color": color, "width": 1.6, "dash": "dash"},
                hovertemplate=text + " = %{y:.4g}<extra></extra>",
            )
        )
    return lines
