"""Histograms as rows of a heatmap, one for each layer or training step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED
from normscape.figures.style.palette import SURFACE_COLORSCALE, ThemeColors
from normscape.figures.style.template import NOTHING, sentence_figure, styled

HEIGHT = 400
MAX_NAMES = 12


@dataclass(frozen=True, eq=False)
class Histograms:
    """The histograms of one network, all with the same bins."""

    names: Sequence[str]  # of the rows, from top to bottom
    shares: np.ndarray  # (rows, bins)


@dataclass(frozen=True)
class Bins:
    """The horizontal axis of histograms.

    Args:
        ends: of the axis.
        title: the quantity in the bins.
        ticks: labels by position; None for plain numbers.
        lines: positions of dotted vertical lines.
    """

    ends: tuple[float, float]
    title: str
    ticks: Mapping[float, str] | None = None
    lines: Sequence[float] = ()

    def centers(self, count: int) -> np.ndarray:
        """Return the centers of `count` bins of equal width."""
        width = (self.ends[1] - self.ends[0]) / count
        return self.ends[0] + width * (np.arange(count) + 0.5)


def histogram_figures(compared: Compared[Histograms], bins: Bins) -> Mapping[str, go.Figure]:
    """Draw the histograms of each network, with one range of colors for all of them."""
    shares = [one.shares for one in compared.results.values() if one.shares.size]
    largest = max((float(array.max()) for array in shares), default=0.0)
    return {label: _figure(compared, label, bins, largest) for label in compared.results}


def _figure(compared: Compared[Histograms], label: str, bins: Bins, largest: float) -> go.Figure:
    one, colors = compared.results[label], compared.theme_colors
    shown: dict[str, Any] = {"height": HEIGHT, "title": label, "title_color": compared.color(label)}
    if not one.shares.size or not largest:
        return sentence_figure(NOTHING, colors, **shown)
    figure = go.Figure(_heatmap(one, bins, largest))
    _style_axes(figure, one, bins, colors)
    for position in bins.lines:
        figure.add_vline(x=position, line={"color": "rgba(255,255,255,0.7)", "width": 1, "dash": DOTTED})
    return styled(figure, colors, bottom=46, **shown)


def _heatmap(one: Histograms, bins: Bins, largest: float) -> go.Heatmap:
    rows, count = one.shares.shape
    return go.Heatmap(
        **{"x": bins.centers(count), "y": list(range(rows)), "z": one.shares, "zmin": 0, "zmax": largest},
        **{"colorscale": SURFACE_COLORSCALE, "customdata": [[name] * count for name in one.names]},
        colorbar={"title": {"text": "share", "side": "right"}, "thickness": 10, "len": 0.9},
        hovertemplate="%{customdata}<br>about %{x:.1f}<br>share %{z:.3f}<extra></extra>",
    )


def _style_axes(figure: go.Figure, one: Histograms, bins: Bins, colors: ThemeColors) -> None:
    font = {"color": colors.text}
    ticks = {} if bins.ticks is None else {"tickvals": list(bins.ticks), "ticktext": list(bins.ticks.values())}
    figure.update_xaxes(title={"text": bins.title, "font": font, "standoff": 4}, tickfont=font, **ticks)
    stride = -(-len(one.names) // MAX_NAMES)
    figure.update_yaxes(
        **{"autorange": "reversed", "tickfont": font, "automargin": True},
        tickvals=list(range(0, len(one.names), stride)),
        ticktext=list(one.names)[::stride],
    )
