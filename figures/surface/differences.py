"""Compared surfaces as differences from the first: where one landscape lies above another, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import html
from normscape.figures.style.scales import metric_of, values
from normscape.figures.style.template import dressed, ink, sentence_figure
from normscape.figures.surface.maps import HEIGHT, axes_of, centre_mark

if TYPE_CHECKING:
    from normscape.landscape import Surface

DIVERGING = "RdBu_r"
"""Blue below, red above, white where both are equal; reads the same for colour-blind eyes."""

WORDS = {"linear": "difference", "log": "log10 of the quotient"}

NOTHING = "No point has a value for both."


def difference_figures(
    surfaces: Mapping[str, Surface], metric: str, scale: str, *, dark: bool = False
) -> dict[str, go.Figure]:
    """Draw each further surface minus the first as a map; all share one symmetric range of colours (D4).

    On a logarithmic scale it is the decimal logarithm of their quotient, where both are positive. Cells that one of the
    two has no finite value for are left out.

    Args:
        surfaces: what is compared, by label, on equal grids; with fewer than two there is nothing to draw.
        metric: a key of `METRICS`, of a row ratio with its layer.
        scale: "linear" or "log".
        dark: whether the page is dark.

    Raises:
        ValueError: there is no such metric.
    """
    labels = list(surfaces)
    found = {label: _difference(surfaces[labels[0]], surfaces[label], metric, scale) for label in labels[1:]}
    finite = [np.abs(array[np.isfinite(array)]).max(initial=0.0) for array in found.values()]
    limit = max(finite, default=0.0) or 1.0
    word = f"{metric_of(metric).title}: {WORDS[scale]}"
    titles = {label: f"{label} minus {labels[0]}" for label in found}
    return {
        titles[label]: _figure(surfaces[label], array, (titles[label], word), limit, dark)
        for label, array in found.items()
    }


def _difference(first: Surface, other: Surface, metric: str, scale: str) -> np.ndarray:
    a, b = values(first, metric), values(other, metric)
    if a is None or b is None or a.shape != b.shape:
        return np.full(other.loss.shape, np.nan)
    if scale == "linear":
        difference: np.ndarray = b - a
        return difference
    positive = (a > 0) & (b > 0)
    quotient: np.ndarray = np.log10(np.where(positive, b, 1.0)) - np.log10(np.where(positive, a, 1.0))
    return np.where(positive, quotient, np.nan)


def _figure(surface: Surface, array: np.ndarray, words: tuple[str, str], limit: float, dark: bool) -> go.Figure:
    if not np.isfinite(array).any():
        return sentence_figure(NOTHING, dark=dark, height=HEIGHT, title=words[0])
    font: dict[str, Any] = {"color": ink(dark).text, "size": 11}
    bar = {
        **{"orientation": "h", "thickness": 8, "len": 0.86, "xpad": 0, "ypad": 58, "outlinewidth": 0, "tickfont": font},
        **{"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "top", "nticks": 5},
        "title": {"text": words[1], "side": "bottom", "font": font},
    }
    cells = go.Heatmap(
        **{"x": surface.alpha, "y": surface.beta, "z": array, "zmin": -limit, "zmax": limit, "colorbar": bar},
        **{"colorscale": DIVERGING, "hoverongaps": False},
        hovertemplate=html(rf"$\alpha$ %{{x:.3g}}<br>$\beta$ %{{y:.3g}}<br>{words[1]} %{{z:.4g}}<extra></extra>"),
    )
    figure = go.Figure([cells, *centre_mark(surface)])
    axes_of(figure, surface, dark)
    return dressed(figure, dark=dark, height=HEIGHT, title=words[0], foot=106)
