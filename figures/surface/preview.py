"""A network in training: the surface of an earlier checkpoint above the loss of every mini-batch so far."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from normscape.figures.comparison import Comparison
from normscape.figures.surface.surface_3d import surface_figures

CURVE_TOP, SURFACE_BOTTOM = 0.18, 0.22
"""Ends of the two plots, in fractions of the height."""

X_TITLE_HEIGHT = 18
"""Pixels of the title of the steps, which the sentence below replaces."""


def preview_figures(comparison: Comparison, curves: Mapping[str, go.Figure]) -> dict[str, go.Figure]:
    """Draw surfaces in 3-D on one range, each above its network's training curve.

    Args:
        comparison: the surfaces of earlier checkpoints.
        curves: by label, from `live_training_figures`; a network without one has only its surface.
    """
    figures = surface_figures(comparison)
    for label in figures.keys() & curves.keys():
        if len(figures[label].layout.scene.to_plotly_json()):  # a surface, not a sentence
            _add_curve(figures[label], curves[label])
    return figures


def _add_curve(figure: go.Figure, curve: go.Figure) -> None:
    layout = curve.layout.to_plotly_json()
    figure.add_traces(list(curve.data))
    figure.update_layout(
        xaxis=layout["xaxis"] | {"domain": [0.08, 0.98], "anchor": "y", "title": {"text": ""}},
        yaxis=layout["yaxis"] | {"domain": [0.0, CURVE_TOP], "anchor": "x", "title": {"text": "loss"}, "nticks": 3},
        annotations=[note | {"yshift": note.get("yshift", 0) + X_TITLE_HEIGHT} for note in layout["annotations"]],
        margin=layout["margin"] | {"b": layout["margin"]["b"] - X_TITLE_HEIGHT},
    )
    figure.update_layout(
        scene={
            "domain": {"x": [0.0, 1.0], "y": [SURFACE_BOTTOM, 1.0]},
            "xaxis": {"title": {"text": "α"}},
            "yaxis": {"title": {"text": "β"}},
        }
    )
