"""The path of training on the map of the loss in its plane of principal components (D12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import positive_or_nan, ticks
from normscape.landscape.paths.trajectory import Path, Trajectory

HEIGHT = 370
LEGEND_ROW = 22
WHITE = "#ffffff"
HALO = ", ".join(f"{place} 1px #0f1420" for place in ("1px 0", "-1px 0", "0 1px", "0 -1px", "0 0"))
"""Behind white text, which may stand on any color of the map."""
CONTOUR_LINES = 14
PATH = "path"
"""`meta` of the traces that are drawn checkpoint by checkpoint (`exports/path_player.js`)."""

NEAR = 3
"""Checkpoints beside the first and the last one that their labels leave free."""

DECADES = 6
"""The color scale reaches at most so far below its largest loss."""


@dataclass(frozen=True, eq=False)
class PathMap:
    """Paths in one plane, and the loss on a grid of it; without a loss before it is measured."""

    trajectory: Trajectory
    labels: tuple[str, ...]  # of the networks, one for each path
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    loss: np.ndarray | None  # (B, A); nan where a point is missing


def path_maps(maps: Compared[PathMap]) -> dict[str, go.Figure]:
    """Draw the path of every network on the map of its loss; colors share one logarithmic scale.

    Several paths in one plane have the colors of their networks, a single one is white.

    Args:
        maps: by label of the network whose end is the center.
    """
    ends = log_ends(maps)
    return {label: _map(maps, label, *ends) for label in maps.results}


def log_ends(maps: Compared[PathMap]) -> tuple[float, float]:
    """Return the ends of the scale that all networks share: log₁₀ of the smallest and the largest loss."""
    values = [one.loss[np.isfinite(one.loss) & (one.loss > 0)] for one in maps.results.values() if one.loss is not None]
    values += [np.concatenate([path.loss for path in one.trajectory.paths]) for one in maps.results.values()]
    positive = np.concatenate(values) if values else np.ones(1)
    positive = positive[np.isfinite(positive) & (positive > 0)]
    high = float(positive.max(initial=1e-12))
    low = max(float(positive.min(initial=high)), high * 10.0**-DECADES)
    return float(np.log10(low)), float(np.log10(max(high, 1.05 * low)))


def _map(maps: Compared[PathMap], label: str, low: float, high: float) -> go.Figure:
    own = maps.results[label]
    figure = go.Figure()
    if own.loss is not None:
        figure.add_traces(_background(maps, own, low, high))
    several = len(own.labels) > 1
    for name, path in zip(own.labels, own.trajectory.paths, strict=True):
        color = (maps.color(name) or WHITE) if several else WHITE
        figure.add_traces(_path(path, name if several else "", color))
    shares = own.trajectory.explained
    style_axes(
        figure,
        maps.theme_colors,
        x_title=f"first direction: {100 * shares[0]:.0f} % of the path{'s' * several}",
        y_title=f"second: {100 * shares[1]:.0f} %",
        x_axis={"range": [float(own.alpha[0]), float(own.alpha[-1])], "constrain": "domain"},
        y_axis={"range": [float(own.beta[0]), float(own.beta[-1])], "constrain": "domain"},
    )
    if several:
        bottom, plot = 52 + LEGEND_ROW * -(-len(own.labels) // 3), HEIGHT - 12 - 52 - LEGEND_ROW
        return styled(figure, maps.theme_colors, height=HEIGHT + bottom - 74, bottom=bottom, legend_y=-52 / plot)
    return styled(figure, maps.theme_colors, height=HEIGHT, title=label, title_color=maps.color(label), bottom=48)


def _background(maps: Compared[PathMap], own: PathMap, low: float, high: float) -> list[Any]:
    loss = positive_or_nan(own.loss if own.loss is not None else np.zeros((0, 0)))
    grid = {"x": own.alpha, "y": own.beta, "z": np.log10(loss)}
    positions, texts = ticks(10**low, 10**high, "log")
    font = {"color": maps.theme_colors.text, "size": 11}
    bar: dict[str, Any] = {
        **{"thickness": 10, "len": 0.95, "outlinewidth": 0, "tickfont": font, "xpad": 4},
        **{"tickvals": np.log10(positions).tolist(), "ticktext": texts, "title": {"text": "loss", "font": font}},
    }
    return [
        go.Heatmap(
            **grid,
            **{"zmin": low, "zmax": high, "colorscale": SURFACE_COLORSCALE, "customdata": own.loss, "zsmooth": "best"},
            **{"colorbar": bar, "hoverongaps": False},
            hovertemplate="loss %{customdata:.4g}<extra></extra>",
        ),
        go.Contour(
            **grid,
            contours={"coloring": "none", "start": low, "end": high, "size": (high - low) / CONTOUR_LINES},
            line={"color": "rgba(255,255,255,0.45)", "width": 1},
            **{"showscale": False, "hoverinfo": "skip", "autocontour": False, "showlegend": False},
        ),
    ]


def _side(places: np.ndarray) -> str:
    """Return the side of the first of some places on which no other place is near: above or below it."""
    near = places[1 : NEAR + 1, 1] - places[0, 1]
    return "bottom center" if near.size and near.mean() > 0 else "top center"


def _path(path: Path, name: str, color: str) -> list[go.Scatter]:
    """Return the line through the checkpoints of a network, and labels at the ends of a path without a name."""
    places, steps = path.coordinates, path.step
    shared: dict[str, Any] = {"x": places[:, 0], "y": places[:, 1], "legendgroup": name, "meta": PATH}
    shared["customdata"] = np.stack([steps, path.loss], axis=1)
    halo_color = "rgba(15,20,32,0.75)" if color == WHITE else "rgba(255,255,255,0.9)"
    halo = {"line": {"color": halo_color, "width": 5}, "hoverinfo": "skip", "showlegend": False}
    texts = [""] * len(steps)
    sides = ["top center"] * len(steps)
    for end, others in ((0, places), (-1, places[::-1])) if not name else ():
        sides[end] = _side(others)
        lines = [f"step {steps[end]}", "\N{NO-BREAK SPACE}"]  # the empty one is between the label and its checkpoint
        texts[end] = "<br>".join(lines if "top" in sides[end] else reversed(lines))
    line = go.Scatter(
        **shared,
        mode="lines+markers+text",
        **{"text": texts, "textposition": sides, "textfont": {"color": WHITE, "size": 12, "shadow": HALO}},
        **{"name": name, "showlegend": bool(name)},
        line={"color": color, "width": 2},
        marker={"size": 7, "color": color, "line": {"color": "#0f1420", "width": 1.5}},
        hovertemplate="step %{customdata[0]}<br>loss %{customdata[1]:.4g}" + f"<extra>{name}</extra>",
    )
    return [go.Scatter(**shared, mode="lines", **halo), line]
