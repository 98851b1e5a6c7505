"""Curvature of layers in coordinates that center and scale their inputs (A7, A8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from normscape.figures.analysis.by_layer import layers_figure
from normscape.figures.comparison import Compared
from normscape.figures.layers import Line
from normscape.figures.style.notation import html
from normscape.landscape.analysis.centering import Centering

if TYPE_CHECKING:
    pass

COORDINATES = ("raw", "centered", "standardized")


def both_figure(compared: Compared[Centering]) -> go.Figure:
    """Draw λ_max of the block of weight and bias by layer: raw (solid), centered (dotted), standardized (dashed)."""
    return _figure(compared, "both", html(r"$\lambda_{\max}$ of weight and bias, same function"))


def relative_figure(compared: Compared[Centering]) -> go.Figure:
    """Draw λ_max of weight and bias by layer with centered (solid) and standardized (dotted) inputs, relative to raw.

    Below the dotted line rewriting the layer lowers its curvature.
    """
    title = html(r"$\lambda_{\max}$ relative to raw inputs, same function")
    return layers_figure(compared.map(_relative), title=title, axis="over raw inputs", level=1.0)


def weight_figure(compared: Compared[Centering]) -> go.Figure:
    """Draw λ_max of the block of the weight alone by layer."""
    return _figure(compared, "weight", html(r"$\lambda_{\max}$ of the weight alone, same function"))


def rates_figure(compared: Compared[Centering]) -> go.Figure:
    """Draw the rate of λ (A6) by layer, which the argument takes to be the same in all three coordinates."""
    return _figure(
        compared, "rate", "Rate of signal change, same function", html(r"$\sqrt{E[\lambda^2]} / \|\Delta W\|$")
    )


def _figure(
    compared: Compared[Centering], name: str, title: str, axis: str = html(r"$\lambda_{\max}$ of the block")
) -> go.Figure:
    return layers_figure(compared.map(lambda one: _lines(one, name)), title=title, axis=axis)


def _lines(one: Centering, name: str) -> list[Line]:
    layers = [layer.layer for layer in one.layers]
    columns = np.array([getattr(layer, name) for layer in one.layers]).reshape(-1, len(COORDINATES)).T
    return [Line(way, layers, values) for way, values in zip(COORDINATES, columns, strict=True)]


def _relative(one: Centering) -> list[Line]:
    raw, *others = _lines(one, "both")
    positive = np.where(raw.values > 0, raw.values, np.nan)
    return [Line(line.name, line.layers, line.values / positive) for line in others]
