"""Histograms one beneath the other, as rows of a map: layers, or steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.template import NOTHING, dressed, ink, sentence_figure

HEIGHT = 400

MOST_NAMES = 12


@dataclass(frozen=True, eq=False)
class Histograms:
    """Of one network."""

    names: Sequence[str]  # of the rows, from top to bottom
    shares: np.ndarray  # (rows, bins)


def histogram_figures(
    found: Mapping[str, Histograms],
    *,
    ends: tuple[float, float],
    axis: str,
    marks: Mapping[float, str] | None = None,
    lines: Sequence[float] = (),
    colours: Mapping[str, str],
    dark: bool,
) -> Mapping[str, go.Figure]:
    """Draw each network's histograms, with one range of colours for all of them.

    Args:
        found: by network.
        ends: of the axis of bins.
        axis: what is counted.
        marks: ticks and their words; by default numbers.
        lines: where dotted lines are drawn.
        colours: by network, of titles.
        dark: whether the page is dark.
    """
    most = max((float(one.shares.max()) for one in found.values() if one.shares.size), default=0.0)
    drawn = {}
    for label, one in found.items():
        colour = colours.get(label)
        if not one.shares.size or not most:
            drawn[label] = sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=label, colour=colour)
            continue
        figure = _map(one, most, ends, axis, marks, dark)
        for place in lines:
            figure.add_vline(x=place, line={"color": "rgba(255,255,255,0.7)", "width": 1, "dash": "dot"})
        drawn[label] = dressed(figure, dark=dark, height=HEIGHT, title=label, colour=colour, foot=46)
    return drawn


def _map(
    one: Histograms, most: float, ends: tuple[float, float], axis: str, marks: Mapping[float, str] | None, dark: bool
) -> go.Figure:
    rows, bins = one.shares.shape
    width = (ends[1] - ends[0]) / bins
    centres = ends[0] + width * (np.arange(bins) + 0.5)
    figure = go.Figure(
        go.Heatmap(
            **{"x": centres, "y": list(range(rows)), "z": one.shares, "zmin": 0, "zmax": most},
            **{"colorscale": "Viridis", "customdata": [[name] * bins for name in one.names]},
            colorbar={"title": {"text": "share", "side": "right"}, "thickness": 10, "len": 0.9},
            hovertemplate="%{customdata}<br>about %{x:.1f}<br>share %{z:.3f}<extra></extra>",
        )
    )
    words: dict[str, Any] = {"color": ink(dark).text}
    told = {} if marks is None else {"tickvals": list(marks), "ticktext": list(marks.values())}
    figure.update_xaxes(title={"text": axis, "font": words, "standoff": 4}, tickfont=words, **told)
    every = -(-rows // MOST_NAMES)
    return figure.update_yaxes(
        **{"autorange": "reversed", "tickfont": words, "automargin": True},
        tickvals=list(range(0, rows, every)),
        ticktext=list(one.names)[::every],
    )
