"""Lines with markers, as every figure of curves draws them."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

DOTTED = "2px 4px"
"""The dash of dotted lines: plotly.js draws its own "dot" as short dashes, 3 pixels long."""


def line_trace(
    x: Any,
    y: Any,
    *,
    color: str | None,
    symbol: str,
    hover: str,
    size: float = 7,
    width: float = 2,
    dash: str | None = None,
    max_markers: int | None = None,
    **options: Any,
) -> go.Scatter:
    """Return a line with markers; nan leaves a gap.

    Args:
        x: (N,) positions.
        y: (N,) values.
        color: of line and markers; None for Plotly's default.
        symbol: of the markers.
        hover: the hover template.
        size: of the markers, pixels.
        width: of the line, pixels.
        dash: of the line; None for a solid one.
        max_markers: how many markers are drawn at most; None for one at each value.
        options: of `go.Scatter`.
    """
    return go.Scatter(
        **{"x": x, "y": y, "mode": "lines+markers", "connectgaps": False, "hovertemplate": hover},
        line={"color": color, "width": width, "dash": dash},
        marker={"symbol": symbol, "size": size, "color": color, "maxdisplayed": max_markers},
        **options,
    )


def translucent(color: str | None, opacity: float) -> str | None:
    """Return a color "#rrggbb" that shows what is behind it; None for Plotly's default."""
    if color is None:
        return None
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
