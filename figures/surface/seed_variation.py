"""The cut through the center over several seeds: the mean as a line, the range as a band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import html
from normscape.figures.style.palette import DASHES
from normscape.figures.style.scales import Range
from normscape.figures.style.template import NOTHING, sentence_figure, styled
from normscape.figures.surface.axes import shared_axis_title
from normscape.figures.surface.cuts import cut_of, style_cut_axes

HEIGHT = 420
DEFAULT_COLOR = "#888888"


def seeds_figure(comparison: Comparison, seeds: Mapping[str, Sequence[str]]) -> go.Figure:
    """Draw the cut of each network along d1 over all its seeds: mean, smallest and largest of the finite values.

    Args:
        comparison: the surfaces of all networks and seeds, on equal grids.
        seeds: for every network the labels of its surfaces in `comparison`.

    Raises:
        ValueError: the metric or the scale is unknown.
    """
    value_range = comparison.value_range
    if value_range is None:
        return sentence_figure(NOTHING, comparison.theme_colors, height=HEIGHT)
    figure = go.Figure()
    for (name, labels), dash in zip(seeds.items(), cycle(DASHES), strict=False):
        if labels:
            figure.add_traces(_band(comparison, name, labels, value_range, dash))
    along = cut_of(comparison, next(iter(comparison.results.values()))).along
    style_cut_axes(figure, comparison, shared_axis_title(comparison.results.values(), along), value_range)
    title = f"{comparison.metric_title} along {html('$d_1$' if along == 'α' else '$d_2$')}, over seeds"
    count = max(map(len, seeds.values()))
    note = f"Line: mean over {count} pairs of training and direction seeds. Band: smallest to largest."
    shown: dict[str, Any] = {"title": title, "notes": [note], "note_width": 100}
    return styled(figure, comparison.theme_colors, height=HEIGHT, bottom=84, legend_y=-0.14, **shown)


def _band(comparison: Comparison, name: str, labels: Sequence[str], value_range: Range, dash: str) -> list[go.Scatter]:
    """Return the lower edge, the upper edge with the band below it, and the mean of the cuts of one network."""
    cuts = [cut_of(comparison, comparison.results[label]) for label in labels]
    color = comparison.color(labels[0]) or DEFAULT_COLOR
    values = np.ma.masked_invalid(np.stack([cut.values for cut in cuts]))
    low, mean, high = (row.filled(np.nan) for row in (values.min(0), values.mean(0), values.max(0)))
    shared: dict[str, Any] = {"x": cuts[0].coordinates, "mode": "lines", "legendgroup": name}
    edge = shared | {"line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    fill = {"fill": "tonexty", "fillcolor": _translucent(color), "name": name}
    return [
        go.Scatter(**edge, y=value_range.position(low)),
        go.Scatter(**edge, y=value_range.position(high), **fill),
        go.Scatter(
            **shared | {"y": value_range.position(mean), "customdata": mean, "meta": "y", "name": name},
            line={"color": color, "width": 2.5, "dash": dash},
            hovertemplate=f"{cuts[0].along} %{{x:.3g}}<br>mean %{{customdata:.4g}}<extra>{name}</extra>",
        ),
    ]


def _translucent(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.22)"
