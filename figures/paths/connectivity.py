"""Loss and error on paths between two trained networks, by kind of batch statistics and by path (D13)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, translucent
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan, ticks
from normscape.landscape.paths.connectivity import Connectivity

HEIGHT = 310
LEGEND_ROW = 22

NAMES: Mapping[str, str] = {
    "interpolated": "running averages, interpolated",
    "re-estimated": "averages recomputed on the training set",
    "population": "population statistics",
    "batch": "mini-batch statistics",
}
MARKS: Mapping[str, str] = {
    "interpolated": "solid",
    "re-estimated": "wide, pale",
    "population": "dashed",
    "batch": "circles",
}
"""How each kind is drawn, in words."""

MAIN = ("interpolated", "population")
"""Kinds that a page draws at first: with the averages stored in training, and with statistics of all samples."""

STYLES: Mapping[str, Mapping[str, Any]] = {
    "interpolated": {"mode": "lines", "width": 2},
    "re-estimated": {"mode": "lines", "width": 8, "opacity": 0.35},
    "population": {"mode": "lines", "width": 2, "dash": "dash"},
    "batch": {"mode": "markers"},
}
"""Recomputed statistics of all kinds nearly agree: their lines stay distinguishable where they coincide."""


PATH_DASHES = ("solid", "dash", DOTTED)
"""Of the paths of one network, in their order."""


def connectivity_figures(
    segments: Compared[Connectivity],
    quantity: str = "loss",
    *,
    legend: bool = True,
    kinds: Collection[str] = tuple(NAMES),
) -> dict[str, go.Figure]:
    """Draw loss or error along the segment of every network, one line for each kind of statistics, on one scale.

    Args:
        segments: of every network.
        quantity: "loss" or "error".
        legend: whether each figure names its lines; a page has their names below all figures.
        kinds: of batch statistics that are drawn; a network without batch statistics has one line.
    """
    lines = {label: _kinds(own, quantity, kinds) for label, own in segments.results.items()}
    return _panels(segments.with_results(lines), quantity, rows=4 if legend else 0)


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
    return _panels(paths.with_results(lines), quantity, rows=3, is_log=quantity == "loss")


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
    style: Mapping[str, Any]


def _kinds(own: Connectivity, quantity: str, kinds: Collection[str]) -> list[_Line]:
    lines: Mapping[str, np.ndarray] = getattr(own, quantity)
    if len(lines) == 1:
        return [_Line("no batch statistics", own.t, values, STYLES["interpolated"]) for values in lines.values()]
    return [_Line(NAMES[mode], own.t, values, STYLES[mode]) for mode, values in lines.items() if mode in kinds]


def _paths(own: Sequence[Connectivity], mode: str, quantity: str) -> list[_Line]:
    lines = []
    for number, one in enumerate(own):
        if (kind := mode_of(one, mode)) is not None:
            name = (
                f"{path_name(one)}: barrier {one.rounded_barrier(kind):.3g}" if quantity == "loss" else path_name(one)
            )
            style = {"mode": "lines", "width": 2, "dash": PATH_DASHES[number % len(PATH_DASHES)]}
            lines.append(_Line(name, one.t, getattr(one, quantity)[kind], style))
    return lines


def _panels(lines: Compared[list[_Line]], quantity: str, *, rows: int, is_log: bool = False) -> dict[str, go.Figure]:
    """Return a panel for every network; all have one scale and as many rows of a legend, so that plots are equal."""
    every = [line.values for own in lines.results.values() for line in own]
    axis = log_axis(every) if is_log else _linear_axis(every)
    title = f"{quantity} (log)" if is_log else quantity
    return {label: _panel(lines, label, quantity, {"title": title, **axis}, rows) for label in lines.results}


def _linear_axis(every: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return an axis from 0, or from the smallest value below it."""
    finite = np.concatenate([values[np.isfinite(values)] for values in every] or [np.zeros(1)])
    low, high = float(finite.min(initial=0.0)), 1.06 * (float(finite.max(initial=0.0)) if finite.size else 1.0) or 1.06
    positions, texts = ticks(low, high, "linear")
    return {"range": [low - 0.02 * (high - low), high], "tickvals": positions, "ticktext": texts}


def _panel(lines: Compared[list[_Line]], label: str, quantity: str, axis: Mapping[str, Any], rows: int) -> go.Figure:
    color, figure = lines.color(label), go.Figure()
    for line in lines.results[label]:
        values = positive_or_nan(line.values) if axis.get("type") == "log" else line.values
        figure.add_trace(
            go.Scatter(
                **{"x": line.t, "y": values, "mode": line.style["mode"], "name": line.name, "showlegend": True},
                line={
                    "color": translucent(color, line.style.get("opacity", 1.0)),
                    "width": line.style.get("width"),
                    "dash": line.style.get("dash", "solid"),
                },
                marker={"symbol": "circle-open", "size": 8, "color": color},
                hovertemplate=f"t = %{{x:.2f}}<br>{quantity} %{{y:.4g}}<extra>{line.name}</extra>",
            )
        )
    style_axes(
        figure,
        lines.theme_colors,
        x_title="from one training (0) to the other (1)",
        y_title=axis["title"],
        x_axis={"range": [-0.02, 1.02]},
        y_axis={name: value for name, value in axis.items() if name != "title"},
    )
    bottom, plot = 52 + LEGEND_ROW * rows, HEIGHT - 40 - 52 - LEGEND_ROW
    top = -52 / plot if rows else None
    shown: dict[str, Any] = {"height": HEIGHT + LEGEND_ROW * (rows - 1), "bottom": bottom, "legend_y": top}
    figure = styled(figure, lines.theme_colors, title=label, title_color=color, **shown)
    figure.update_layout(legend={"orientation": "v"})
    return figure
