"""What the figures of a sweep share: the compared outcomes, and an axis of learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.template import style_axes
from normscape.figures.style.ticks import log_axis
from normscape.landscape.stability import RATES

if TYPE_CHECKING:
    from normscape.landscape.stability import TrainingOutcome

Sweeps = Compared[Sequence["TrainingOutcome"]]


MARGIN = 1.6
"""Factor beyond the first and the last rate, so that a bar of stable rates is inside the axis."""

NAME_CHARACTER, NAME_PADDING, LEAST_NAME = 6.3, 14, 112
"""Pixels of a character of a network's name, beside the name, and of the line with its largest stable rate."""

TITLE_GAP = 10  # between the numbers at the axis of rates and its title, pixels


def style_rates(figure: go.Figure, sweeps: Sweeps, y_axis: Mapping[str, Any], predictions: Mapping[str, float]) -> None:
    """Give a figure the axis of learning rates that all figures of a sweep share, and a vertical one; changes it.

    Args:
        figure: with its traces.
        sweeps: the outcomes of the finished trainings.
        y_axis: further properties of the vertical axis.
        predictions: limit that the curvature at initialization predicts, by label.
    """
    finished = [verdict.learning_rate for verdicts in sweeps.results.values() for verdict in verdicts]
    rates = np.array([*RATES, *finished, *predictions.values()])
    style_axes(
        figure,
        sweeps.theme_colors,
        x_title="learning rate",
        x_axis=log_axis([rates], MARGIN),
        y_axis=y_axis,
    )
    figure.update_xaxes(title_standoff=TITLE_GAP)


def align(figure: go.Figure, sweeps: Sweeps) -> go.Figure:
    """Reserve the room of the networks' names at the left, so that equal rates are below each other; changes it."""
    longest = max(map(len, sweeps.results), default=0)
    figure.layout.margin.l = max(LEAST_NAME, round(NAME_CHARACTER * longest + NAME_PADDING))
    return figure
