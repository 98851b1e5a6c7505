"""Surfaces along one line: the cut along d1 through the row nearest to β = 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.scales import Range
from normscape.figures.style.template import GRID, NOTHING, sentence_figure, style_axes, styled
from normscape.figures.surface.axes import axis_title, shared_axis_title
from normscape.figures.surface.notes import is_line, missing_notes, note_lines, notes, nothing_to_draw

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 420
SINGLE_HEIGHT = 400
NARROW = {"height": 500, "note_width": 56}
"""Size of a cut beside maps: their height, and characters in a line of notes."""


class Cut(NamedTuple):
    """A line through a surface."""

    along: str  # the coordinate that varies, "α" or "β"
    across: str  # the fixed coordinate
    at: float  # the value of the fixed coordinate
    coordinates: np.ndarray  # (N,)
    values: np.ndarray  # (N,)


def cut_figure(comparison: Comparison, *, narrow: bool = False) -> go.Figure:
    """Draw the cut of every surface along d1 at the β nearest to 0 (along d2 where d1 has one point only).

    The range is that of the lines, which may reach less far than the surfaces. Networks differ by color, dash and
    marker.

    Args:
        comparison: the surfaces.
        narrow: whether the figure is beside maps, or has the width of the page.

    Raises:
        ValueError: the metric or the scale is unknown.
    """
    surfaces, value_range = comparison.results, comparison.value_range
    size = NARROW if narrow else {"height": HEIGHT, "note_width": 100}
    if value_range is None:
        sentence = "No finite value: nothing to cut." if surfaces else NOTHING
        return sentence_figure(sentence, comparison.theme_colors, height=size["height"])
    cuts = {label: cut_of(comparison, surface) for label, surface in surfaces.items()}
    figure = go.Figure([_line(comparison, label, cut, value_range) for label, cut in cuts.items()])
    first = next(iter(cuts.values()))
    style_cut_axes(figure, comparison, shared_axis_title(surfaces.values(), first.along), value_range)
    all_notes = missing_notes(comparison) + ([value_range.note] if value_range.note else [])
    shown: dict[str, Any] = {"title": _title(list(cuts.values())), "notes": all_notes, **size}
    return styled(figure, comparison.theme_colors, bottom=84, legend_y=-0.14, **shown)


def single_figures(
    comparison: Comparison, draw: Callable[[Surface, Range], go.Figure], *, bottom: int, height: int = SINGLE_HEIGHT
) -> dict[str, go.Figure]:
    """Return one figure for each surface, all equally large.

    A surface with a single row or column becomes a line, one without a finite value a sentence.

    Args:
        comparison: the surfaces.
        draw: returns the plot of a surface with two dimensions, without title and notes.
        bottom: pixels that such a plot needs for axes and color bar above the notes.
        height: pixels.
    """
    lines = note_lines(comparison)
    layout = {"note_lines": lines, "bottom": bottom, "height": height}
    return {label: _single(comparison, label, draw, layout) for label in comparison.results}


def _single(
    comparison: Comparison, label: str, draw: Callable[[Surface, Range], go.Figure], layout: Mapping[str, int]
) -> go.Figure:
    surface, value_range = comparison.results[label], comparison.value_range
    sentence, colors = nothing_to_draw(surface, comparison.metric), comparison.theme_colors
    shown: dict[str, Any] = {"height": layout["height"], "title": label, "title_color": comparison.color(label)}
    if value_range is None or sentence is not None:
        return sentence_figure(sentence or NOTHING, colors, **shown)
    shown["notes"] = notes(comparison, surface)
    if is_line(surface):
        return styled(_single_line(comparison, label, value_range), colors, bottom=46, **shown)
    return styled(draw(surface, value_range), colors, **{**layout, **shown})


def _single_line(comparison: Comparison, label: str, value_range: Range) -> go.Figure:
    surface = comparison.results[label]
    cut = cut_of(comparison, surface)
    trace = _line(comparison, label, cut, value_range).update(line={"dash": "solid"}, marker={"symbol": "circle"})
    figure = go.Figure(trace)
    style_cut_axes(figure, comparison, axis_title(surface, cut.along), value_range, shared=True)
    return figure


def cut_of(comparison: Comparison, surface: Surface) -> Cut:
    """Return the cut along d1 at the β nearest to 0; along d2 where d1 has one point only."""
    values = comparison.values(surface)
    values = np.full_like(surface.loss, np.nan) if values is None else values
    if len(surface.alpha) == 1 and len(surface.beta) > 1:
        column = int(np.abs(surface.alpha).argmin())
        return Cut("β", "α", float(surface.alpha[column]), surface.beta, values[:, column])
    row = int(np.abs(surface.beta).argmin())
    return Cut("α", "β", float(surface.beta[row]), surface.alpha, values[row])


def _line(comparison: Comparison, label: str, cut: Cut, value_range: Range) -> go.Scatter:
    return line_trace(
        cut.coordinates,
        value_range.position(cut.values),
        customdata=cut.values,
        meta="y",
        name=label,
        color=comparison.color(label),
        symbol=comparison.symbol(label),
        width=2.5,
        dash=comparison.dash(label),
        max_markers=15,
        hover=f"{cut.along} %{{x:.3g}}<br>{comparison.metric_title.lower()} %{{customdata:.4g}}",
    )


def style_cut_axes(
    figure: go.Figure, comparison: Comparison, title: str, value_range: Range, *, shared: bool = False
) -> None:
    """Give a cut its axes: the coordinate, and the metric; changes the figure.

    Args:
        figure: the lines.
        comparison: metric and theme.
        title: of the coordinate.
        value_range: of the surfaces.
        shared: whether the range is that of the surfaces, for several figures side by side, or that of the lines.
    """
    drawn = value_range if shared else _fitted(figure, value_range)
    style_axes(
        figure,
        comparison.theme_colors,
        x_title=title,
        y_title=f"{comparison.metric_title} ({html(value_range.unit)})",
        y_axis={"range": drawn.padded(0.04), **drawn.ticks},
    )
    figure.add_vline(x=0, line={"color": GRID, "width": 1, "dash": DOTTED})


def _fitted(figure: go.Figure, value_range: Range) -> Range:
    """Return the range of the lines, or that of the surfaces if the lines are flat."""
    heights = np.concatenate([np.asarray(trace.y, dtype=float) for trace in figure.data])
    finite = heights[np.isfinite(heights)]
    if not finite.size or np.ptp(finite) <= 1e-3 * abs(np.ptp(value_range.ends)):
        return value_range
    ends = float(finite.min()), float(finite.max())
    low, high = (10**end for end in ends) if value_range.scale == "log" else ends
    return replace(value_range, low=low, high=high)


def _title(cuts: list[Cut]) -> str:
    direction = html("$d_1$" if cuts[0].along == "α" else "$d_2$")
    places = sorted({f"{cut.at:.3g}" for cut in cuts}, key=float)
    return f"Cut along {direction} at {cuts[0].across} = {' and '.join(places)}"
