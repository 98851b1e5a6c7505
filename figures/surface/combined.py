"""All compared surfaces in one figure that can be taken away: a room each, one colour bar, and the protocol's line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import plotly.graph_objects as go

from normscape.figures.style.palette import SURFACE_COLOURS
from normscape.figures.style.scales import Range, metric_of, shared_range
from normscape.figures.style.template import NOTHING, dressed, ink, sentence_figure
from normscape.figures.surface.cuts import cut_figure
from normscape.figures.surface.notes import is_line, missing_note, nothing_to_draw
from normscape.figures.surface.surface_3d import bar, landscape, scene, seen_from
from normscape.specs.display import CAMERA

if TYPE_CHECKING:
    from normscape.landscape import Surface

A_ROW = 4
ROW_HEIGHT = 390
ROOM_WIDTH = 340  # pixels; fixed, so that a file looks the same in every window
HEAD = 30  # pixels of a row that hold the label


class Room(NamedTuple):
    """Where one surface stands, in shares of the figure; it ends below the line of its label."""

    across: list[float]
    up: list[float]


def comparison_figure(
    surfaces: Mapping[str, Surface],
    metric: str,
    scale: str,
    *,
    colours: Mapping[str, str],
    caption: str,
    camera: Sequence[float] = CAMERA,
    dark: bool = False,
) -> go.Figure:
    """Draw all surfaces in one figure, up to four in a row, with one colour bar and the caption beneath.

    Surfaces that are lines become one picture of lines. The arguments, and what is raised, are those of
    `surface_figures`; `caption` says how it was measured, `camera` is that of `Display.camera`.
    """
    span = shared_range(surfaces, metric, scale)
    if span is None:
        sentence = f"No finite value. {caption}" if surfaces else NOTHING
        return sentence_figure(sentence, dark=dark, height=ROW_HEIGHT)
    if all(map(is_line, surfaces.values())):
        figure = cut_figure(surfaces, metric, scale, colours=colours, dark=dark)
        return _captioned(figure, caption, dark)
    figure = go.Figure()
    for place, (label, surface) in enumerate(surfaces.items()):
        room = _room(place, len(surfaces))
        _add(figure, surface, metric, span, f"scene{place + 1}" if place else "scene", room, dark)
        _write(figure, label, room, room.up[1], colours.get(label) or ink(dark).text, 16)
    figure.update_scenes(camera=seen_from(camera))
    low, high = span.ends
    colour_bar = bar(metric, span, dark) | {"len": 0.5, "thickness": 10}
    figure.update_layout(coloraxis={"cmin": low, "cmax": high, "colorscale": SURFACE_COLOURS, "colorbar": colour_bar})
    told = [f"{label}: {note}" for label, surface in surfaces.items() if (note := missing_note(surface))]
    told += [*([span.note] if span.note else []), caption]
    height = ROW_HEIGHT * _rows(len(surfaces)) + 120
    width = max(2, _columns(len(surfaces))) * ROOM_WIDTH
    figure.update_layout(width=width)
    title = f"{metric_of(metric).title} around the trained weights"
    return dressed(figure, dark=dark, height=height, title=title, notes=told, note_width=width // 7, foot=60)


def _add(figure: go.Figure, surface: Surface, metric: str, span: Range, name: str, room: Room, dark: bool) -> None:
    """Put one surface into its room: a scene of that name, or the sentence that says why there is none."""
    if (sentence := nothing_to_draw(surface, metric)) is not None:
        _write(figure, sentence, room, sum(room.up) / 2, ink(dark).faint, 14)
        return
    figure.update_layout({name: scene(surface, span, dark) | {"domain": {"x": room.across, "y": room.up}}})
    for trace in landscape(surface, metric, span):
        trace.scene = name
        if trace.type == "surface":
            trace.update(coloraxis="coloraxis", cmin=None, cmax=None, colorscale=None)
        figure.add_trace(trace)


def _write(figure: go.Figure, text: str, room: Room, y: float, colour: str, size: int) -> None:
    text = "<br>".join(textwrap.wrap(text, 40))
    place = {
        "x": sum(room.across) / 2,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "center",
        "yanchor": "middle",
    }
    figure.add_annotation(text=text, showarrow=False, font={"size": size, "color": colour}, **place)


def _rows(count: int) -> int:
    return -(-count // A_ROW)


def _columns(count: int) -> int:
    return -(-count // _rows(count))


def _room(place: int, count: int) -> Room:
    rows, columns = _rows(count), _columns(count)
    row, column = divmod(place, columns)
    top = 1 - row / rows - HEAD / 2 / (ROW_HEIGHT * rows)
    return Room([column / columns, (column + 1) / columns], [1 - (row + 1) / rows, top])


def _captioned(figure: go.Figure, caption: str, dark: bool) -> go.Figure:
    figure.add_annotation(
        **{"text": caption, "showarrow": False, "name": "caption"},
        **{"xref": "paper", "x": 0.5, "yref": "paper", "y": 1, "yanchor": "bottom"},
        font={"size": 12, "color": ink(dark).faint},
    )
    return figure
