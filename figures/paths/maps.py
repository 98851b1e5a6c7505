"""The path of training on the map of the loss in its plane of principal components (D12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import positive_or_nan, ticks
from normscape.landscape.paths.trajectory import Trajectory

HEIGHT = 430
CONTOUR_LINES = 14
DECADES = 6
"""The color scale reaches at most so far below its largest loss."""


@dataclass(frozen=True, eq=False)
class PathMap:
    """A path, and the loss on a grid of its plane; without a loss before it is measured."""

    trajectory: Trajectory
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    loss: np.ndarray | None  # (B, A); nan where a point is missing


def path_maps(maps: Compared[PathMap]) -> dict[str, go.Figure]:
    """Draw the path of every network on the map of its loss; colors share one logarithmic scale.

    Args:
        maps: of every network.
    """
    values = [one.loss[np.isfinite(one.loss) & (one.loss > 0)] for one in maps.results.values() if one.loss is not None]
    values += [np.concatenate([path.loss for path in one.trajectory.paths]) for one in maps.results.values()]
    positive = np.concatenate(values) if values else np.ones(1)
    positive = positive[np.isfinite(positive) & (positive > 0)]
    high = float(positive.max(initial=1e-12))
    low = max(float(positive.min(initial=high)), high * 10.0**-DECADES)
    return {label: _map(maps, label, np.log10(low), np.log10(max(high, 1.05 * low))) for label in maps.results}


def _map(maps: Compared[PathMap], label: str, low: float, high: float) -> go.Figure:
    own = maps.results[label]
    figure = go.Figure()
    if own.loss is not None:
        figure.add_traces(_background(maps, own, low, high))
    for number, path in enumerate(own.trajectory.paths):
        figure.add_traces(_path(path.coordinates, path.step, path.loss, first=number == 0))
    shares = own.trajectory.explained
    style_axes(
        figure,
        maps.theme_colors,
        x_title=html(rf"first component, {100 * shares[0]:.0f} % of the path, in $\|\Delta\|$"),
        y_title=f"second, {100 * shares[1]:.0f} %",
        x_axis={"range": [float(own.alpha[0]), float(own.alpha[-1])], "constrain": "domain"},
        y_axis={"range": [float(own.beta[0]), float(own.beta[-1])], "constrain": "domain"},
    )
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
            **{"showscale": False, "hoverinfo": "skip", "autocontour": False},
        ),
    ]


def _path(places: np.ndarray, steps: np.ndarray, losses: np.ndarray, *, first: bool) -> list[go.Scatter]:
    """Return the line through the checkpoints, and labels at its ends."""
    shared: dict[str, Any] = {"x": places[:, 0], "y": places[:, 1], "showlegend": False}
    halo = go.Scatter(**shared, mode="lines", line={"color": "rgba(15,20,32,0.75)", "width": 5}, hoverinfo="skip")
    texts = [""] * len(steps)
    if first:
        texts[0], texts[-1] = f"step {steps[0]}", f"step {steps[-1]}"
    line = go.Scatter(
        **shared,
        mode="lines+markers+text",
        **{"text": texts, "textposition": "top center", "textfont": {"color": "#ffffff", "size": 12}},
        line={"color": "#ffffff", "width": 2, "dash": None if first else "dot"},
        marker={"size": 7, "color": "#ffffff", "line": {"color": "#0f1420", "width": 1.5}},
        customdata=np.stack([steps, losses], axis=1),
        hovertemplate="step %{customdata[0]}<br>loss %{customdata[1]:.4g}<extra></extra>",
    )
    return [halo, line]
