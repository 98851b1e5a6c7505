"""Axes of a slice: titles that state what one step along a direction means (D2, D3), and the color bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import plotly.colors

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.scales import Range
from normscape.figures.style.ticks import number_text

if TYPE_CHECKING:
    from normscape.landscape import Plane, Surface

_SCALED = {"filter": "filter-normalized", "layer": "layer-normalized", "unit": html(r"in units of $\|\theta^*\|$")}
_LENGTHS = (html(r"$\|d_1\|$"), html(r"$\|d_2\|$"))


class ColorScale(NamedTuple):
    """The color bar that compared surfaces share, for a page that draws it itself."""

    title: str
    colors: tuple[str, ...]  # from the lowest value to the highest, at equal distances
    ticks: tuple[tuple[float, str], ...]  # share of the length from the lowest value, and the number


def color_scale(comparison: Comparison) -> ColorScale | None:
    """Return the color bar of the metric, None if no value is finite."""
    color_range = comparison.color_range
    if color_range is None:
        return None
    low, high = color_range.ends
    ticks = color_range.ticks
    shares = [(float(value) - low) / (high - low) for value in ticks["tickvals"]]
    colors = tuple(color for _, color in plotly.colors.get_colorscale(SURFACE_COLORSCALE))
    return ColorScale(comparison.metric_title, colors, tuple(zip(shares, map(str, ticks["ticktext"]), strict=True)))


_EIGENVECTORS = {
    "hessian": (r"\lambda_1", r"\lambda_2"),
    "hessian-ends": (r"\lambda_{\max}", r"\lambda_{\min}"),
}
"""The eigenvalues whose eigenvectors span a plane (D16)."""


def axis_title(surface: Surface, name: str) -> str:
    """Return the title of an axis of a slice, with its unit.

    Args:
        surface: whose plane has the axis.
        name: "α" or "β".
    """
    first = name == "α"
    plane = surface.plane
    if plane.kind == "unknown":
        return name
    length = number_text(float(f"{plane.norms[0 if first else 1]:.3g}"))
    length = f"in units of {length} = {_LENGTHS[0 if first else 1]}"
    if plane.kind == "checkpoints" and (first or len(plane.marks) > 1):
        return f"{name} ({mark_labels(plane)[0 if first else 1]} at 1)"
    if plane.kind == "gradient" and first:
        return html(rf"{name} (along $-\nabla f$, {length})")
    if plane.kind in _EIGENVECTORS:
        return html(
            rf"{name} (along the eigenvector of ${_EIGENVECTORS[plane.kind][0 if first else 1]}$, in $\|\Delta\|$)"
        )
    if plane.kind == "trajectory":
        return html(rf"{name} ({'first' if first else 'second'} principal component, in $\|\Delta\|$)")
    return f"{name} ({_SCALED.get(plane.scaling, length)})"


def mark_labels(plane: Plane) -> tuple[str, ...]:
    """Return the names of the checkpoints in a plane; those of other trainings without a step that all of them have."""
    parts = [name.rpartition(", step ") for name in plane.names]
    trainings = tuple(training for training, _, _ in parts)
    same = len({step for _, _, step in parts}) == 1
    return trainings if same and all(trainings) else plane.mark_names


def shared_axis_title(surfaces: Iterable[Surface], name: str) -> str:
    """Return the title of an axis that several surfaces share, without the unit if it differs between them."""
    titles = {axis_title(surface, name) for surface in surfaces}
    return titles.pop() if len(titles) == 1 else name


def metric_bar(comparison: Comparison, color_range: Range) -> dict[str, Any]:
    """Return the color bar of the metric."""
    ticks = {"ticks": "outside", "ticklen": 3, "tickcolor": comparison.theme_colors.faint, **color_range.ticks}
    return color_bar(comparison, f"{comparison.metric_title} ({html(color_range.unit)})") | ticks


def color_bar(comparison: Comparison, title: str) -> dict[str, Any]:
    """Return a slim color bar below the plot."""
    font = {"color": comparison.theme_colors.text, "size": 11}
    return {
        **{"orientation": "h", "thickness": 8, "len": 0.86, "xpad": 0, "ypad": 2, "outlinewidth": 0},
        **{"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "top", "tickfont": font},
        "title": {"text": title, "side": "bottom", "font": font},
    }
