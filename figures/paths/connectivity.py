"""Loss and error on paths between two trained networks, by kind of batch statistics and by path (D13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import ticks
from normscape.landscape.paths.connectivity import Connectivity

HEIGHT = 360
LEGEND_ROW = 22

NAMES: Mapping[str, str] = {
    "interpolated": "running averages, interpolated",
    "re-estimated": "averages taken anew on the training set",
    "population": "population statistics",
    "batch": "mini-batch statistics",
}
DASHES: Mapping[str, str] = {
    "interpolated": "solid",
    "re-estimated": "dash",
    "population": "dashdot",
    "batch": "dot",
}


PATH_DASHES = ("solid", "dash", "dot")
"""Of the paths of one network, in their order."""


def connectivity_figures(segments: Compared[Connectivity], quantity: str = "loss") -> dict[str, go.Figure]:
    """Draw loss or error along the segment of every network, one line for each kind of statistics, on one scale.

    Args:
        segments: of every network.
        quantity: "loss" or "error".
    """
    lines = {label: _kinds(own, quantity) for label, own in segments.results.items()}
    return _panels(segments.with_results(lines), quantity, rows=4)


def path_comparison_figures(
    paths: Compared[Sequence[Connectivity]], mode: str, quantity: str = "loss"
) -> dict[str, go.Figure]:
    """Draw loss or error along several paths of every network in one kind of statistics, on one scale.

    Args:
        paths: of every network: its segment, then others between the same trainings.
        mode: kind of batch statistics; networks without batch statistics have one.
        quantity: "loss" or "error".
    """
    lines = {label: _paths(own, mode, quantity) for label, own in paths.results.items()}
    return _panels(paths.with_results(lines), quantity, rows=3)


def path_name(one: Connectivity) -> str:
    """Return the name of a path: "segment" or "Bézier curve", with matched units or not."""
    name = "segment" if one.curve == "segment" else "Bézier curve"
    return name if one.matching == "none" else f"{name}, units matched"


def mode_of(one: Connectivity, mode: str) -> str | None:
    """Return the kind of statistics that a path is drawn in, None if it was not measured in it."""
    if tuple(one.loss) == ("population",):
        return "population"
    return mode if mode in one.loss else None


@dataclass(frozen=True, eq=False)
class _Line:
    """A line of a panel."""

    name: str
    t: np.ndarray
    values: np.ndarray
    dash: str


def _kinds(own: Connectivity, quantity: str) -> list[_Line]:
    lines: Mapping[str, np.ndarray] = getattr(own, quantity)
    if len(lines) == 1:
        return [_Line("no batch statistics", own.t, values, "solid") for values in lines.values()]
    return [_Line(NAMES[mode], own.t, values, DASHES[mode]) for mode, values in lines.items()]


def _paths(own: Sequence[Connectivity], mode: str, quantity: str) -> list[_Line]:
    lines = []
    for number, one in enumerate(own):
        if (kind := mode_of(one, mode)) is not None:
            name = f"{path_name(one)}: barrier {one.barrier(kind):.2g}" if quantity == "loss" else path_name(one)
            lines.append(_Line(name, one.t, getattr(one, quantity)[kind], PATH_DASHES[number % len(PATH_DASHES)]))
    return lines


def _panels(lines: Compared[list[_Line]], quantity: str, *, rows: int) -> dict[str, go.Figure]:
    """Return a panel for every network; all have one scale and as many rows of a legend, so that plots are equal."""
    every = [line.values[np.isfinite(line.values)] for own in lines.results.values() for line in own]
    finite = np.concatenate(every or [np.zeros(1)])
    low, high = (0.0, float(finite.max(initial=0.0))) if finite.size else (0.0, 1.0)
    ends = min(low, float(finite.min(initial=0.0))), 1.06 * (high or 1.0)
    return {label: _panel(lines, label, quantity, ends, rows) for label in lines.results}


def _panel(lines: Compared[list[_Line]], label: str, quantity: str, ends: tuple[float, float], rows: int) -> go.Figure:
    color, figure = lines.color(label), go.Figure()
    for line in lines.results[label]:
        figure.add_trace(
            go.Scatter(
                **{"x": line.t, "y": line.values, "mode": "lines", "name": line.name, "showlegend": True},
                line={"color": color, "width": 2, "dash": line.dash},
                hovertemplate=f"t = %{{x:.2f}}<br>{quantity} %{{y:.4g}}<extra>{line.name}</extra>",
            )
        )
    positions, texts = ticks(*ends, "linear")
    style_axes(
        figure,
        lines.theme_colors,
        x_title="t: from one trained network (0) to the other (1)",
        y_title=quantity,
        x_axis={"range": [-0.02, 1.02]},
        y_axis={"range": [ends[0] - 0.02 * (ends[1] - ends[0]), ends[1]], "tickvals": positions, "ticktext": texts},
    )
    bottom, plot = 52 + LEGEND_ROW * rows, HEIGHT - 40 - 52 - LEGEND_ROW
    shown: dict[str, Any] = {"height": HEIGHT + LEGEND_ROW * (rows - 1), "bottom": bottom, "legend_y": -52 / plot}
    figure = styled(figure, lines.theme_colors, title=label, title_color=color, **shown)
    figure.update_layout(legend={"orientation": "v"})
    return figure
