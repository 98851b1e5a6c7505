"""Small versions of charts for pages with many: less height, and a legend of networks instead of lines."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

AXIS, TICKS, ROW = 40, 26, 20
"""Pixels below the plot for the axis with and without a title, and for each row of the legend."""

SEVERAL_SERIES = 11
"""Font size of a legend that also names series: at the usual size, its entries do not fit a row."""

PER_ROW = 2
"""Networks in a row of the legend on a phone."""

MARGIN = 0.06
"""Share of a logarithmic axis that is added at both ends: in a low chart, marks at the ends would be cut."""


def small_chart(figure: go.Figure, labels: Sequence[str], height: int) -> go.Figure:
    """Return a lower copy of a chart whose legend names each network once, at the bottom.

    Numbers that differ by dash have an entry each in the color of text. A chart of one network, with its name as title,
    has no legend.

    Args:
        figure: the chart; the names of its traces begin with labels.
        labels: of the compared networks.
        height: pixels.
    """
    small = go.Figure(figure).update_layout(height=height)
    if small.layout.yaxis.type == "log" and small.layout.yaxis.range:
        low, high = small.layout.yaxis.range
        small.update_yaxes(range=[low - MARGIN * (high - low), high + MARGIN * (high - low)])
    if not small.layout.showlegend:
        return small
    if str(small.layout.title.text) in labels:
        return small.update_layout(showlegend=False, margin_b=AXIS)
    series: dict[str, go.Scatter] = {}
    for label in labels:
        own = [trace for trace in small.data if trace.name == label or str(trace.name).startswith(f"{label}, ")]
        for trace in own:
            series.setdefault(str(trace.name).removeprefix(label).removeprefix(", "), trace)
            trace.update(showlegend=trace is own[0], name=label, legendgroup=label)
    if len(series) > 1:
        small.add_traces([_entry(small, name, trace) for name, trace in series.items() if name])
        small.update_layout(legend_font_size=SEVERAL_SERIES)
    axis = AXIS if small.layout.xaxis.title.text else TICKS
    rows = -(-sum(trace.showlegend is not False and bool(trace.name) for trace in small.data) // PER_ROW)
    small.update_layout(margin_b=axis + ROW * rows)
    whole_width = {"xref": "container", "x": 0.5, "xanchor": "center"}
    return small.update_layout(legend={**whole_width, "yref": "container", "y": 0, "yanchor": "bottom"})


def _entry(small: go.Figure, name: str, like: go.Scatter) -> go.Scatter:
    """Return a trace without points, which has the dash and mark of another one in the legend."""
    color = small.layout.font.color
    return go.Scatter(
        **{"x": [None], "y": [None], "mode": like.mode, "name": name, "showlegend": True, "hoverinfo": "skip"},
        line={"color": color, "width": like.line.width, "dash": like.line.dash},
        marker={
            "color": color,
            "size": 6,
            "symbol": "circle-open" if str(like.marker.symbol).endswith("-open") else None,
        },
    )
