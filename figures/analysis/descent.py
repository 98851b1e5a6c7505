"""The core inequality along a step, and what it promises of gradient descent (A1, A2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.descent import Descent, Segment

HEIGHT = 380
HEADROOM = 1.6
"""How far above the losses the picture reaches, in their own range: the bound leaves it soon enough."""


def inequality_figures(
    found: Mapping[str, Descent], *, colours: Mapping[str, str], dark: bool = False
) -> Mapping[str, go.Figure]:
    """Draw loss, tangent and bound along -∇f for every network, with one range of losses for all.

    Args:
        found: by label.
        colours: by label; of the titles and of the measured losses.
        dark: whether the page is dark.
    """
    span = _losses([descent.along_gradient for descent in found.values()])
    return {label: _inequality(label, one, span, colours.get(label), dark) for label, one in found.items()}


def decrease_figure(found: Mapping[str, Descent], *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw the measured and the estimated decrease of the loss against the step η, of all networks on one axis."""
    drawn = {label: one for label, one in found.items() if np.isfinite(one.measured_decrease[1:]).any()}
    if not drawn:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, one), symbol in zip(drawn.items(), cycle(SYMBOLS), strict=False):
        for name, values, dash, size in (
            ("measured", one.measured_decrease, "solid", 6),
            ("by the bound", one.estimated_decrease, "dot", 4),
        ):
            figure.add_scatter(
                **{"x": one.along_gradient.s[1:], "y": values[1:], "name": f"{label}, {name}", "mode": "lines+markers"},
                line={"color": colours.get(label), "width": 2, "dash": dash},
                marker={"symbol": symbol, "size": size, "color": colours.get(label)},
                hovertemplate=html(r"$\eta$ = %{x:.3g}<br>decrease %{y:.4g}<extra>") + f"{label}, {name}</extra>",
            )
    most = max(float(np.nanmax(one.measured_decrease)) for one in drawn.values())
    _axes(
        figure,
        dark,
        html(r"learning rate $\eta$ of one step"),
        html(r"$f(\theta) - f(\theta - \eta\nabla f)$"),
        [-0.6 * most, 1.15 * most] if most else None,
    )
    figure.update_xaxes(**log_axis((one.along_gradient.s[1:] for one in drawn.values()), 1.0))
    figure.add_hline(y=0, line={"color": ink(dark).faint, "width": 1})
    dressed(figure, dark=dark, height=HEIGHT, title="What one step of gradient descent gains", foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})


def _inequality(label: str, descent: Descent, span: list[float] | None, colour: str | None, dark: bool) -> go.Figure:
    line = descent.along_gradient
    if span is None or not np.isfinite(line.loss).any():
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=label, colour=colour)
    figure = go.Figure()
    faint = ink(dark).faint
    for name, values, style in (
        ("loss", line.loss, {"color": colour, "width": 3}),
        ("tangent", line.tangent, {"color": faint, "width": 1, "dash": "dash"}),
        (html(r"tangent + $\tfrac12\hat L\|\Delta\|^2$"), line.bound, {"color": faint, "width": 2, "dash": "dot"}),
    ):
        figure.add_scatter(
            **{"x": line.s, "y": values, "name": name, "mode": "lines", "line": style, "connectgaps": False},
            hovertemplate=html(r"$\eta$ = %{x:.3g}<br>%{y:.4g}<extra>") + name + "</extra>",
        )
    if line.fails.any():
        figure.add_scatter(
            **{"x": line.s[line.fails], "y": line.loss[line.fails], "name": "exceeds the bound", "mode": "markers"},
            marker={"symbol": "x", "size": 9, "color": "#d62728"},
        )
    _axes(figure, dark, html(r"$\eta$ along $-\nabla f$"), "loss", span)
    dressed(figure, dark=dark, height=HEIGHT, title=label, colour=colour, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})


def _losses(lines: Iterable[Segment]) -> list[float] | None:
    """Return a range that holds all finite losses up to the first rise, and some of the bounds above them."""
    parts = [line.loss[np.isfinite(line.loss)] for line in lines]
    values = np.concatenate([part for part in parts if part.size] or [np.zeros(0)])
    if not values.size:
        return None
    start = max(float(part[0]) for part in parts if part.size)
    low = float(values.min())
    room = (start - low) or abs(start) or 1.0
    return [low - 0.1 * room, low + HEADROOM * room]


def _axes(figure: go.Figure, dark: bool, across: str, up: str, span: list[float] | None) -> None:
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(title={"text": across, "font": words, "standoff": 4}, **shared)
    figure.update_yaxes(
        title={"text": up, "font": words}, range=span, automargin=True, exponentformat="power", **shared
    )
