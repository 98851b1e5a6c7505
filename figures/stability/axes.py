"""What the figures of a sweep share: the compared outcomes, and an axis of learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.comparison import Compared
from normscape.figures.style.template import style_axes
from normscape.figures.style.ticks import log_axis

if TYPE_CHECKING:
    from normscape.landscape.stability import TrainingOutcome

Sweeps = Compared[Sequence["TrainingOutcome"]]


def style_rates(figure: go.Figure, sweeps: Sweeps, y_axis: Mapping[str, Any]) -> None:
    """Give a figure a logarithmic axis of all learning rates, and a vertical one; changes the figure."""
    finished = [verdict.learning_rate for verdicts in sweeps.results.values() for verdict in verdicts]
    rates = np.array([*finished, *(x for trace in figure.data for x in trace.x)])
    style_axes(
        figure,
        sweeps.theme_colors,
        x_title="learning rate",
        x_axis=log_axis([rates], 1.3),
        y_axis=y_axis,
    )
