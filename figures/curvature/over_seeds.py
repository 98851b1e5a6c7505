"""The largest curvature of every network over training seeds (D10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import translucent
from normscape.figures.style.notation import html
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import ticks

HEIGHT = 330
TITLE = "Over {count} training seeds"
HEADROOM = 0.08
"""Of the axis beyond the largest value."""


def over_seeds_figure(curvatures: Compared[Sequence[float]], first: int, *, height: int = HEIGHT) -> go.Figure:
    """Draw the largest curvature of every network as one mark per training seed; thin lines join equal seeds.

    The first seed, that of the other figures, has a large mark with its value.

    Args:
        curvatures: of every network, by consecutive seeds.
        first: the first seed.
        height: pixels.
    """
    rows = list(curvatures.results)
    values = np.array([curvatures.results[label] for label in rows])  # (networks, seeds)
    figure = go.Figure()
    for own in values.T:
        figure.add_trace(_joined(own, rows, curvatures.theme_colors.faint))
    for label, own in zip(rows, values, strict=True):
        figure.add_traces(_marks(curvatures, label, own, first))
    low, high = min(0.0, float(values.min())), float(values.max())
    positions, texts = ticks(low, high, "linear")
    style_axes(
        figure,
        curvatures.theme_colors,
        x_title=html(r"largest curvature $\lambda_{\max}$"),
        x_axis={"range": [low, high + HEADROOM * (high - low)], "tickvals": positions, "ticktext": texts},
        y_axis={"range": [len(rows) - 0.5, -0.5], "tickvals": list(range(len(rows))), "ticktext": rows},
    )
    figure.update_yaxes(showgrid=False)
    return styled(figure, curvatures.theme_colors, height=height, title=TITLE.format(count=values.shape[1]), bottom=74)


def _joined(own: np.ndarray, rows: Sequence[str], color: str) -> go.Scatter:
    """Return the thin line through the values of one seed."""
    return go.Scatter(
        **{"x": own, "y": list(range(len(rows))), "mode": "lines", "hoverinfo": "skip", "showlegend": False},
        line={"color": translucent(color, 0.45), "width": 1},
    )


def _marks(curvatures: Compared[Sequence[float]], label: str, own: np.ndarray, first: int) -> list[go.Scatter]:
    """Return the marks of a network: small and open for further seeds, large and with its value for the first."""
    color, row = curvatures.color(label), list(curvatures.results).index(label)
    shared: dict[str, Any] = {"name": label, "showlegend": False, "cliponaxis": False}
    hover = "seed %{customdata}<br>" + html(r"$\lambda_{\max}$") + f" %{{x:.3g}}<extra>{label}</extra>"
    others = go.Scatter(
        **shared,
        **{"x": own[1:], "y": [row] * (len(own) - 1), "mode": "markers", "hovertemplate": hover},
        customdata=list(range(first + 1, first + len(own))),
        marker={"symbol": "circle-open", "size": 9, "color": color, "line": {"width": 2}},
    )
    shown = go.Scatter(
        **shared,
        **{"x": own[:1], "y": [row], "mode": "markers+text", "hovertemplate": hover, "customdata": [first]},
        **{"text": [f"{own[0]:#.3g}"], "textposition": "top center", "textfont": {"color": color, "size": 13}},
        marker={"symbol": "circle", "size": 13, "color": color},
    )
    return [others, shown]
