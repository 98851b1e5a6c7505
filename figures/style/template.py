"""The dress that all figures wear: fonts, margins, transparent grounds, and inks for light and dark pages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any, NamedTuple

import plotly.graph_objects as go

FONT = (
    "Source Sans, Source Sans Pro, Segoe UI, Helvetica Neue, Arial, sans-serif"  # a name with a digit would need quotes
)
NOTHING = "Nothing to show yet."
CLEAR = "rgba(0,0,0,0)"
GRID = "rgba(128,128,140,0.32)"  # half-transparent: seen on white and on #0f1420
NOTE_WIDTH = 48  # characters that fit beneath a picture of 320 pixels
LINE_HEIGHT = 15  # pixels of a line of small text

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "8px 2px 2px 2px", "2px 6px")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down")
"""One for each compared network, so that lines differ by more than their colour."""

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,  # plotly.js 4 offers to upload the chart; nothing leaves this page
    "plotlyServerURL": "",
    "toImageButtonOptions": {"format": "png", "scale": 2},
}
"""Settings of the viewer, which a figure cannot carry itself."""

NEEDLESS_BUTTONS = (
    *("sendChartToCloud", "sendDataToCloud"),
    *("select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "pan2d", "zoom2d", "toggleSpikelines"),
    *("hoverClosestCartesian", "hoverCompareCartesian", "zoom3d", "pan3d", "orbitRotation", "tableRotation"),
    *("resetCameraLastSave3d", "hoverClosest3d"),
)


class Ink(NamedTuple):
    """Colours of words and lines on a page."""

    text: str
    faint: str
    grid: str  # opaque: WebGL draws lines in three dimensions without blending them with the page


def ink(dark: bool) -> Ink:
    """Return the inks for a dark or a light page."""
    return Ink("#e8ebf2", "#a9b1c2", "#434b5e") if dark else Ink("#1f2533", "#5d6678", "#cfd4de")


def dressed(
    figure: go.Figure,
    *,
    dark: bool,
    height: int,
    title: str = "",
    colour: str | None = None,
    notes: Iterable[str] = (),
    note_width: int = NOTE_WIDTH,
    note_lines: int = 0,
    foot: int = 8,
) -> go.Figure:
    """Give a figure its title, its notes beneath, and what all figures share; the figure itself is changed.

    Args:
        figure: what is drawn already.
        dark: whether the page is dark, for words that no theme reaches (3-D axes, annotations).
        height: pixels.
        title: one line above the picture.
        colour: the colour of the title; by default that of all words.
        notes: sentences beneath the picture, in small type.
        note_width: characters in a line of notes.
        note_lines: lines to keep free for notes at least, so that pictures side by side are equally large.
        foot: pixels that axes, legends and colour bars need between the picture and the notes.
    """
    lines = wrapped(notes, note_width)
    kept = max(len(lines), note_lines)
    below = foot + (LINE_HEIGHT * kept + 6 if kept else 0)
    figure.update_layout(
        height=height,
        font={"family": FONT, "size": 12, "color": ink(dark).text},
        title={
            **{
                "text": title,
                "font": {"size": 16, "weight": 600, "color": colour or ink(dark).text},
                "automargin": False,
            },
            **{"x": 0.5, "xanchor": "center", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 10}},
        },
        margin={"l": 8, "r": 8, "t": 40 if title else 12, "b": below},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        uirevision="normscape",  # keeps the camera and zoom of a chart that is drawn anew
        modebar={"bgcolor": CLEAR, "color": ink(dark).faint, "remove": list(NEEDLESS_BUTTONS)},
        showlegend=False,
        hoverlabel={"font": {"family": FONT, "size": 13}},
    )
    if lines:
        figure.add_annotation(
            **{"text": "<br>".join(lines), "showarrow": False, "align": "center", "name": "notes"},
            **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0, "yanchor": "top", "yshift": -foot},
            font={"size": 12, "color": ink(dark).faint},
        )
    return figure


def wrapped(notes: Iterable[str], width: int = NOTE_WIDTH) -> list[str]:
    """Break notes into lines of at most `width` characters; each note begins a line."""
    return [line for note in notes for line in textwrap.wrap(note, width)]


def sentence_figure(sentence: str, *, dark: bool, height: int, title: str = "", colour: str | None = None) -> go.Figure:
    """Return a figure that says one sentence where there is nothing to draw."""
    figure = go.Figure()
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    figure.add_annotation(
        **{"text": "<br>".join(textwrap.wrap(sentence, 40)), "showarrow": False, "name": "sentence"},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 0.5},
        font={"size": 14, "color": ink(dark).faint},
    )
    return dressed(figure, dark=dark, height=height, title=title, colour=colour)


def legend(dark: bool) -> dict[str, Any]:
    """Return a legend that lies beneath the picture and its axis."""
    return {
        **{"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.14, "yanchor": "top"},
        **{"font": {"color": ink(dark).text, "size": 13}, "bgcolor": CLEAR},
    }
