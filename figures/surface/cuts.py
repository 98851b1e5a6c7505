"""Surfaces along one line: the cut along d1 through the row nearest to β = 0."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.scales import Range, metric_of, shared_range, values
from normscape.figures.style.template import DASHES, GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.surface.axes import axis_words, shared_words
from normscape.figures.surface.notes import missing_note, notes

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 420


class Cut(NamedTuple):
    """A line through a surface, and what stays along it."""

    along: str  # "α" or "β"
    across: str
    at: float  # the coordinate that stays
    place: np.ndarray  # (N,)
    height: np.ndarray  # (N,) true values


def cut_figure(
    surfaces: Mapping[str, Surface], metric: str, scale: str, *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the cut of every surface along d1, at the β nearest to 0 (along d2, where d1 has one point only).

    The range is that of the whole surfaces, so that heights agree with the other pictures. Labels differ by colour,
    dash and marker.

    Raises:
        ValueError: there is no such metric or scale.
    """
    span = shared_range(surfaces, metric, scale)
    if span is None:
        sentence = "No finite value: nothing to cut." if surfaces else NOTHING
        return sentence_figure(sentence, dark=dark, height=HEIGHT)
    cuts = {label: cut_of(surface, metric) for label, surface in surfaces.items()}
    figure = go.Figure()
    for (label, cut), dash, symbol in zip(cuts.items(), cycle(DASHES), cycle(SYMBOLS), strict=False):
        figure.add_trace(_line(cut, label, metric, span, colours.get(label), dash, symbol))
    words = shared_words(surfaces.values(), next(iter(cuts.values())).along)
    axes_of_cut(figure, words, metric, span, dark)
    told = [f"{label}: {note}" for label, surface in surfaces.items() if (note := missing_note(surface))]
    told += [span.note] if span.note else []
    title = _title(list(cuts.values()))
    dressed(figure, dark=dark, height=HEIGHT, title=title, notes=told, note_width=100, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark))


def line_figure(
    surface: Surface, metric: str, span: Range, *, title: str, colour: str | None, dark: bool, height: int
) -> go.Figure:
    """Draw a surface that has one point along one of its axes as the line that it is."""
    cut = cut_of(surface, metric)
    figure = go.Figure(_line(cut, title, metric, span, colour, "solid", "circle"))
    axes_of_cut(figure, axis_words(surface, cut.along), metric, span, dark)
    told = notes(surface, metric, span)
    return dressed(figure, dark=dark, height=height, title=title, colour=colour, notes=told, foot=46)


def cut_of(surface: Surface, metric: str) -> Cut:
    """Return the cut along d1 at the β nearest to 0; along d2 where d1 has one point only."""
    found = values(surface, metric)
    array = np.full_like(surface.loss, np.nan) if found is None else found
    if len(surface.alpha) == 1 and len(surface.beta) > 1:
        column = int(np.abs(surface.alpha).argmin())
        return Cut("β", "α", float(surface.alpha[column]), surface.beta, array[:, column])
    row = int(np.abs(surface.beta).argmin())
    return Cut("α", "β", float(surface.beta[row]), surface.alpha, array[row])


def _line(cut: Cut, label: str, metric: str, span: Range, colour: str | None, dash: str, symbol: str) -> go.Scatter:
    name = metric_of(metric).title.lower()
    return go.Scatter(
        **{"x": cut.place, "y": span.place(cut.height), "customdata": cut.height, "name": label},
        **{"mode": "lines+markers", "connectgaps": False},
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"symbol": symbol, "size": 7, "color": colour, "maxdisplayed": 15},
        hovertemplate=f"{cut.along} %{{x:.3g}}<br>{name} %{{customdata:.4g}}",
    )


def axes_of_cut(figure: go.Figure, words_along: str, metric: str, span: Range, dark: bool) -> None:
    """Give a cut its axes: the coordinate, and the metric in the shared range."""
    title = metric_of(metric).title
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(title={"text": words_along, "font": words, "standoff": 4}, **shared)
    figure.update_yaxes(
        title={"text": f"{title} ({html(span.unit)})", "font": words}, range=span.padded(0.04), **shared
    )
    figure.update_yaxes(**span.marks, automargin=True)
    figure.add_vline(x=0, line={"color": GRID, "width": 1, "dash": "dot"})


def _title(cuts: list[Cut]) -> str:
    direction = html("$d_1$" if cuts[0].along == "α" else "$d_2$")
    places = sorted({f"{cut.at:.3g}" for cut in cuts}, key=float)
    return f"Cut along {direction} at {cuts[0].across} = {' and '.join(places)}"
