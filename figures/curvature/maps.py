"""Maps of the largest eigenvalue, and of the share of negative curvature, over a slice (D14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.notation import html
from normscape.figures.style.palette import SURFACE_COLORSCALE
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import number_text, positive_or_nan, ticks
from normscape.landscape.surface.curvature_map import CurvaturePoint

HEIGHT = 330

Points = Mapping[tuple[float, float], CurvaturePoint]
"""By (α, β)."""

TITLES = {
    "largest": r"$\lambda_{\max}$",
    "ratio": r"$|\lambda_{\min}/\lambda_{\max}|$",
}


def curvature_maps(maps: Compared[Points], quantity: str) -> dict[str, go.Figure]:
    """Draw a quantity at every measured point of each network's slice, on one logarithmic color scale.

    Args:
        maps: points of every network.
        quantity: "largest" for λ_max, "ratio" for |λ_min/λ_max|.
    """
    values = np.array([getattr(point, quantity) for own in maps.results.values() for point in own.values()])
    positive = values[np.isfinite(values) & (values > 0)]
    low, high = (float(positive.min()), float(positive.max())) if positive.size else (0.1, 1.0)
    high = max(high, low * 1.05)
    return {label: _map(maps, label, quantity, low, high) for label in maps.results}


def _map(maps: Compared[Points], label: str, quantity: str, low: float, high: float) -> go.Figure:
    points = maps.results[label]
    alphas, betas = (sorted({place[axis] for place in points}) for axis in (0, 1))
    values = np.full((len(betas), len(alphas)), np.nan)
    for (alpha, beta), point in points.items():
        values[betas.index(beta), alphas.index(alpha)] = getattr(point, quantity)
    shown = positive_or_nan(values)
    positions, texts = ticks(low, high, "log")
    font = {"color": maps.theme_colors.text, "size": 11}
    bar: dict[str, Any] = {
        **{"thickness": 10, "len": 0.95, "outlinewidth": 0, "tickfont": font, "xpad": 4},
        **{"tickvals": np.log10(positions).tolist(), "ticktext": texts},
    }
    figure = go.Figure(
        go.Heatmap(
            **{"x": alphas, "y": betas, "z": np.log10(shown), "zmin": np.log10(low), "zmax": np.log10(high)},
            **{"colorscale": SURFACE_COLORSCALE, "customdata": values, "colorbar": bar, "hoverongaps": False},
            text=[["" if np.isnan(value) else number_text(float(f"{value:.2g}")) for value in row] for row in values],
            texttemplate="%{text}" if len(alphas) <= 5 else "",
            hovertemplate=html(r"$\alpha$ %{x:.3g}<br>$\beta$ %{y:.3g}<br>") + "%{customdata:.4g}<extra></extra>",
        )
    )
    style_axes(figure, maps.theme_colors, x_title="α", y_title="β", x_axis={"constrain": "domain"})
    return styled(figure, maps.theme_colors, height=HEIGHT, title=label, title_color=maps.color(label), bottom=44)
