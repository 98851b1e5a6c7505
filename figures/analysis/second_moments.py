"""Second moments of the inputs of layers (A7, A8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.lines import DOTTED, line_trace
from normscape.figures.style.notation import html
from normscape.figures.style.template import NOTHING, sentence_figure, style_axes, styled
from normscape.landscape.analysis.second_moments import SecondMoments

if TYPE_CHECKING:
    pass

HEIGHT = 400
SHARES = np.linspace(-1.0, 3.0, 41)
"""Where the parabola is drawn: multiples of the mean that are subtracted."""

ATTRIBUTES = {"raw": "raw", "centered": "centered", "standardized": "standardized"}


def moments_figure(compared: Compared[SecondMoments]) -> go.Figure:
    """Draw Σ E[x²] by layer: raw (solid), centered (dotted), and standardized (dashed)."""
    title = "Second moment of the layer input"
    return layers_figure(compared.map(_lines), title=title, axis=html(r"$\textstyle\sum E[x^2]$"))


def relative_figure(compared: Compared[SecondMoments]) -> go.Figure:
    """Draw the second moment of centered (solid) and standardized (dotted) inputs by layer, relative to raw ones."""
    title = "Second moment relative to raw inputs"
    return layers_figure(compared.map(_relative), title=title, axis="over raw inputs", level=1.0)


def parabola_figure(compared: Compared[SecondMoments]) -> go.Figure:
    """Draw the second moment after subtracting s times the mean, summed over layers, as a share of the raw one."""
    figure = go.Figure([_parabola(compared, label) for label in compared.results if _raw(compared.results[label])])
    if not figure.data:
        return sentence_figure(NOTHING, compared.theme_colors, height=HEIGHT)
    style_axes(
        figure,
        compared.theme_colors,
        x_title="subtracted multiple s of the mean",
        y_title=html(r"$\sum E[(x - sE[x])^2] / \sum E[x^2]$"),
        y_axis={"rangemode": "tozero"},
    )
    figure.add_vline(x=1, line={"color": compared.theme_colors.faint, "width": 1, "dash": DOTTED})
    title = "Second moment by subtracted constant"
    return styled(figure, compared.theme_colors, height=HEIGHT, title=title, bottom=84, legend_y=-0.2)


def _lines(one: SecondMoments) -> list[Line]:
    return [Line.of(name, one.layers, attribute) for name, attribute in ATTRIBUTES.items()]


def _relative(one: SecondMoments) -> list[Line]:
    raw, *others = _lines(one)
    with np.errstate(divide="ignore", invalid="ignore"):
        return [Line(line.name, line.layers, line.values / raw.values) for line in others]


def _parabola(compared: Compared[SecondMoments], label: str) -> go.Scatter:
    one = compared.results[label]
    return line_trace(
        SHARES,
        sum((layer.about(SHARES) for layer in one.layers), start=np.zeros(len(SHARES))) / _raw(one),
        name=label,
        color=compared.color(label),
        symbol=compared.symbol(label),
        max_markers=9,
        hover=f"minus %{{x:.2f}} means<br>%{{y:.4g}} of the raw moment<extra>{label}</extra>",
    )


def _raw(one: SecondMoments) -> float:
    return sum(layer.raw for layer in one.layers)
