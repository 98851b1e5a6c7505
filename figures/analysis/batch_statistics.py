"""Errors of batch statistics by batch size (A11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.analysis.batch_statistics import BatchStatistics

HEIGHT = 400
SMALLEST = 1e-9
"""Errors up to this size are rounding and are left out."""


def mean_error_figure(compared: Compared[BatchStatistics]) -> go.Figure:
    """Draw the error of the batch mean in standard deviations, averaged over layers.

    Markers are measured, lines follow from sampling without replacement.
    """
    return _figure(compared, ("error", "law"), "Error of the batch mean", html(r"error of the mean / $\sigma$"))


def variance_error_figure(compared: Compared[BatchStatistics]) -> go.Figure:
    """Draw the error of the batch variance (markers), and its bias by sampling without replacement (lines)."""
    axis = "batch variance / variance − 1"
    return _figure(compared, ("spread", "bias_law"), "Error of the batch variance", axis)


def _figure(compared: Compared[BatchStatistics], names: tuple[str, str], title: str, axis: str) -> go.Figure:
    drawn = {label: one for label, one in compared.results.items() if one.layers}
    errors = [_by_layer(one, names[0]) for one in drawn.values()]
    if not any(np.isfinite(values).any() for values in errors):
        return sentence_figure(NOTHING, compared.theme_colors, height=HEIGHT)
    figure = go.Figure([trace for label in drawn for trace in _traces(compared, label, names)])
    sizes = log_axis(one.sizes.astype(float) for one in drawn.values())
    style_axes(figure, compared.theme_colors, x_title="batch size", y_title=axis, x_axis=sizes, y_axis=log_axis(errors))
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.25)


def _traces(compared: Compared[BatchStatistics], label: str, names: tuple[str, str]) -> list[go.Scatter]:
    """Return a band from the smallest layer to the largest, their mean as markers, and the mean law as a line."""
    one, color = compared.results[label], compared.color(label)
    measured, law = _by_layer(one, names[0]), positive_or_nan(np.abs(_layers(one, names[1])), SMALLEST)
    hover = "batch of %{x}<br>%{y:.3g}<extra>" + label
    return [
        _band(one.sizes, measured, color),
        go.Scatter(
            **{"x": one.sizes, "y": _mean(measured), "name": label, "mode": "markers"},
            marker={"symbol": compared.symbol(label), "size": 8, "color": color},
            hovertemplate=f"{hover}, mean over layers</extra>",
        ),
        go.Scatter(
            **{"x": one.sizes, "y": _mean(law), "name": f"{label}, theory", "mode": "lines"},
            line={"color": color, "width": 1, "dash": "dot"},
            hovertemplate=f"{hover}, theory</extra>",
        ),
    ]


def _band(sizes: np.ndarray, measured: np.ndarray, color: str | None) -> go.Scatter:
    low, high = (take.reduce(measured, axis=0) for take in (np.fmin, np.fmax))
    kept = np.isfinite(low)
    return go.Scatter(
        **{"x": [*sizes[kept], *sizes[kept][::-1]], "y": [*high[kept], *low[kept][::-1]], "mode": "none"},
        **{"fill": "toself", "fillcolor": color, "opacity": 0.15, "hoverinfo": "skip", "showlegend": False},
    )


def _by_layer(one: BatchStatistics, name: str) -> np.ndarray:
    """Return an error (layers, batch sizes), nan where it is rounding."""
    return positive_or_nan(_layers(one, name), SMALLEST)


def _layers(one: BatchStatistics, name: str) -> np.ndarray:
    return np.array([getattr(layer, name) for layer in one.layers])


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known.any(0), np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)
