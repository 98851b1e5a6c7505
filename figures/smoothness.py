"""How the loss and its gradient vary along the step that training takes, against the step (D9)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.smoothness import Smoothness

HEIGHT = 400

Courses = Mapping[str, Sequence["Sequence[Smoothness]"]]
"""By label: one course along training for every seed."""

BANDS: Mapping[str, tuple[str, Callable[[Smoothness], tuple[float, float]]]] = {
    "variation": ("Loss along the step", lambda found: found.along.variation),
    "predictiveness": (
        html(r"Change of the gradient $\|\nabla f(\theta) - \nabla f(\theta - \eta g)\|$"),
        lambda found: found.along.predictiveness,
    ),
}


def band_figure(courses: Courses, quantity: str, *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw a band from the smallest to the largest value over all step lengths, for every network and seed.

    Args:
        courses: by label, one sequence for every seed, in the order of the steps.
        quantity: "variation" (of the loss) or "predictiveness" (of the gradient).
        colours: by label.
        dark: whether the page is dark.

    Raises:
        ValueError: there is no such quantity.
    """
    if quantity not in BANDS:
        raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(BANDS)}")
    title, band = BANDS[quantity]
    figure, seen = go.Figure(), []
    for label, seeds in courses.items():
        for number, course in enumerate(seeds):
            steps = np.array([found.step for found in course])
            low, high = np.array([band(found) for found in course]).reshape(-1, 2).T
            seen += [low, high]
            figure.add_traces(_band(steps, low, high, label, colours.get(label), first=number == 0))
    return _finished(figure, seen, title, dark)


def smoothness_figure(courses: Courses, *, colours: Mapping[str, str], dark: bool = False) -> go.Figure:
    """Draw effective β-smoothness along the gradient (solid) and along random directions (dotted), for every seed."""
    figure, seen = go.Figure(), []
    for (label, seeds), symbol in zip(courses.items(), cycle(SYMBOLS), strict=False):
        for number, course in enumerate(seeds):
            steps = np.array([found.step for found in course])
            for name, dash in (("along", "solid"), ("random", "dot")):
                values = np.array([getattr(found, name).smoothness for found in course])
                seen.append(values)
                told = html(rf"{label}, along $-\nabla f$") if name == "along" else f"{label}, at random"
                figure.add_scatter(
                    **{"x": steps + 1, "y": _positive(values), "name": told, "showlegend": number == 0},
                    **{"mode": "lines+markers", "connectgaps": False, "legendgroup": told, "customdata": steps},
                    line={"color": colours.get(label), "width": 2 if name == "along" else 1, "dash": dash},
                    marker={"symbol": symbol, "size": 7, "color": colours.get(label)},
                    hovertemplate=html(r"step %{customdata}<br>$\beta$ = %{y:.4g}<extra>") + told + "</extra>",
                )
    return _finished(figure, seen, html(r"Effective $\beta$-smoothness"), dark)


def _band(
    steps: np.ndarray, low: np.ndarray, high: np.ndarray, label: str, colour: str | None, *, first: bool
) -> list[go.Scatter]:
    """Return a band as its lower and its upper edge, the space between them filled."""
    shared: dict[str, Any] = {"x": steps + 1, "mode": "lines", "connectgaps": False, "legendgroup": label}
    shared |= {"line": {"color": colour, "width": 1.5}, "customdata": steps}
    hover = "step %{customdata}<br>%{y:.4g}<extra>" + label + "</extra>"
    return [
        go.Scatter(**shared, y=_positive(low), showlegend=False, name=label, hovertemplate=hover),
        go.Scatter(**shared, y=_positive(high), showlegend=first, name=label, hovertemplate=hover, fill="tonexty"),
    ]


def _finished(figure: go.Figure, seen: list[np.ndarray], title: str, dark: bool) -> go.Figure:
    values = np.concatenate(seen or [np.zeros(0)])
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=title)
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    steps = sorted({int(step) for trace in figure.data for step in trace.customdata})
    labels: dict[str, Any] = {"tickvals": [step + 1 for step in steps], "ticktext": [str(step) for step in steps]}
    labels["range"] = [math.log10(steps[0] + 1) - 0.05, math.log10(steps[-1] + 1) + 0.05]
    figure.update_xaxes(title={"text": "training step", "font": words, "standoff": 4}, type="log", **labels, **shared)
    figure.update_yaxes(**log_axis([values]), automargin=True, **shared)
    told = ["Both axes are logarithmic. What is zero or not finite is left out."]
    dressed(figure, dark=dark, height=HEIGHT, title=title, notes=told, note_width=100, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.2})


def _positive(values: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(values) & (values > 0), values, np.nan)
