"""Spectral densities of compared networks on one axis, with the largest eigenvalues of each (D10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.lines import translucent
from normscape.figures.style.notation import html
from normscape.figures.style.template import sentence_figure, style_axes, styled
from normscape.figures.style.ticks import log_axis
from normscape.landscape.curvature.density import Density, smoothed
from normscape.landscape.curvature.eigenvalues import Eigenvalues

HEIGHT = 380
LEGEND_ROW = 22
POINTS = 600

WIDTH_SHARE = 0.01
"""Standard deviation of the Gaussians that the nodes are drawn as, relative to the range of the axis."""

LOWEST_SHARE = 0.02
"""The lowest drawn density, relative to that of a single eigenvalue of the largest network."""

BELOW = 0.5
"""Densities are cut so far below the lowest drawn one: a line leaves the plot where no direction is."""

WAITING = "No spectrum is measured yet."


@dataclass(frozen=True, eq=False)
class Axes:
    """What figures on one scale share."""

    at: np.ndarray  # (N,) eigenvalues at which densities are drawn
    width: float  # standard deviation of the Gaussians
    floor: float  # lowest drawn density
    top: float  # highest density


@dataclass(frozen=True, eq=False)
class Spectra:
    """The contents of one figure."""

    densities: Compared[Density]  # of every line that has one
    eigenvalues: Mapping[str, Sequence[Eigenvalues]]  # those that are computed one by one, at either end, by label


def density_figures(
    groups: Mapping[str, Spectra], title_colors: Mapping[str, str | None] = MappingProxyType({})
) -> dict[str, go.Figure]:
    """Draw one figure per group of spectra, each as `density_figure` does, all on one scale.

    Args:
        groups: the lines of every figure, by its title.
        title_colors: by title.
    """
    axes = _axes(list(groups.values()))
    return {title: _figure(own, axes, title, title_colors.get(title)) for title, own in groups.items()}


def density_figure(
    densities: Compared[Density],
    eigenvalues: Mapping[str, Sequence[Eigenvalues]],
    *,
    title: str = "",
) -> go.Figure:
    """Draw the spectral density of every network on a logarithmic axis, and its eigenvalues as marks above.

    Nodes are drawn as Gaussians of one width for all networks, so a single eigenvalue is as wide everywhere.

    Args:
        densities: of every network that has one.
        eigenvalues: those that are computed one by one, at either end, by label.
        title: above the plot.
    """
    own = Spectra(densities, eigenvalues)
    return _figure(own, _axes([own]), title, None)


def _axes(groups: Sequence[Spectra]) -> Axes | None:
    """Return what all figures share, None without a finite value."""
    densities = [one for own in groups for one in own.densities.results.values()]
    nodes = [one.nodes[one.weights > 0] for one in densities]
    extremes = [one.values for own in groups for several in own.eigenvalues.values() for one in several]
    values = np.concatenate([*nodes, *extremes] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    span = (high - low) or 1.0
    at = np.linspace(low - 0.04 * span, high + 0.04 * span, POINTS)
    width = WIDTH_SHARE * span
    largest = max((one.dimensions for one in densities), default=1)
    floor = LOWEST_SHARE / (largest * width * np.sqrt(2 * np.pi))
    return Axes(at, width, floor, max((float(smoothed(one, at, width).max()) for one in densities), default=floor))


def _figure(own: Spectra, axes: Axes | None, title: str, title_color: str | None) -> go.Figure:
    densities = own.densities
    shown: dict[str, Any] = {"height": HEIGHT, "title": title, "title_color": title_color}
    if axes is None:
        return sentence_figure(WAITING, densities.theme_colors, **shown)
    figure = go.Figure([_line(densities, label, one, axes) for label, one in densities.results.items()])
    marks = _marks(densities, own.eigenvalues)
    figure.add_traces(marks)
    style_axes(
        figure,
        densities.theme_colors,
        x_title=html(r"curvature (eigenvalue $\lambda$)"),
        y_title="density of directions (log)",
        x_axis={"range": [axes.at[0], axes.at[-1]]},
        y_axis=log_axis([np.array([axes.floor, axes.top])], 1.1) | {"domain": [0, 0.86]},
    )
    figure.update_layout(yaxis2={"domain": [0.88, 1], "visible": False, "range": [-0.6, max(1, len(marks)) - 0.4]})
    rows = -(-sum(bool(trace.showlegend) for trace in figure.data) // 2)
    bottom = 52 + LEGEND_ROW * rows
    plot = HEIGHT - 12 - 52 - LEGEND_ROW
    shown["height"] = HEIGHT + LEGEND_ROW * (rows - 1)
    return styled(figure, densities.theme_colors, bottom=bottom, legend_y=-52 / plot, **shown)


def _line(densities: Compared[Density], label: str, density: Density, axes: Axes) -> go.Scatter:
    color, heights = densities.color(label), smoothed(density, axes.at, axes.width)
    return go.Scatter(
        **{
            "x": axes.at,
            "y": np.maximum(heights, BELOW * axes.floor),
            "mode": "lines",
            "name": label,
            "legendgroup": label,
            "showlegend": True,
        },
        line={"color": color, "width": 2, "dash": densities.dash(label)},
        fill="tozeroy" if len(densities.results) <= 2 else None,
        fillcolor=translucent(color, 0.12),
        hovertemplate=html(r"$\lambda$ %{x:.3g}<br>density %{y:.3g}") + f"<extra>{label}</extra>",
    )


def _marks(densities: Compared[Density], eigenvalues: Mapping[str, Sequence[Eigenvalues]]) -> list[go.Scatter]:
    """Return the eigenvalues of every network that has some as a row of marks above the densities."""
    traces = []
    for row, label in enumerate(label for label in reversed(list(eigenvalues)) if eigenvalues[label]):
        values = np.concatenate([one.values for one in eigenvalues[label]])
        traces.append(
            go.Scatter(
                **{"x": values, "y": np.full(len(values), row), "yaxis": "y2", "mode": "markers", "name": label},
                **{"legendgroup": label, "showlegend": label not in densities.results},
                marker={"symbol": densities.symbol(label), "size": 8, "color": densities.color(label)},
                hovertemplate=html(r"$\lambda$ = %{x:.4g}") + f"<extra>{label}</extra>",
            )
        )
    return traces
