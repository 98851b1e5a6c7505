"""Errors of batch statistics by batch size (A11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.template import GRID, NOTHING, SYMBOLS, dressed, ink, legend, sentence_figure
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.analysis.batch_statistics import BatchStatistics

HEIGHT = 400


def mean_error_figure(
    found: Mapping[str, BatchStatistics], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the batch mean's error in deviations: measured (markers) and by the law (lines), layers averaged."""
    axis = html(r"error of the mean / $\sigma$")
    return _figure(found, "error", "law", "How far a batch's mean is off", axis, colours, dark)


def variance_error_figure(
    found: Mapping[str, BatchStatistics], *, colours: Mapping[str, str], dark: bool = False
) -> go.Figure:
    """Draw the batch variance's error, and (lines) how far it is too small on average by the law."""
    axis = "variance of the batch / variance − 1"
    return _figure(found, "spread", "bias_law", "How far a batch's variance is off", axis, colours, dark)


def _figure(
    found: Mapping[str, BatchStatistics],
    name: str,
    law: str,
    title: str,
    axis: str,
    colours: Mapping[str, str],
    dark: bool,
) -> go.Figure:
    figure, seen, across = go.Figure(), [], []
    for place, (label, one) in enumerate(found.items()):
        if one.layers:
            measured = _positive(np.array([getattr(layer, name) for layer in one.layers]))
            stated = _positive(np.abs([getattr(layer, law) for layer in one.layers]))
            seen.append(measured)
            across.append(one.sizes.astype(float))
            symbol = SYMBOLS[place % len(SYMBOLS)]
            figure.add_traces(_traces(label, one.sizes, measured, stated, colours.get(label), symbol))
    if not any(np.isfinite(values).any() for values in seen):
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT)
    words: dict[str, Any] = {"color": ink(dark).text}
    shared = {"gridcolor": GRID, "zeroline": False, "tickfont": words}
    figure.update_xaxes(title={"text": "batch size", "font": words, "standoff": 4}, **log_axis(across), **shared)
    figure.update_yaxes(title={"text": axis, "font": words}, **log_axis(seen), automargin=True, **shared)
    dressed(figure, dark=dark, height=HEIGHT, title=title, foot=100)
    return figure.update_layout(showlegend=True, legend=legend(dark) | {"y": -0.25})


def _traces(
    label: str, sizes: np.ndarray, measured: np.ndarray, stated: np.ndarray, colour: str | None, symbol: str
) -> list[go.Scatter]:
    """Return a band from the smallest layer to the largest, their mean as markers, and the law's mean as a line."""
    low, high = (take.reduce(measured, axis=0) for take in (np.fmin, np.fmax))
    kept = np.isfinite(low)
    return [
        go.Scatter(
            **{"x": [*sizes[kept], *sizes[kept][::-1]], "y": [*high[kept], *low[kept][::-1]], "mode": "none"},
            **{"fill": "toself", "fillcolor": colour, "opacity": 0.15, "hoverinfo": "skip", "showlegend": False},
        ),
        go.Scatter(
            **{"x": sizes, "y": _mean(measured), "name": label, "mode": "markers"},
            marker={"symbol": symbol, "size": 8, "color": colour},
            hovertemplate="batch of %{x}<br>%{y:.3g}<extra>" + f"{label}, mean over layers</extra>",
        ),
        go.Scatter(
            **{"x": sizes, "y": _mean(stated), "name": f"{label}, law", "mode": "lines"},
            line={"color": colour, "width": 1, "dash": "dot"},
            hovertemplate="batch of %{x}<br>%{y:.3g}<extra>" + f"{label}, by the law</extra>",
        ),
    ]


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 1e-9, values, np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known.any(0), np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1), np.nan)
