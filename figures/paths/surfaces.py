"""The path of training on the surface of the loss in its plane of principal components, in 3-D (D12)."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.paths.maps import PATH, PathMap, log_ends
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.template import TRANSPARENT, styled
from normscape.figures.style.ticks import positive_or_nan, ticks
from normscape.landscape.paths.trajectory import Path

HEIGHT = 380
ASPECT = {"x": 1.3, "y": 1.3, "z": 0.75}
EYE = {"x": -1.15, "y": -1.5, "z": 1.05}
PATH_COLOR = "#ff4d6d"
"""Of a single path: not in the color scale of heights."""

LIFT = 0.02
"""How far a path is above its surface, relative to the range of heights, so that the surface does not cover it."""

MOST_TICKS = 4


def path_surfaces(maps: Compared[PathMap]) -> dict[str, go.Figure]:
    """Draw the path of every network on the surface of the loss in its plane; heights and colors share one scale.

    Each checkpoint is at the loss of its projection on the plane. Networks whose loss is not measured yet are left out.

    Args:
        maps: by label of the network whose end is the center.
    """
    ends = log_ends(maps)
    return {label: _surface(maps, label, ends) for label, own in maps.results.items() if own.loss is not None}


def _surface(maps: Compared[PathMap], label: str, ends: tuple[float, float]) -> go.Figure:
    own, (low, high) = maps.results[label], ends
    loss = positive_or_nan(own.loss if own.loss is not None else np.zeros((0, 0)))
    heights = np.maximum(np.log10(loss), low)
    figure = go.Figure(
        go.Surface(
            **{"x": own.alpha, "y": own.beta, "z": heights, "surfacecolor": heights, "customdata": own.loss},
            **{"cmin": low, "cmax": high, "colorscale": SURFACE_COLORSCALE, "showscale": False, "opacity": 0.92},
            lighting={"ambient": 0.72, "diffuse": 0.55, "specular": 0.08, "roughness": 0.9, "fresnel": 0.05},
            lightposition={"x": -800, "y": -1500, "z": 2500},
            **{"hoverinfo": "skip"},
        )
    )
    several = len(own.labels) > 1
    for name, path in zip(own.labels, own.trajectory.paths, strict=True):
        color = (maps.color(name) if several else None) or PATH_COLOR
        figure.add_trace(_path(path, name if several else "", color, ends))
    starts = [] if several else [_start(maps, figure.data[-1])]
    figure.update_layout(overwrite=True, scene=_scene(maps, own, ends) | {"annotations": starts})
    title = f"{label}, in 3-D" if not several else "In 3-D"
    styled(figure, maps.theme_colors, height=HEIGHT, title=title, title_color=None if several else maps.color(label))
    return figure


def _path(path: Path, name: str, color: str, ends: tuple[float, float]) -> go.Scatter3d:
    low, high = ends
    heights = np.clip(np.log10(positive_or_nan(path.plane_loss)), low, None) + LIFT * (high - low)
    return go.Scatter3d(
        **{"x": path.coordinates[:, 0], "y": path.coordinates[:, 1], "z": heights, "name": name, "meta": PATH},
        **{"mode": "lines+markers", "showlegend": False},
        line={"color": color, "width": 5},
        marker={"size": 4, "color": color, "line": {"width": 0}},
        customdata=np.stack([path.step, path.plane_loss], axis=1),
        hovertemplate="step %{customdata[0]}<br>loss in the plane %{customdata[1]:.4g}" + f"<extra>{name}</extra>",
    )


def _start(maps: Compared[PathMap], path: go.Scatter3d) -> dict[str, Any]:
    """Return the label of the first checkpoint, which no slope hides."""
    return {
        **{axis: float(path[axis][0]) for axis in "xyz"},
        **{"text": f"step {path.customdata[0][0]:.0f}", "font": {"size": 12, "color": maps.theme_colors.text}},
        **{"bgcolor": maps.theme_colors.background, "opacity": 0.9, "borderpad": 2, "showarrow": True},
        **{"arrowhead": 0, "arrowwidth": 1.5, "arrowcolor": PATH_COLOR, "ax": 0, "ay": -30},
    }


def _scene(maps: Compared[PathMap], own: PathMap, ends: tuple[float, float]) -> dict[str, Any]:
    positions, texts = ticks(10 ** ends[0], 10 ** ends[1], "log")
    every = -(-len(texts) // MOST_TICKS)
    span = ends[1] - ends[0]
    heights = {"tickvals": np.log10(positions)[::every].tolist(), "ticktext": texts[::every]}
    return {
        "xaxis": _axis(maps, "first direction") | {"range": [float(own.alpha[0]), float(own.alpha[-1])]},
        "yaxis": _axis(maps, "second") | {"range": [float(own.beta[0]), float(own.beta[-1])]},
        "zaxis": _axis(maps, "loss (log)") | heights | {"range": [ends[0] - 0.03 * span, ends[1] + 0.06 * span]},
        **{
            "aspectmode": "manual",
            "aspectratio": ASPECT,
            "camera": {"eye": EYE, "center": {"x": 0, "y": 0, "z": -0.25}},
        },
        **{"bgcolor": TRANSPARENT, "dragmode": "turntable", "uirevision": "normscape"},
    }


def _axis(maps: Compared[PathMap], title: str) -> dict[str, Any]:
    text, faint, grid, _ = maps.theme_colors
    return {
        "title": {"text": title, "font": {"color": text, "size": 12}},
        "tickfont": {"color": faint, "size": 11},
        **{"gridcolor": grid, "linecolor": grid, "zeroline": False, "showbackground": False, "showspikes": False},
        "nticks": MOST_TICKS,
    }
