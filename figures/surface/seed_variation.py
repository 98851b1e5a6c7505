"""The cut through the centre over several seeds: a line for the mean, a band from the smallest to the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.scales import Range, metric_of, shared_range
from normscape.figures.style.template import DASHES, NOTHING, dressed, legend, sentence_figure
from normscape.figures.surface.axes import shared_words
from normscape.figures.surface.cuts import axes_of_cut, cut_of

if TYPE_CHECKING:
    from normscape.landscape import Surface

HEIGHT = 420


def seeds_figure(
    surfaces: Mapping[str, Sequence[Surface]],
    metric: str,
    scale: str,
    *,
    colours: Mapping[str, str],
    dark: bool = False,
) -> go.Figure:
    """Draw each network's cut along d1 over all its seeds: mean, smallest and largest of the finite values.

    Args:
        surfaces: one surface per seed, on equal grids, by label.
        metric: a key of `METRICS`, of a row ratio with its layer.
        scale: "linear" or "log"; the range is that of all surfaces together (D4).
        colours: by label.
        dark: whether the page is dark.

    Raises:
        ValueError: there is no such metric or scale.
    """
    together = {f"{label} {k}": surface for label, found in surfaces.items() for k, surface in enumerate(found)}
    span = shared_range(together, metric, scale)
    if span is None:
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    figure = go.Figure()
    for (label, found), dash in zip(surfaces.items(), cycle(DASHES), strict=False):
        figure.add_traces(_band(found, label, metric, span, colours.get(label, "#888888"), dash))
    first = cut_of(next(iter(together.values())), metric)
    axes_of_cut(figure, shared_words(together.values(), first.along), metric, span, dark)
    count = max(map(len, surfaces.values()))
    told = [f"Line: mean over {count} pairs of training and direction seeds. Band: smallest to largest."]
    title = f"{metric_of(metric).title} along {html('$d_1$' if first.along == 'α' else '$d_2$')}, over seeds"
    dressed(figure, dark=dark, height=HEIGHT, title=title, notes=told, note_width=100, foot=84)
    return figure.update_layout(showlegend=True, legend=legend(dark))


def _band(found: Sequence[Surface], label: str, metric: str, span: Range, colour: str, dash: str) -> list[go.Scatter]:
    if not found:
        return []
    cuts = [cut_of(surface, metric) for surface in found]
    heights = np.ma.masked_invalid(np.stack([cut.height for cut in cuts]))
    low, mean, high = (span.place(row.filled(np.nan)) for row in (heights.min(0), heights.mean(0), heights.max(0)))
    place, true = cuts[0].place, heights.mean(0).filled(np.nan)
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    edge: dict[str, Any] = {"x": place, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    return [
        go.Scatter(**edge, y=low, legendgroup=label),
        go.Scatter(
            **edge, y=high, legendgroup=label, fill="tonexty", fillcolor=f"rgba({red},{green},{blue},0.22)", name=label
        ),
        go.Scatter(
            **{"x": place, "y": mean, "customdata": true, "name": label, "legendgroup": label, "mode": "lines"},
            line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate=f"{cuts[0].along} %{{x:.3g}}<br>mean %{{customdata:.4g}}<extra>{label}</extra>",
        ),
    ]
