"""The numbers of charts as a table for a spreadsheet: a row for each drawn point."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from normscape.figures.style.notation import without_tags

COLUMNS = ("figure", "trace", "x", "y", "z")


def figure_table(figures: Mapping[str, go.Figure]) -> str:
    """Return all points of charts as CSV; what is not finite is left empty.

    Where a trace draws a logarithm or a shifted position, its `meta` names the coordinate that `customdata` has
    exactly, and the table has that. Contour lines repeat the points of their map and are left out.

    Args:
        figures: by name.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, figure in figures.items():
        for trace in figure.data:
            writer.writerows([name, *row] for row in _rows(trace))
    return buffer.getvalue()


def _rows(trace: Any) -> Iterator[tuple[str, str, str, str]]:
    exact: dict[str, Any] = {str(trace.meta): trace.customdata} if trace.meta else {}
    x, y, z = (exact.get(name, getattr(trace, name, ())) for name in "xyz")
    name = without_tags(trace.name or trace.legendgroup or "")
    if trace.type == "scatter" and name:
        for a, b in zip(x, y, strict=True):
            yield name, _text(a), _text(b), ""
    if trace.type == "heatmap" and trace.showscale is not False:
        for b, row in zip(y, z, strict=True):
            for a, value in zip(x, row, strict=True):
                yield name, _text(a), _text(b), _text(value)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return repr(float(value)) if np.isfinite(value) else ""
