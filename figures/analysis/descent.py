"""The core inequality along a step, and the decrease of gradient descent that it guarantees (A1, A2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.descent import Descent, Segment

HEIGHT = 380
HEADROOM = 1.6
"""How far the axis extends above the losses, in units of their range: the bound leaves it soon."""
EXCEEDED_COLOR = "#d62728"


def inequality_figures(compared: Compared[Descent]) -> Mapping[str, go.Figure]:
    """Draw loss, tangent and bound along -∇f for every network, with one range of losses for all."""
    ends = _loss_ends(one.along_gradient for one in compared.results.values())
    return {label: _inequality(compared, label, ends) for label in compared.results}


def decrease_figure(compared: Compared[Descent]) -> go.Figure:
    """Draw the measured and the guaranteed decrease of the loss against the step η, all networks on one axis."""
    drawn = {label: one for label, one in compared.results.items() if np.isfinite(one.measured_decrease[1:]).any()}
    if not drawn:
        return sentence_figure(NOTHING, compared.theme_colors, height=HEIGHT)
    compared = compared.with_results(drawn)
    figure = go.Figure([trace for label in drawn for trace in _decreases(compared, label)])
    largest = max(float(np.nanmax(one.measured_decrease)) for one in drawn.values())
    _style_axes(
        figure,
        compared,
        titles=(html(r"learning rate $\eta$ of one step"), html(r"$f(\theta) - f(\theta - \eta\nabla f)$")),
        ends=[-0.6 * largest, 1.15 * largest] if largest else None,
        x_axis=log_axis((one.along_gradient.s[1:] for one in drawn.values()), 1.0),
    )
    figure.add_hline(y=0, line={"color": compared.theme_colors.faint, "width": 1})
    title = "Loss decrease of one gradient step"
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.2)


def _decreases(compared: Compared[Descent], label: str) -> list[go.Scatter]:
    one = compared.results[label]
    return [
        line_trace(
            one.along_gradient.s[1:],
            values[1:],
            name=f"{label}, {name}",
            color=compared.color(label),
            symbol=compared.symbol(label),
            size=size,
            dash=dash,
            hover=html(r"$\eta$ = %{x:.3g}<br>decrease %{y:.4g}<extra>") + f"{label}, {name}</extra>",
        )
        for name, values, dash, size in (
            ("measured", one.measured_decrease, "solid", 6),
            ("predicted", one.estimated_decrease, DOTTED, 4),
        )
    ]


def _inequality(compared: Compared[Descent], label: str, ends: list[float] | None) -> go.Figure:
    segment, color = compared.results[label].along_gradient, compared.color(label)
    shown: dict[str, Any] = {"height": HEIGHT, "title": label, "title_color": color}
    if ends is None or not np.isfinite(segment.loss).any():
        return sentence_figure(NOTHING, compared.theme_colors, **shown)
    figure = go.Figure([*_curves(segment, color, compared.theme_colors.faint), *_largest(compared, label)])
    figure.add_hline(y=float(segment.loss[0]), line={"color": compared.theme_colors.faint, "width": 1})
    _style_axes(figure, compared, titles=(html(r"$\eta$ along $-\nabla f$"), "loss"), ends=ends)
    return styled(figure, compared.theme_colors, bottom=84, legend_y=-0.2, **shown)


def _curves(segment: Segment, color: str | None, faint: str) -> list[go.Scatter]:
    curves = [
        _curve(segment, "loss", segment.loss, {"color": color, "width": 3}),
        _curve(segment, "tangent", segment.tangent, {"color": faint, "width": 1, "dash": "dash"}),
        _curve(
            segment,
            html(r"tangent + $\tfrac12\hat L\|\Delta\|^2$"),
            segment.bound,
            {"color": faint, "width": 2, "dash": DOTTED},
        ),
    ]
    exceeded = go.Scatter(
        **{"x": segment.s[segment.fails], "y": segment.loss[segment.fails], "name": "exceeds the bound"},
        **{"mode": "markers", "marker": {"symbol": "x", "size": 9, "color": EXCEEDED_COLOR}},
    )
    return [*curves, exceeded] if segment.fails.any() else curves


def _largest(compared: Compared[Descent], label: str) -> list[go.Scatter]:
    """Return the mark of the largest step that lowers the loss, and of the predicted one."""
    one, color = compared.results[label], compared.color(label)
    loss, s = one.along_gradient.loss, one.along_gradient.s
    kinds = (
        ("largest step", one.measured_largest_step, "circle"),
        ("predicted", one.estimated_largest_step, "diamond-open"),
    )
    return [
        go.Scatter(
            **{"x": [rate], "y": [float(loss[s == rate][0])], "mode": "markers", "name": name},
            marker={"symbol": symbol, "size": 10, "color": color, "line": {"color": color, "width": 2}},
            hovertemplate=html(r"$\eta$ = %{x:.3g}<extra>") + name + "</extra>",
        )
        for name, rate, symbol in kinds
        if rate > 0
    ]


def _curve(segment: Segment, name: str, values: np.ndarray, line: Mapping[str, Any]) -> go.Scatter:
    return go.Scatter(
        **{"x": segment.s, "y": values, "name": name, "mode": "lines", "line": line, "connectgaps": False},
        hovertemplate=html(r"$\eta$ = %{x:.3g}<br>%{y:.4g}<extra>") + name + "</extra>",
    )


def _loss_ends(segments: Iterable[Segment]) -> list[float] | None:
    """Return a range of all finite losses up to the highest first loss, with a margin for the bounds above them."""
    losses = [finite for one in segments if (finite := one.loss[np.isfinite(one.loss)]).size]
    if not losses:
        return None
    low, start = float(np.concatenate(losses).min()), max(float(column[0]) for column in losses)
    length = (start - low) or abs(start) or 1.0
    return [low - 0.1 * length, low + HEADROOM * length]


def _style_axes(
    figure: go.Figure,
    compared: Compared[Descent],
    *,
    titles: tuple[str, str],
    ends: list[float] | None,
    x_axis: Mapping[str, Any] | None = None,
) -> None:
    y_axis = {"range": ends, "exponentformat": "power"}
    x_title, y_title = titles
    style_axes(figure, compared.theme_colors, x_title=x_title, y_title=y_title, x_axis=x_axis or {}, y_axis=y_axis)
