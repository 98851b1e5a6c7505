"""How L̂ grows as neighbours come closer, for compared networks (D7)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape import RatioBySpacing

HEIGHT = 400


def refinement_figure(
    refinements: Mapping[str, RatioBySpacing], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the largest ratio between neighbours on a line against their spacing, both axes logarithmic.

    Where the gradient jumps the line rises like 1/spacing towards the left, a slope that is drawn dotted; where the
    gradient is smooth it levels off. Values that are not finite leave gaps.
    """
    drawn = {label: found for label, found in refinements.items() if np.isfinite(found.bound).any()}
    if not drawn:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    figure = go.Figure(_guide(drawn))
    for (label, found), symbol in zip(drawn.items(), cycle(SYMBOLS), strict=False):
        figure.add_scatter(
            **{"x": found.spacing, "y": found.bound, "customdata": found.pairs, "name": label},
            **{"mode": "lines+markers", "connectgaps": False},
            line={"color": colours.get(label), "width": 2},
            marker={"symbol": symbol, "size": 7, "color": colours.get(label)},
            hovertemplate="spacing %{x:.3g}<br>L ≥ %{y:.4g}<br>%{customdata} pairs<extra>" + label + "</extra>",
        )
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    spacing, bound = ([getattr(found, name) for found in drawn.values()] for name in ("spacing", "bound"))
    title = {"text": html("spacing ‖p - q‖ along d1"), "font": words, "standoff": 4}
    figure.update_xaxes(title=title, **log_axis(spacing), **shared)
    figure.update_yaxes(title={"text": "L ≥, between neighbors", "font": words}, **log_axis(bound), **shared)
    figure.update_yaxes(automargin=True)
    dressed(figure, dark=dark, height=HEIGHT, title="L ≥ against the spacing", foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark))


def _guide(drawn: Mapping[str, RatioBySpacing]) -> go.Scatter:
    """Return the slope of 1/spacing, through the finest value of the first network that has one."""
    first = next(iter(drawn.values()))
    last = int(np.flatnonzero(np.isfinite(first.bound))[-1])
    spacing = first.spacing[[0, last]]
    return go.Scatter(
        **{"x": spacing, "y": first.bound[last] * first.spacing[last] / spacing, "mode": "lines"},
        **{"name": "1/spacing", "hoverinfo": "skip"},
        line={"color": "rgba(128,128,140,0.8)", "width": 1, "dash": "dot"},
    )
