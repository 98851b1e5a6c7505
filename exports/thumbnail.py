"""Small pictures of compared surfaces, drawn on the server: every network on one scale, in one fixed size."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image, ImageDraw
from plotly.colors import sample_colorscale, unlabel_rgb

from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.scales import BASIN, LOWEST_SHARE
from normscape.specs.display import CAMERA

WIDTH, HEIGHT = 640, 320  # pixels of a picture, whatever it shows
MOST_SURFACES = 8
OVERSAMPLING = 2  # against jagged edges
POINTS = 33  # a side; coarser grids are interpolated, finer ones thinned out
CONTOURS = 10  # half a step from both ends, so that none follows a plane at an end or in the middle
MARGIN = 0.05  # of a surface's place, on every side
NAME_HEIGHT = 34  # pixels at the bottom of every place, for the name of its surface, which pages write
BOX = (0.7, 0.7, 0.4)  # half the sides of the box that a surface fills
OUTLINE = (128, 128, 140, 255)  # of the ground under a surface without values
LINE = (255, 255, 255, 150)
LIGHT = np.array([-0.35, -0.55, 0.76])

_COLORS = np.array([unlabel_rgb(one) for one in sample_colorscale(SURFACE_COLORSCALE, np.linspace(0, 1, 256))])


def thumbnail(values: Sequence[np.ndarray], *, scale: str = "linear") -> Image.Image | None:
    """Draw surfaces in 3-D on a transparent picture of `WIDTH` × `HEIGHT`, None if no value is finite.

    At most eight surfaces are drawn. A surface without finite values is the outline of its ground; quads that touch a
    missing point are left out.

    Args:
        values: (B, A) each, the first row nearest to the viewer.
        scale: of the heights, "linear" or "log"; values that are not all positive get a linear one. Colors are
            logarithmic on both.
    """
    drawn = [np.where(np.isfinite(one), one, np.nan).astype(np.float64) for one in values[:MOST_SURFACES]]
    finite = np.concatenate([one[np.isfinite(one)] for one in drawn]) if drawn else np.zeros(0)
    if not finite.size:
        return None
    positive = bool(finite.min() > 0)
    shades = _shares(drawn, finite, logarithmic=positive)
    heights = shades if scale == "log" or not positive else _shares(drawn, finite, logarithmic=False)
    grids = [_grid(one) for one in heights]
    picture = Image.new("RGBA", (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING), (255, 255, 255, 0))
    canvas = ImageDraw.Draw(picture, "RGBA")
    placed = _placed([_projected(grid) for grid in grids])
    for own_heights, own_shades, grid, pixels in zip(heights, shades, grids, placed, strict=True):
        _draw(canvas, own_heights, own_shades, grid, pixels)
    return picture.reduce(OVERSAMPLING)


def columns_for(count: int) -> int:
    """Return the number of places in a row for so many surfaces."""
    return count if count <= 3 else -(-min(count, MOST_SURFACES) // 2)


def thumbnail_png(values: Sequence[np.ndarray], *, scale: str = "linear") -> bytes | None:
    """Return the picture of `thumbnail` as a PNG file."""
    picture = thumbnail(values, scale=scale)
    if picture is None:
        return None
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _shares(values: Sequence[np.ndarray], finite: np.ndarray, *, logarithmic: bool) -> list[np.ndarray]:
    """Return where values are on the scale of all, 0 to 1, on grids of about the same number of points."""
    floor = max(min(LOWEST_SHARE * finite.max(), BASIN), finite.min()) if logarithmic else -np.inf
    positions = [np.log10(np.clip(one, floor, floor / LOWEST_SHARE)) if logarithmic else one for one in values]
    joined = np.concatenate([one.ravel() for one in positions])
    low, high = np.nanmin(joined), np.nanmax(joined)
    length = high - low
    return [_resized((one - low) / length if length > 0 else 0.5 + 0 * one) for one in positions]


def _resized(heights: np.ndarray) -> np.ndarray:
    if not np.isfinite(heights).all():  # interpolation would widen the gaps
        return heights
    picture = Image.fromarray(heights.astype(np.float32)).resize((POINTS, POINTS), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(picture, dtype=np.float64).round(6), 0, 1)


def _view() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the unit vectors to the right, upward, and toward the viewer, as `Display.camera` has them at first."""
    toward = np.array(CAMERA[:3]) - np.array(CAMERA[3:])
    toward /= np.linalg.norm(toward)
    right = np.cross([0.0, 0.0, 1.0], toward)
    right /= np.linalg.norm(right)
    return right, np.cross(toward, right), toward


