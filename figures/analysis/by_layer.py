"""Figures over layers, with the names of layers as text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.histograms import Bins, Histograms
from normscape.figures.histograms import histogram_figures as histograms_by_row
from normscape.figures.layers import Line
from normscape.figures.layers import layers_figure as lines_over_layers


def layer_name(module: str) -> str:
    """Return the name of a layer as text: layer 1 for layer1.linear, layer1.norm and layer1.activation."""
    return re.sub(r"^layer(\d+)\.(linear|norm|activation)$", r"layer \1", module)


def layers_figure(compared: Compared[Sequence[Line]], **shown: Any) -> go.Figure:
    """Draw lines over layers as `figures.layers.layers_figure` does; the lines are about modules of one kind."""
    return lines_over_layers(compared.map(lambda lines: [_named(line) for line in lines]), **shown)


def histogram_figures(compared: Compared[Histograms], bins: Bins) -> Mapping[str, go.Figure]:
    """Draw histograms by layer as `figures.histograms.histogram_figures` does."""
    return histograms_by_row(
        compared.map(lambda one: replace(one, names=[layer_name(name) for name in one.names])), bins
    )


def _named(line: Line) -> Line:
    return replace(line, layers=[layer_name(name) for name in line.layers])
