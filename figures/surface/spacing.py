"""Growth of L̂ as the spacing of neighboring points shrinks (D7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis
from normscape.landscape import RatioBySpacing

if TYPE_CHECKING:
    pass

HEIGHT = 400


def refinement_figure(compared: Compared[RatioBySpacing]) -> go.Figure:
    """Draw the largest ratio between neighbors on a line against their spacing, both axes logarithmic.

    Where the gradient jumps, the line rises like 1/spacing towards the left, a slope that is drawn dotted; where the
    gradient is smooth, it levels off. Values that are not finite leave gaps.
    """
    drawn = compared.with_results({k: one for k, one in compared.results.items() if np.isfinite(one.bound).any()})
    if not drawn.results:
        return sentence_figure(NOTHING, drawn.theme_colors, height=HEIGHT)
    figure = go.Figure(
        [_slope(next(iter(drawn.results.values()))), *(_bounds(drawn, label) for label in drawn.results)]
    )
    style_axes(
        figure,
        drawn.theme_colors,
        x_title=html(r"spacing $\|p - q\|$ along $d_1$"),
        y_title=html(r"$L \ge$, between neighbors"),
        x_axis=log_axis(one.spacing for one in drawn.results.values()),
        y_axis=log_axis(one.bound for one in drawn.results.values()),
    )
    title = html(r"$L \ge$ against the spacing")
    return styled(figure, drawn.theme_colors, height=HEIGHT, title=title, bottom=84, legend_y=-0.14)


def _bounds(drawn: Compared[RatioBySpacing], label: str) -> go.Scatter:
    one = drawn.results[label]
    return line_trace(
        one.spacing,
        one.bound,
        customdata=one.pairs,
        name=label,
        color=drawn.color(label),
        symbol=drawn.symbol(label),
        hover=html(r"spacing %{x:.3g}<br>$L \ge$ %{y:.4g}<br>%{customdata} pairs<extra>") + f"{label}</extra>",
    )


def _slope(first: RatioBySpacing) -> go.Scatter:
    """Return the slope of 1/spacing, through the finest value of the first network that has one."""
    last = int(np.flatnonzero(np.isfinite(first.bound))[-1])
    spacing = first.spacing[[0, last]]
    return go.Scatter(
        **{"x": spacing, "y": first.bound[last] * first.spacing[last] / spacing, "mode": "lines"},
        **{"name": "1/spacing", "hoverinfo": "skip"},
        line={"color": "rgba(128,128,140,0.8)", "width": 1, "dash": DOTTED},
    )
