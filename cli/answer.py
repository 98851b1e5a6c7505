"""What a command has measured: its table, its figures, and its surfaces if it has some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import plotly.graph_objects as go

from normscape.figures.comparison import Comparison

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answer:
    """A measurement of compared networks.

    Attributes:
        title: what was measured, for people.
        rows: the key numbers, one row for each network or entry; all rows have the same columns.
        numbers: everything that was measured, as plain dictionaries, lists and numbers, by label.
        draw: returns the figures by name, in the light theme.
        draw_in_3d: returns the same in 3-D, where that is possible; interactive pages have both.
        in_3d: whether pictures show that.
        comparison: the surfaces, if there are some.
        grids: of the slices that the figures show, such as "33×33 grid"; empty if they show none.
        notes: sentences below the table.
    """

    title: str
    rows: Sequence[Row]
    numbers: Mapping[str, Any]
    draw: Callable[[], Mapping[str, go.Figure]]
    draw_in_3d: Callable[[], Mapping[str, go.Figure]] = dict
    in_3d: bool = False
    comparison: Comparison | None = None
    grids: str = ""
    notes: Sequence[str] = field(default=())

    @cached_property
    def figures(self) -> Mapping[str, go.Figure]:
        """The figures, which are drawn once for all files."""
        return self.draw()

    @cached_property
    def figures_in_3d(self) -> Mapping[str, go.Figure]:
        """The figures in 3-D, likewise; empty if there are none."""
        return self.draw_in_3d()
