"""Loss and error on the segment between two trained networks, by kind of batch statistics (D13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import ticks
from normscape.landscape.paths.connectivity import Connectivity

HEIGHT = 360
LEGEND_ROW = 22

NAMES: Mapping[str, str] = {
    "interpolated": "running averages, interpolated",
    "re-estimated": "averages taken anew on the training set",
    "population": "population statistics",
    "batch": "mini-batch statistics",
}
DASHES: Mapping[str, str] = {
    "interpolated": "solid",
    "re-estimated": "dash",
    "population": "dashdot",
    "batch": "dot",
}


def connectivity_figures(segments: Compared[Connectivity], quantity: str = "loss") -> dict[str, go.Figure]:
    """Draw loss or error along the segment of every network, one line for each kind of statistics, on one scale.

    Args:
        segments: of every network.
        quantity: "loss" or "error".
    """
    every = [values for own in segments.results.values() for values in getattr(own, quantity).values()]
    finite = np.concatenate([values[np.isfinite(values)] for values in every] or [np.zeros(1)])
    low, high = (0.0, float(finite.max(initial=0.0))) if finite.size else (0.0, 1.0)
    top = 1.06 * (high or 1.0)
    return {
        label: _segment(segments, label, quantity, (min(low, float(finite.min(initial=0.0))), top))
        for label in segments.results
    }


def _segment(segments: Compared[Connectivity], label: str, quantity: str, ends: tuple[float, float]) -> go.Figure:
    own, color = segments.results[label], segments.color(label)
    lines: Mapping[str, np.ndarray] = getattr(own, quantity)
    alone = len(lines) == 1
    figure = go.Figure()
    for mode, values in lines.items():
        name = "no batch statistics" if alone else NAMES[mode]
        figure.add_trace(
            go.Scatter(
                **{"x": own.t, "y": values, "mode": "lines", "name": name, "showlegend": True},
                line={"color": color, "width": 2, "dash": "solid" if alone else DASHES[mode]},
                hovertemplate=f"t = %{{x:.2f}}<br>{quantity} %{{y:.4g}}<extra>{name}</extra>",
            )
        )
    positions, texts = ticks(*ends, "linear")
    style_axes(
        figure,
        segments.theme_colors,
        x_title="t: from one trained network (0) to the other (1)",
        y_title=quantity,
        x_axis={"range": [-0.02, 1.02]},
        y_axis={"range": [ends[0] - 0.02 * (ends[1] - ends[0]), ends[1]], "tickvals": positions, "ticktext": texts},
    )
    rows = 4  # equal for all networks, so that their plots are
    bottom, plot = 52 + LEGEND_ROW * rows, HEIGHT - 40 - 52 - LEGEND_ROW
    shown: dict[str, Any] = {"height": HEIGHT + LEGEND_ROW * (rows - 1), "bottom": bottom, "legend_y": -52 / plot}
    figure = styled(figure, segments.theme_colors, title=label, title_color=color, **shown)
    figure.update_layout(legend={"orientation": "v"})
    return figure
