"""Errors of batch statistics by batch size (A11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import DOTTED
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis, positive_or_nan

if TYPE_CHECKING:
    from normscape.landscape.analysis.batch_statistics import BatchStatistics

HEIGHT = 400
DODGE = 1.1  # factor between the marks of two networks at one batch size, so that none covers another
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
    drawn = {label: one for label, one in drawn.items() if one.norms} or drawn  # the others have none to be noisy
    errors = [_by_layer(one, names[0]) for one in drawn.values()]
    if not any(np.isfinite(values).any() for values in errors):
        return sentence_figure(NOTHING, compared.theme_colors, height=HEIGHT)
    figure = go.Figure([trace for rank, label in enumerate(drawn) for trace in _traces(compared, label, names, rank)])
    figure.add_traces(_laws(compared.with_results(drawn), names[1]))
    sizes = log_axis(one.sizes.astype(float) for one in drawn.values())
    style_axes(figure, compared.theme_colors, x_title="batch size", y_title=axis, x_axis=sizes, y_axis=log_axis(errors))
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=100, legend_y=-0.25)


def _traces(
    compared: Compared[BatchStatistics], label: str, names: tuple[str, str], rank: int
) -> tuple[go.Scatter, go.Scatter]:
    """Return a band from the smallest layer to the largest, and their mean as markers, moved right by rank."""
    one, color = compared.results[label], compared.color(label)
    measured = _by_layer(one, names[0])
    marks = go.Scatter(
        **{"x": one.sizes * DODGE**rank, "y": _mean(measured), "name": label, "mode": "markers"},
        **{"customdata": one.sizes, "marker": {"symbol": compared.symbol(label), "size": 9, "color": color}},
        hovertemplate=f"batch of %{{customdata}}<br>%{{y:.3g}}<extra>{label}, mean over layers</extra>",
    )
    return _band(one.sizes, measured, color), marks


def _laws(drawn: Compared[BatchStatistics], name: str) -> list[go.Scatter]:
    """Return the mean law over layers: one line if it is the same for all networks, and otherwise one for each."""
    laws = {label: _mean(positive_or_nan(np.abs(_layers(one, name)), SMALLEST)) for label, one in drawn.results.items()}
    first, *others = laws.values()
    if all(other.shape == first.shape and np.allclose(first, other, rtol=1e-3, equal_nan=True) for other in others):
        one = next(iter(drawn.results.values()))
        return [_law(one.sizes, first, "theory", drawn.theme_colors.text)]
    return [
        _law(one.sizes, laws[label], f"{label}, theory", drawn.color(label)) for label, one in drawn.results.items()
    ]


def _law(sizes: np.ndarray, law: np.ndarray, name: str, color: str | None) -> go.Scatter:
    return go.Scatter(
        **{"x": sizes, "y": law, "name": name, "mode": "lines", "line": {"color": color, "width": 1.5, "dash": DOTTED}},
        hovertemplate=f"batch of %{{x}}<br>%{{y:.3g}}<extra>{name}</extra>",
    )


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
