"""Paths of training in 3-D, as `path_surfaces` draws them: surface, contour lines and path, drawn by matplotlib."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.exports.drawings.file import BOLD_FAMILY
from normscape.exports.drawings.hidden_lines import hidden, runs
from normscape.exports.drawings.scene import Scene, draw_scene, eye_of, label_point
from normscape.exports.drawings.text import COLORS, mathtext
from normscape.exports.drawings.traces import POINTS, rgba
from normscape.figures.paths.maps import CONTOUR_LINES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AROUND = np.array([0.45, 0.3, 0.1, 0.55])
"""Inches to the left of a box, below it, to the right and above it, for titles and ticks."""

STEPS = 3
"""Steps between neighboring points of a surface, which has one color between two of them."""

SAMPLES = 24
"""Points between two checkpoints, at which the surface may begin to hide the path."""

HIDDEN = 0.3
"""Opacity of the part of a path that is behind its surface."""


def is_scene(figure: go.Figure) -> bool:
    """Whether a figure is a surface in 3-D."""
    return any(trace.type == "surface" for trace in figure.data)


def draw_path_scene(figure: Figure, cell: Any, one: go.Figure) -> None:
    """Draw a figure of `path_surfaces` in a cell; what the surface hides of a path is faint.

    Args:
        figure: of matplotlib.
        cell: left, bottom, right and top, as shares of the figure.
        one: in the light theme.
    """
    axes: Any = figure.add_axes((0, 0, 1, 1), projection="3d", computed_zorder=False)
    axes.patch.set_alpha(0)  # the axes are larger than the box that they show
    surface, *paths = one.data
    drawn = _scene(one, surface)
    levels = np.linspace(surface.cmin, surface.cmax, CONTOUR_LINES + 1)[1:-1]
    draw_scene(axes, drawn, levels, grid=COLORS.grid, line_width=0.4)
    for trace in paths:
        _draw_path(axes, trace, drawn)
    _style_axes(axes, one.layout.scene)
    _fit(figure, axes, cell)
    for note in one.layout.scene.annotations:
        label_point(axes, (note.x, note.y, note.z), str(note.text), note.arrowcolor, size=8)
    title, height = one.layout.title, figure.get_size_inches()[1]
    shown: Any = {"fontfamily": list(BOLD_FAMILY), "fontsize": 10, "color": rgba(title.font.color or COLORS.text)}
    figure.text((cell.x0 + cell.x1) / 2, cell.y1 - 0.05 / height, mathtext(title.text), ha="center", va="top", **shown)


def _fit(figure: Figure, axes: Any, cell: Any) -> None:
    """Place axes so that their box fills a cell, with room for titles and ticks around it."""
    from mpl_toolkits.mplot3d.proj3d import proj_transform  # type: ignore[import-untyped]

    ends = itertools.product(*(getattr(axes, f"get_{name}lim")() for name in "xyz"))
    across, up, _ = np.transpose([proj_transform(*corner, axes.get_proj()) for corner in ends])
    axes.apply_aspect()
    places = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([across, up])))
    low, high = places.min(axis=0), places.max(axis=0)
    size = figure.get_size_inches()
    first = np.array([cell.x0, cell.y0]) * size + AROUND[:2]
    room = np.array([cell.x1, cell.y1]) * size - AROUND[2:] - first
    side = float(np.min(room / (high - low)))  # of the axes, which are square
    corner = first + (room - side * (high - low)) / 2 - side * low
    axes.set_position((*(corner / size), *(side / size)))


def _scene(figure: go.Figure, surface: Any) -> Scene:
    """Return the surface with points between those that were measured, as smooth as on the screen."""
    shown = figure.layout.scene
    eye, center = ([float(getattr(one, name)) for name in "xyz"] for one in (shown.camera.eye, shown.camera.center))
    heights = _subdivided(_subdivided(np.asarray(surface.z, dtype=float)).T).T
    return Scene(
        *(_subdivided(surface.x), _subdivided(surface.y), heights),
        shades=heights,
        colors=(surface.cmin, surface.cmax),
        limits=shown.zaxis.range,
        camera=(*eye, *center),
        aspect={name: shown.aspectratio[name] for name in "xyz"},
    )


def _subdivided(values: Any) -> np.ndarray:
    """Return values (N, …) with `STEPS` steps between neighbors, on straight lines."""
    array = np.asarray(values, dtype=float)
    shares = np.linspace(0, 1, STEPS, endpoint=False).reshape(-1, *[1] * (array.ndim - 1))
    between = [low + shares * (high - low) for low, high in itertools.pairwise(array)]
    return np.concatenate([*between, array[-1:]])


def _draw_path(axes: Any, trace: Any, scene: Scene) -> None:
    """Draw the line through the checkpoints in pieces, each visible or hidden, and the checkpoints."""
    color, corners = rgba(trace.line.color), np.column_stack([trace.x, trace.y, trace.z]).astype(float)
    for points, is_hidden in _pieces(_line(corners), scene):
        axes.plot(
            *points.T,
            color=color,
            alpha=HIDDEN if is_hidden else 1,
            linewidth=0.6 * POINTS * trace.line.width,
            zorder=3,
        )
    behind = _is_hidden(corners, scene)
    marks: dict[str, Any] = {
        "color": color,
        "marker": "o",
        "markersize": POINTS * trace.marker.size,
        "linestyle": "none",
    }
    for chosen, alpha in ((behind, HIDDEN), (~behind, 1.0)):
        axes.plot(*corners[chosen].T, alpha=alpha, **marks, zorder=4)


def _line(corners: np.ndarray) -> np.ndarray:
    """Return points on the line through corners (N, 3), close to each other."""
    at = np.linspace(0, len(corners) - 1, (len(corners) - 1) * SAMPLES + 1)
    return np.column_stack([np.interp(at, np.arange(len(corners)), corners[:, axis]) for axis in range(3)])


def _pieces(points: np.ndarray, scene: Scene) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the pieces of a line, each with whether it is hidden; neighbors share a point."""
    behind = _is_hidden(points, scene)
    for piece, is_hidden in runs(behind):
        yield points[piece.start : piece.stop + 1], is_hidden


def _is_hidden(points: np.ndarray, scene: Scene) -> np.ndarray:
    return hidden(points, scene.alpha, scene.beta, scene.heights, eye_of(scene))


def _style_axes(axes: Any, scene: Any) -> None:
    axes.tick_params(labelsize=7, pad=-2, colors=COLORS.faint)
    for name in "xy":
        axes.locator_params(axis=name, nbins=scene[f"{name}axis"].nticks)
    axes.set_zticks(list(scene.zaxis.tickvals), labels=list(map(mathtext, scene.zaxis.ticktext)))
    for name in "xyz":
        getattr(axes, f"set_{name}label")(mathtext(scene[f"{name}axis"].title.text), fontsize=8, labelpad=-4)
