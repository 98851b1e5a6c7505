"""Compared surfaces as a vector graphic for a paper: each in 3-D, and below it as a contour map, on one scale.

matplotlib draws it, since plotly.js draws surfaces as pixels only.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.surface.notes import is_line, nothing_to_draw
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from normscape.figures.style.scales import Range
    from normscape.landscape import Surface

FORMATS = ("svg", "pdf")

_LOCK = threading.Lock()  # matplotlib's settings belong to the process, and sessions are threads of it

PANEL_WIDTH = 3.4  # inches: a column of most journals
ROW_HEIGHTS = (2.9, 2.6)  # inches: surfaces, maps
MARGIN = 0.9  # inches: color bar at the right, title at the top
CONTOURS = 12
STYLE: Any = {
    "pdf.fonttype": 42,  # embedded TrueType fonts: text stays text
    "svg.hashsalt": "normscape",  # equal input gives equal bytes
    "font.size": 8,
    "axes.linewidth": 0.6,
    "mathtext.fontset": "dejavusans",
}


def vector_graphic(
    comparison: Comparison, *, format: str, caption: str, link: str = "", camera: Sequence[float] = CAMERA
) -> bytes:
    """Return all surfaces as an SVG or a PDF file, on a white page; equal input gives equal bytes.

    A surface that is a line, or has no finite value, has a sentence in its place.

    Args:
        comparison: the surfaces, in the light theme.
        format: "svg" or "pdf".
        caption: one line on how they were measured, at the bottom.
        link: an address that opens the experiment, for the file's metadata.
        camera: as `Display.camera`.

    Raises:
        ValueError: the format is unknown, or there is no surface.
    """
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")
    if not comparison.results:
        raise ValueError("there is no surface to draw")
    import matplotlib as mpl  # here, since it takes a third of a second and most pages never need it

    with _LOCK, mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        title = f"{comparison.metric_title} around the trained weights"
        about = {"Title": f"Normscape: {title}", "Creator": "Normscape"}
        if format == "svg":
            about |= {"Date": None, "Description": link, "Source": link} if link else {"Date": None}  # type: ignore[dict-item]
        else:
            about |= {"CreationDate": None, "Subject": link}  # type: ignore[dict-item]
        _figure(comparison, title, caption, camera).savefig(buffer, format=format, metadata=about)
        return buffer.getvalue()


def _figure(comparison: Comparison, title: str, caption: str, camera: Sequence[float]) -> Figure:
    from matplotlib.figure import Figure

    count, value_range = len(comparison.results), comparison.value_range
    width, height = PANEL_WIDTH * count + MARGIN, sum(ROW_HEIGHTS) + MARGIN
    figure = Figure(figsize=(width, height))
    left, right, top, bottom = 0.55 / width, 1 - 0.75 / width, 1 - 0.55 / height, 0.6 / height
    grid = figure.add_gridspec(
        2, count, left=left, right=right, top=top, bottom=bottom, height_ratios=ROW_HEIGHTS, hspace=0.12, wspace=0.28
    )
    image: Any = None
    for column, (label, surface) in enumerate(comparison.results.items()):
        sentence = nothing_to_draw(surface, comparison.metric)
        if value_range is None or sentence is not None or is_line(surface):
            _sentence(figure, grid[0, column], label, comparison, sentence or "A slice with one direction.")
            continue
        _surface(figure, grid[0, column], label, surface, comparison, value_range, camera)
        image = _map(figure, grid[1, column], surface, comparison, value_range)
    if image is not None and value_range is not None:
        bar = figure.colorbar(image, cax=figure.add_axes((1 - 0.6 / width, 0.14, 0.1 / width, 0.3)))
        bar.set_ticks(
            [float(value) for value in value_range.ticks["tickvals"]], labels=_plain(value_range.ticks["ticktext"])
        )
        bar.set_label(" ".join(filter(None, [comparison.metric_title, value_range.unit and f"({value_range.unit})"])))
    figure.suptitle(title, fontsize=11, y=1 - 0.12 / height, va="top")
    figure.text(0.5, 0.08 / height, caption, ha="center", va="bottom", fontsize=6, color="#5a6172", wrap=True)
    return figure


def _surface(
    figure: Figure,
    place: Any,
    label: str,
    surface: Surface,
    comparison: Comparison,
    value_range: Range,
    camera: Sequence[float],
) -> None:
    axes: Any = figure.add_subplot(place, projection="3d")
    alpha, beta = np.meshgrid(surface.alpha, surface.beta)
    low, high = value_range.ends
    axes.plot_surface(
        alpha, beta, _heights(comparison, surface, value_range),
        **{"cmap": _colormap(), "vmin": low, "vmax": high, "rstride": 1, "cstride": 1},
        **{"linewidth": 0.1, "edgecolor": (1, 1, 1, 0.25), "antialiased": True},
    )  # fmt: skip
    eye = np.asarray(camera[:3]) - np.asarray(camera[3:])
    axes.view_init(
        elev=math.degrees(math.asin(eye[2] / np.linalg.norm(eye))), azim=math.degrees(math.atan2(eye[1], eye[0]))
    )
    axes.set_zlim(low, high)
    axes.set_zticks(value_range.ticks["tickvals"], labels=_plain(value_range.ticks["ticktext"]))
    axes.set(xlabel="α", ylabel="β")
    axes.tick_params(labelsize=6, pad=0)
    axes.locator_params(axis="x", nbins=4)
    axes.locator_params(axis="y", nbins=4)
    axes.set_title(label, color=comparison.color(label) or "black", fontweight="bold", fontsize=10)


def _map(figure: Figure, place: Any, surface: Surface, comparison: Comparison, value_range: Range) -> Any:
    axes = figure.add_subplot(place)
    heights = _heights(comparison, surface, value_range)
    low, high = value_range.ends
    image = axes.pcolormesh(
        surface.alpha, surface.beta, heights, cmap=_colormap(), vmin=low, vmax=high, shading="nearest", rasterized=True
    )
    if np.isfinite(heights).any() and high > low:
        levels = np.linspace(low, high, CONTOURS + 2)[1:-1]
        axes.contour(
            surface.alpha, surface.beta, heights, levels=levels, colors="white", linewidths=0.5, linestyles="solid"
        )
    axes.plot(0, 0, marker="+", color="white", markersize=8, markeredgewidth=1.2)
    axes.set(xlabel="α", ylabel="β", xlim=surface.alpha[[0, -1]], ylim=surface.beta[[0, -1]], aspect="equal")
    return image


def _heights(comparison: Comparison, surface: Surface, value_range: Range) -> np.ndarray:
    values = comparison.values(surface)
    return value_range.position(values if values is not None else np.full_like(surface.loss, np.nan))


def _sentence(figure: Figure, place: Any, label: str, comparison: Comparison, sentence: str) -> None:
    axes = figure.add_subplot(place)
    axes.set_axis_off()
    axes.set_title(label, color=comparison.color(label) or "black", fontweight="bold", fontsize=10)
    axes.text(0.5, 0.5, sentence, ha="center", va="center", wrap=True, color="#5a6172")


def _colormap() -> str:
    return SURFACE_COLORSCALE.lower()


def _plain(texts: Sequence[object]) -> list[str]:
    """Return tick labels without the markup of plotly.js."""
    return [str(text).replace("<sup>", "^").replace("</sup>", "") for text in texts]
