"""Compared surfaces as differences from the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import html
from normscape.figures.style.template import sentence_figure, styled
from normscape.figures.surface.axes import color_bar
from normscape.figures.surface.maps import HEIGHT, center_mark, style_map_axes

if TYPE_CHECKING:
    from normscape.landscape import Surface

DIVERGING_COLORSCALE = "RdBu_r"
"""Blue below, red above, white where both are equal; also readable with color blindness."""

QUANTITIES = {"linear": "difference", "log": "log10 of the quotient"}

NOTHING = "No point has a value for both."


def difference_figures(comparison: Comparison) -> dict[str, go.Figure]:
    """Draw each further surface minus the first as a map; all share one symmetric range of colors (D4).

    On a logarithmic scale a map shows the decimal logarithm of their quotient, where both are positive. Cells without a
    finite value in one of the two are left out. The surfaces have equal grids.

    Raises:
        ValueError: the metric is unknown.
    """
    labels = list(comparison.results)
    arrays = {label: _difference(comparison, labels[0], label) for label in labels[1:]}
    largest = [np.abs(array[np.isfinite(array)]).max(initial=0.0) for array in arrays.values()]
    limit = max(largest, default=0.0) or 1.0
    return {
        (title := f"{label} − {labels[0]}"): _figure(comparison, comparison.results[label], array, title, limit)
        for label, array in arrays.items()
    }


def _difference(comparison: Comparison, first: str, other: str) -> np.ndarray:
    """Return the difference of two surfaces on the scale of the comparison (B, A), nan where one has no value."""
    a, b = (comparison.values(comparison.results[label]) for label in (first, other))
    if a is None or b is None or a.shape != b.shape:
        return np.full(comparison.results[other].loss.shape, np.nan)
    if comparison.scale == "linear":
        difference: np.ndarray = b - a
        return difference
    positive = (a > 0) & (b > 0)
    quotient: np.ndarray = np.log10(np.where(positive, b, 1.0)) - np.log10(np.where(positive, a, 1.0))
    return np.where(positive, quotient, np.nan)


def _figure(comparison: Comparison, surface: Surface, array: np.ndarray, title: str, limit: float) -> go.Figure:
    if not np.isfinite(array).any():
        return sentence_figure(NOTHING, comparison.theme_colors, height=HEIGHT, title=title)
    quantity = f"{comparison.metric_title}: {QUANTITIES[comparison.scale]}"
    cells = go.Heatmap(
        **{"x": surface.alpha, "y": surface.beta, "z": array, "zmin": -limit, "zmax": limit},
        **{"colorscale": DIVERGING_COLORSCALE, "hoverongaps": False},
        colorbar=color_bar(comparison, quantity) | {"ypad": 58, "nticks": 5},
        hovertemplate=html(r"$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<br>") + f"{quantity} %{{z:.4g}}<extra></extra>",
    )
    figure = go.Figure([cells, *center_mark(surface)])
    style_map_axes(figure, comparison, surface)
    return styled(figure, comparison.theme_colors, height=HEIGHT, title=title, bottom=106)