RIGHT, UP, TOWARD = _view()


def _grid(heights: np.ndarray) -> np.ndarray:
    """Return the points of a surface in space (B, A, 3); those of the ground if there is no surface to draw."""
    if not _is_drawable(heights):
        return cast("np.ndarray", np.array([[[-1, -1, -1], [1, -1, -1]], [[-1, 1, -1], [1, 1, -1]]]) * np.array(BOX))
    rows, columns = heights.shape
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    return cast("np.ndarray", np.stack([x, y, 2 * heights - 1], axis=-1) * np.array(BOX))


def _is_drawable(heights: np.ndarray) -> bool:
    return bool(np.isfinite(heights).any()) and min(heights.shape) > 1


def _projected(points: np.ndarray) -> np.ndarray:
    """Return points (..., 3) as the viewer sees them, to the right and downward (..., 2)."""
    return np.stack([points @ RIGHT, -(points @ UP)], axis=-1)


def _placed(views: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return views in pixels, each at its own place above its name, all in the same size."""
    every = np.concatenate([one.reshape(-1, 2) for one in views])
    low, high = np.nanmin(every, axis=0), np.nanmax(every, axis=0)
    count, whole, name = len(views), np.array([WIDTH, HEIGHT]) * OVERSAMPLING, np.array([0, NAME_HEIGHT * OVERSAMPLING])
    columns = columns_for(count)
    size = whole / np.array([columns, -(-count // columns)])
    unit = float(np.min(((1 - 2 * MARGIN) * size - name) / (high - low)))
    placed = []
    for number, one in enumerate(views):
        row, column = divmod(number, columns)
        shift = (columns - min(columns, count - row * columns)) / 2  # the last row is centered
        placed.append((one - (low + high) / 2) * unit + size * np.array([column + 0.5 + shift, row + 0.5]) - name / 2)
    return placed


def _draw(
    canvas: ImageDraw.ImageDraw, heights: np.ndarray, shades: np.ndarray, points: np.ndarray, pixels: np.ndarray
) -> None:
    """Draw the quads of a surface from the farthest to the nearest, each with its contour lines.

    Args:
        canvas: to draw on.
        heights: (B, A) from 0 to 1.
        shades: (B, A) from 0 to 1, on the color scale.
        points: (B, A, 3) in space.
        pixels: (B, A, 2) of the points.
    """
    if not _is_drawable(heights):
        ground = [tuple(pixels[row, column]) for row, column in ((0, 0), (0, 1), (1, 1), (1, 0))]
        canvas.polygon(ground, outline=OUTLINE, width=2 * OVERSAMPLING)
        return
    corners, levels, places = _quads(points), _quads(heights), _quads(pixels)
    colors = _colors(corners, _quads(shades))
    for quad in np.argsort(corners.mean(axis=1) @ TOWARD):
        if np.isfinite(levels[quad]).all():
            canvas.polygon([*map(tuple, places[quad])], fill=tuple(colors[quad]))
            _contours(canvas, places[quad], levels[quad])


def _quads(grid: np.ndarray) -> np.ndarray:
    """Return the values at the corners of every quad of a grid (B, A, …), as (Q, 4, …)."""
    corners = np.stack([grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=2)
    return corners.reshape(-1, *corners.shape[2:])


def _colors(corners: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """Return the colors of quads (Q, 3): those of their mean shares of the scale, darkened by their slope."""
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    light = 0.8 + 0.25 * np.clip(normals @ LIGHT, 0, 1)
    index = np.clip(np.nan_to_num(255 * shades.mean(axis=1)), 0, 255).astype(np.uint8)
    shaded: np.ndarray = _COLORS[index] * np.nan_to_num(light, nan=1.0)[:, None]
    return shaded.clip(0, 255).astype(np.uint8)


def _contours(canvas: ImageDraw.ImageDraw, pixels: np.ndarray, levels: np.ndarray) -> None:
    """Draw the lines of equal height that cross a quad."""
    first, last = np.ceil(levels.min() * CONTOURS - 0.5), np.floor(levels.max() * CONTOURS - 0.5)
    for number in range(int(first), int(last) + 1):
        height, ends = (number + 0.5) / CONTOURS, []
        for one, other in ((0, 1), (1, 2), (2, 3), (3, 0)):
            if (levels[one] < height) != (levels[other] < height):
                share = (height - levels[one]) / (levels[other] - levels[one])
                ends.append(tuple(pixels[one] + share * (pixels[other] - pixels[one])))
        if len(ends) == 2:
            canvas.line(ends, fill=LINE, width=OVERSAMPLING)
