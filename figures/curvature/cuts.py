"""The loss along eigenvectors of the Hessian, and its quadratic model (D10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.notation import html
from normscape.figures.style.template import style_axes, styled
from normscape.figures.style.ticks import ticks
from normscape.landscape.curvature.eigenvalues import Eigenvalues

HEIGHT = 280
LEGEND_ROW = 22

MODEL = "parabola with the curvature at 0"
"""Name of the dashed lines."""

HIGHEST = 1.25
"""The loss is drawn up to this far above the largest one at a center, a little above the ends of the parabolas."""

HEADROOM = 1.5
"""Near the weights, the loss is drawn up to so many times the highest rise of a parabola: these fill the plot."""


RESEMBLANCE, FEWEST_POINTS = 2.0, 4
"""Loss and model resemble each other while neither rises more than so many times as much as the other. At least so many
points are drawn on each side."""


def cuts_figures(
    spectra: Compared[Eigenvalues], count: int = 3, *, smallest: bool = False, near: bool = False, height: int = HEIGHT
) -> dict[str, go.Figure]:
    """Draw the loss along the first eigenvectors, one panel per eigenvector, all networks on one scale.

    Solid lines are the loss, dashed ones its quadratic model.

    Args:
        spectra: eigenvalues at one end, of every network.
        count: largest number of panels.
        smallest: whether it is the lower end.
        near: whether only the surroundings are drawn in which loss and quadratic model of all networks are alike.
        height: of a panel in pixels.
    """
    most = min([count, *(len(one.values) for one in spectra.results.values())]) if spectra.results else 0
    longest = max((float(np.abs(one.distance[:most]).max()) for one in spectra.results.values()), default=1.0)
    if near:
        longest = min((_resembling(one, most) for one in spectra.results.values()), default=longest)
    low, high = _range(list(spectra.results.values()), most, longest)
    if near:
        high = min(high, _near(list(spectra.results.values()), most, longest))
    margin = 0.05 * ((high - low) or 1.0)
    figures = {}
    for number in range(most):
        name = _name(number, smallest=smallest)
        figure = go.Figure([trace for label in spectra.results for trace in _lines(spectra, label, number)])
        figure.add_trace(_model_legend(spectra.theme_colors.faint))
        positions, texts = ticks(low, high, "linear")
        style_axes(
            figure,
            spectra.theme_colors,
            x_title="distance from the weights",
            y_title="loss" if number == 0 else "",
            x_axis={"range": [-1.03 * longest, 1.03 * longest]},
            y_axis={"range": [low - margin, high + margin], "tickvals": positions, "ticktext": texts},
        )
        if number:
            figure.update_traces(showlegend=False)
        bottom, plot = 52 + LEGEND_ROW, height - 40 - 52 - LEGEND_ROW
        shown: dict[str, Any] = {
            "height": height,
            "bottom": bottom,
            "legend_y": -52 / plot,
            "title": _title(number, name, smallest=smallest),
        }
        figures[name] = styled(figure, spectra.theme_colors, **shown)
    return figures


def _resembling(one: Eigenvalues, most: int) -> float:
    """Return the distance within which loss and quadratic model resemble each other, but a few points at least."""
    distance, center = np.abs(one.distance[:most]), one.loss[:most, [one.loss.shape[1] // 2]]
    rise, model = (
        np.abs(values - center) for values in (one.loss[:most], np.stack([one.quadratic(k) for k in range(most)]))
    )
    ratio = np.divide(rise, model, out=np.ones_like(rise), where=model > 0)
    apart = distance[~((ratio <= RESEMBLANCE) & (ratio >= 1 / RESEMBLANCE)) & (distance > 0)]
    fewest = float(np.sort(np.unique(distance))[: FEWEST_POINTS + 1].max(initial=0.0))
    return max(fewest, float(apart.min())) if apart.size else float(distance.max(initial=0.0))


def _range(spectra: Sequence[Eigenvalues], most: int, longest: float) -> tuple[float, float]:
    """Return the range of the axis of losses: all finite ones, but not far above those at the centers."""
    every = [one.loss[:most][np.abs(one.distance[:most]) <= longest] for one in spectra]
    finite = np.concatenate([values[np.isfinite(values)] for values in every] or [np.zeros(0)])
    if not finite.size:
        return 0.0, 1.0
    centers = [float(one.loss[0, one.loss.shape[1] // 2]) for one in spectra]
    highest = max([center for center in centers if np.isfinite(center)], default=0.0) + HIGHEST
    return float(finite.min()), min(float(finite.max()), max(highest, HIGHEST * max(centers, default=0.0)))


def _near(spectra: Sequence[Eigenvalues], most: int, longest: float) -> float:
    """Return the loss a little above the highest parabola at a distance from the weights."""
    ends = [
        float(center) + HEADROOM * 0.5 * float(abs(value)) * longest**2
        for one in spectra
        for center, value in zip(one.loss[:most, one.loss.shape[1] // 2], one.values, strict=False)
    ]
    rising = any(value for one in spectra for value in one.values[:most])
    return max((end for end in ends if np.isfinite(end)), default=np.inf) if rising else np.inf


def _name(number: int, *, smallest: bool) -> str:
    if not smallest:
        return rf"\lambda_{number + 1}"
    return r"\lambda_{\min}" if number == 0 else rf"\lambda_{{P-{number}}}"


def _title(number: int, name: str, *, smallest: bool) -> str:
    place = ("Sharpest direction", "Second sharpest", "Third sharpest")[number : number + 1]
    return html(f"Eigenvector of ${name}$" if smallest or not place else f"{place[0]}, ${name}$")


def _lines(spectra: Compared[Eigenvalues], label: str, number: int) -> list[go.Scatter]:
    own, color = spectra.results[label], spectra.color(label)
    shared: dict[str, Any] = {"x": own.distance[number], "mode": "lines", "legendgroup": label}
    value = f"{own.values[number]:.4g}"
    loss = html(r"distance %{x:.3g}<br>loss %{y:.4g}<br>$\lambda$ = ") + f"{value}<extra>{label}</extra>"
    model = go.Scatter(
        **shared,
        **{"y": own.quadratic(number), "showlegend": False, "hoverinfo": "skip"},
        line={"color": color, "width": 1.5, "dash": "dash", "shape": "spline"},
    )
    line = go.Scatter(
        **shared,
        **{"y": own.loss[number], "name": label, "hovertemplate": loss, "showlegend": True},
        line={"color": color, "width": 2.2, "shape": "spline"},
    )
    return [model, line]


def _model_legend(color: str) -> go.Scatter:
    """Return the legend's entry of the dashed lines of all networks."""
    return go.Scatter(
        **{"x": [None], "y": [None], "mode": "lines", "name": MODEL, "hoverinfo": "skip", "showlegend": True},
        line={"color": color, "width": 1.5, "dash": "dash"},
    )
