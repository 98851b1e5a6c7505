"""All compared surfaces in one figure with one color bar, for a file."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.scales import Range
from normscape.figures.style.template import NOTHING, sentence_figure, styled
from normscape.figures.surface.axes import metric_bar
from normscape.figures.surface.cuts import cut_figure
from normscape.figures.surface.notes import is_line, missing_notes, nothing_to_draw
from normscape.figures.surface.surface_3d import plotly_camera, scene, surface_traces
from normscape.specs.display import CAMERA

MAX_COLUMNS = 4
ROW_HEIGHT = 390
SUBPLOT_WIDTH = 340  # pixels; fixed, so that a file looks the same in every window
LABEL_HEIGHT = 30  # pixels of a row for the label


class Subplot(NamedTuple):
    """The area of one surface, in fractions of the figure; it ends below the line of the label."""

    x: list[float]
    y: list[float]


def comparison_figure(comparison: Comparison, *, caption: str, camera: Sequence[float] = CAMERA) -> go.Figure:
    """Draw all surfaces in one figure, up to four in a row, with one color bar and a caption below.

    Surfaces that are all lines are drawn as one figure of cuts.

    Args:
        comparison: the surfaces.
        caption: one line on how they were measured.
        camera: as `Display.camera`.

    Raises:
        ValueError: the metric or the scale is unknown.
    """
    surfaces, value_range = comparison.results, comparison.value_range
    if value_range is None:
        sentence = f"No finite value. {caption}" if surfaces else NOTHING
        return sentence_figure(sentence, comparison.theme_colors, height=ROW_HEIGHT)
    if all(map(is_line, surfaces.values())):
        return _captioned(cut_figure(comparison), comparison, caption)
    figure = go.Figure()
    for index, label in enumerate(surfaces):
        _add(figure, comparison, label, value_range, index)
    figure.update_scenes(camera=plotly_camera(camera))
    figure.update_layout(coloraxis=_color_axis(comparison, comparison.color_range or value_range))
    return _with_layout(figure, comparison, [*([value_range.note] if value_range.note else []), caption])


def _with_layout(figure: go.Figure, comparison: Comparison, notes: Sequence[str]) -> go.Figure:
    count = len(comparison.results)
    width = max(2, _columns(count)) * SUBPLOT_WIDTH
    figure.update_layout(width=width)
    return styled(
        figure,
        comparison.theme_colors,
        height=ROW_HEIGHT * _rows(count) + 120,
        title=comparison.title,
        notes=[*missing_notes(comparison), *notes],
        note_width=width // 7,
        bottom=60,
    )


def _add(figure: go.Figure, comparison: Comparison, label: str, value_range: Range, index: int) -> None:
    """Add one surface with its label: a scene, or the sentence why there is none."""
    surface, subplot = comparison.results[label], _subplot(index, len(comparison.results))
    text, faint, *_ = comparison.theme_colors
    if (sentence := nothing_to_draw(surface, comparison.metric)) is not None:
        _add_text(figure, sentence, (sum(subplot.x) / 2, sum(subplot.y) / 2), faint, 14)
    else:
        name = f"scene{index + 1}" if index else "scene"
        domain = {"domain": {"x": subplot.x, "y": subplot.y}}
        figure.update_layout({name: scene(comparison, surface, value_range) | domain}, overwrite=True)
        figure.add_traces(_traces(comparison, label, value_range, name))
    _add_text(figure, label, (sum(subplot.x) / 2, subplot.y[1]), comparison.color(label) or text, 16)


def _traces(comparison: Comparison, label: str, value_range: Range, scene_name: str) -> list[go.Surface | go.Scatter3d]:
    traces = surface_traces(comparison, comparison.results[label], value_range)
    for trace in traces:
        trace.scene = scene_name
        if trace.type == "surface":
            trace.update(coloraxis="coloraxis", cmin=None, cmax=None, colorscale=None)
    return traces


def _color_axis(comparison: Comparison, color_range: Range) -> dict[str, object]:
    low, high = color_range.ends
    bar = metric_bar(comparison, color_range) | {"len": 0.5, "thickness": 10}
    return {"cmin": low, "cmax": high, "colorscale": SURFACE_COLORSCALE, "colorbar": bar}


def _add_text(figure: go.Figure, text: str, center: tuple[float, float], color: str, size: int) -> None:
    figure.add_annotation(
        **{"text": "<br>".join(textwrap.wrap(text, 40)), "showarrow": False, "font": {"size": size, "color": color}},
        **{"x": center[0], "xref": "paper", "xanchor": "center", "y": center[1], "yref": "paper", "yanchor": "middle"},
    )


def _rows(count: int) -> int:
    return -(-count // MAX_COLUMNS)


def _columns(count: int) -> int:
    return -(-count // _rows(count))


def _subplot(index: int, count: int) -> Subplot:
    rows, columns = _rows(count), _columns(count)
    row, column = divmod(index, columns)
    top = 1 - row / rows - LABEL_HEIGHT / 2 / (ROW_HEIGHT * rows)
    return Subplot([column / columns, (column + 1) / columns], [1 - (row + 1) / rows, top])


def _captioned(figure: go.Figure, comparison: Comparison, caption: str) -> go.Figure:
    return figure.add_annotation(
        **{"text": caption, "showarrow": False, "name": "caption"},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 1, "yanchor": "bottom"},
        font={"size": 12, "color": comparison.theme_colors.faint},
    )
