"""The layout that all figures share: fonts, margins, transparent backgrounds, axes, legend, title and notes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go

from normscape.figures.style.palette import ThemeColors

FONT = (
    "Source Sans, Source Sans Pro, Segoe UI, Helvetica Neue, Arial, sans-serif"  # a name with a digit would need quotes
)
NOTHING = "Nothing to show yet."
TRANSPARENT = "rgba(0,0,0,0)"
GRID = "rgba(128,128,140,0.32)"  # half-transparent: visible on both themes
NOTE_WIDTH = 48  # characters that fit below a plot of 320 pixels
LINE_HEIGHT = 15  # pixels of a line of small text

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,  # plotly.js 4 offers to upload the chart; charts stay on this page
    "plotlyServerURL": "",
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
"""Settings of plotly.js that are not part of a figure."""

REMOVED_BUTTONS = (
    *("sendChartToCloud", "sendDataToCloud"),
    *("select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "pan2d", "zoom2d", "toggleSpikelines"),
    *("hoverClosestCartesian", "hoverCompareCartesian", "zoom3d", "pan3d", "orbitRotation", "tableRotation"),
    *("resetCameraLastSave3d", "hoverClosest3d"),
)


def styled(
    figure: go.Figure,
    theme_colors: ThemeColors,
    *,
    height: int,
    title: str = "",
    title_color: str | None = None,
    notes: Iterable[str] = (),
    note_width: int = NOTE_WIDTH,
    note_lines: int = 0,
    bottom: int = 8,
    legend_y: float | None = None,
) -> go.Figure:
    """Give a figure its title, notes, legend and shared layout; changes and returns the figure.

    Args:
        figure: with its traces and axes.
        theme_colors: of text and lines.
        height: pixels.
        title: one line above the plot.
        title_color: None for the color of all text.
        notes: sentences below the plot, in small type.
        note_width: characters in a line of notes.
        note_lines: lines to reserve for notes at least, so that figures side by side are equally large.
        bottom: pixels that axes, legends and color bars need between the plot and the notes.
        legend_y: the top of the legend in fractions of the plot's height, below 0; None for no legend.
    """
    lines = wrapped(notes, note_width)
    reserved = max(len(lines), note_lines)
    figure.update_layout(
        overwrite=True,  # sets whole keys: several times as fast as leaf by leaf
        height=height,
        font={"family": FONT, "size": 12, "color": theme_colors.text},
        title=_title(title, title_color or theme_colors.text),
        margin={
            "l": 8,
            "r": 8,
            "t": 40 if title else 12,
            "b": bottom + (LINE_HEIGHT * reserved + 6 if reserved else 0),
        },
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        uirevision="normscape",  # keeps the camera and zoom of a chart when its figure changes
        modebar={"bgcolor": TRANSPARENT, "color": theme_colors.faint, "remove": list(REMOVED_BUTTONS)},
        hoverlabel={"font": {"family": FONT, "size": 13}},
        showlegend=legend_y is not None,
    )
    if legend_y is not None:
        figure.update_layout(overwrite=True, legend=_legend(theme_colors, legend_y))
    if lines:
        figure.add_annotation(
            **{"text": "<br>".join(lines), "showarrow": False, "align": "center", "name": "notes"},
            **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0, "yanchor": "top", "yshift": -bottom},
            font={"size": 12, "color": theme_colors.faint},
        )
    return figure


def style_axes(
    figure: go.Figure,
    theme_colors: ThemeColors,
    *,
    x_title: str = "",
    y_title: str = "",
    x_axis: Mapping[str, Any] = MappingProxyType({}),
    y_axis: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Give a figure its axes: titles, the colors of the theme, a faint grid; changes the figure.

    Args:
        figure: with its traces.
        theme_colors: of the text.
        x_title: empty for none.
        y_title: empty for none.
        x_axis: further properties of the horizontal axis.
        y_axis: further properties of the vertical axis.
    """
    font = {"color": theme_colors.text}
    shared: dict[str, Any] = {"gridcolor": GRID, "zeroline": False, "tickfont": font}
    x_text = {"title": {"text": x_title, "font": font, "standoff": 4}} if x_title else {}
    y_text = {"title": {"text": y_title, "font": font}} if y_title else {}
    figure.update_xaxes(overwrite=True, **shared, **x_text, **x_axis)
    figure.update_yaxes(overwrite=True, automargin=True, **shared, **y_text, **y_axis)


def wrapped(notes: Iterable[str], width: int = NOTE_WIDTH) -> list[str]:
    """Break notes into lines of at most `width` characters; each note begins a line."""
    return [line for note in notes for line in textwrap.wrap(note, width)]


def sentence_figure(
    sentence: str, theme_colors: ThemeColors, *, height: int, title: str = "", title_color: str | None = None
) -> go.Figure:
    """Return a figure with one sentence in place of a plot."""
    figure = go.Figure()
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    figure.add_annotation(
        **{"text": "<br>".join(textwrap.wrap(sentence, 40)), "showarrow": False, "name": "sentence"},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5},
        font={"size": 14, "color": theme_colors.faint},
    )
    return styled(figure, theme_colors, height=height, title=title, title_color=title_color)


def _title(text: str, color: str) -> dict[str, Any]:
    return {
        **{"text": text, "font": {"size": 16, "weight": 600, "color": color}, "automargin": False},
        **{"x": 0.5, "xanchor": "center", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 10}},
    }


def _legend(theme_colors: ThemeColors, y: float) -> dict[str, Any]:
    """Return a horizontal legend below the plot and its axis."""
    return {
        **{"orientation": "h", "x": 0.5, "xanchor": "center", "y": y, "yanchor": "top"},
        **{"font": {"color": theme_colors.text, "size": 13}, "bgcolor": TRANSPARENT},
    }
