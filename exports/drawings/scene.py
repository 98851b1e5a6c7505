"""A surface in 3-D, drawn by matplotlib: its patches in color, its contour lines, and the camera of plotly.js."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from normscape.exports.drawings.hidden_lines import visible_contours
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.surface.surface_3d import ASPECT

BOX_SIZE = 1.9057
"""Length of the diagonal of matplotlib's 3-D box at zoom 1, in its own units (`Axes3D.set_box_aspect`)."""
ZOOM = 1.0  # leaves room for the titles of the axes
DISTANCE = 10.0  # of matplotlib's camera, in its own units


class Scene(NamedTuple):
    """A surface in a box, and from where it is seen."""

    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    heights: np.ndarray  # (B, A), nan where there is no surface
    shades: np.ndarray  # (B, A), positions on the color scale
    colors: Sequence[float]  # ends of the color scale
    limits: Sequence[float]  # ends of the height axis
    camera: Sequence[float]  # as in `Display`
    aspect: Mapping[str, float] = ASPECT  # of the box


def draw_scene(
    axes: Any, scene: Scene, levels: np.ndarray, *, grid: str, line_width: float = 0.6, zoom: float = ZOOM
) -> list[np.ndarray]:
    """Draw a surface with its contour lines, seen from a camera, and return the visible lines.

    Args:
        axes: three-dimensional.
        scene: what is drawn.
        levels: heights of the contour lines.
        grid: color of the grid and of the axes.
        line_width: of contour lines, in points.
        zoom: of the box in its axes.
    """
    draw_patches(axes, scene)
    lines = visible_contours(scene.alpha, scene.beta, scene.heights, levels, eye_of(scene))
    for line in lines:
        axes.plot(*line.T, color=(1, 1, 1, 0.6), linewidth=line_width, zorder=2, clip_on=False)
    place_camera(axes, scene.camera, scene.aspect, zoom)
    axes.set(xlim=scene.alpha[[0, -1]], ylim=scene.beta[[0, -1]], zlim=scene.limits)
    axes.margins(0)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set_color(grid)
        axis._axinfo["grid"].update(color=grid, linewidth=0.5)
    return lines


def draw_patches(axes: Any, scene: Scene) -> None:
    """Draw the surface; every patch has its edge in its own color, or viewers show white seams between patches."""
    import matplotlib as mpl

    low, high = scene.colors
    shades, span = scene.shades, (high - low) or 1.0
    middle = (shades[:-1, :-1] + shades[1:, :-1] + shades[:-1, 1:] + shades[1:, 1:]) / 4
    colors = mpl.colormaps[colormap()]((middle - low) / span)
    alpha, beta = np.meshgrid(scene.alpha, scene.beta)
    patches = axes.plot_surface(
        alpha, beta, scene.heights, facecolors=colors, rstride=1, cstride=1, shade=False, zorder=1
    )
    patches.set(linewidth=0.4, clip_on=False)


def place_camera(axes: Any, camera: Sequence[float], aspect: Mapping[str, float] = ASPECT, zoom: float = ZOOM) -> None:
    """Look from the side and with the perspective of plotly.js, whose units are those of the box."""
    view = np.asarray(camera[:3]) - np.asarray(camera[3:])
    distance = float(np.linalg.norm(view))
    size = tuple(aspect[name] for name in "xyz")
    focal_length = distance * BOX_SIZE * ZOOM / float(np.linalg.norm(size)) / DISTANCE
    axes.set_box_aspect(size, zoom=zoom)
    axes.set_proj_type("persp", focal_length=max(focal_length, 0.15))
    axes.view_init(elev=math.degrees(math.asin(view[2] / distance)), azim=math.degrees(math.atan2(view[1], view[0])))


def eye_of(scene: Scene) -> np.ndarray:
    """Return where the camera is, in the units of the axes."""
    view = np.asarray(scene.camera[:3]) - np.asarray(scene.camera[3:])
    limits = np.array([scene.alpha[[0, -1]], scene.beta[[0, -1]], scene.limits])
    return np.asarray(limits.mean(axis=1) + view * np.ptp(limits, axis=1) / [scene.aspect[name] for name in "xyz"])


def label_point(axes: Any, position: Sequence[float], text: str, color: str, *, size: float = 7) -> None:
    """Label a point of finished axes, above it, with a line to it."""
    from mpl_toolkits.mplot3d.proj3d import proj_transform  # type: ignore[import-untyped]

    across, up, _ = proj_transform(*position, axes.get_proj())
    axes.annotate(
        *(text, (across, up), (0, 20)),
        **{"textcoords": "offset points", "ha": "center", "fontsize": size, "zorder": 5},
        bbox={"facecolor": (1, 1, 1, 0.9), "linewidth": 0, "boxstyle": "square,pad=0.15"},
        arrowprops={"arrowstyle": "-", "color": color, "shrinkA": 0, "shrinkB": 0},
    )


def colormap() -> str:
    """Return matplotlib's name of the color scale of surfaces."""
    return SURFACE_COLORSCALE.lower()
