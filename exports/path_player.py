"""The button and the slider that draw paths of training checkpoint by checkpoint, for interactive files and pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import plotly.graph_objects as go

from normscape.figures.paths import PATH

SOURCE = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def steps_of(figures: Iterable[go.Figure]) -> list[int]:
    """Return the training steps of all checkpoints on the paths of figures, increasing; none without paths."""
    traces = [trace for figure in figures for trace in figure.data if trace.meta == PATH]
    return sorted({int(row[0]) for trace in traces for row in trace.customdata})
