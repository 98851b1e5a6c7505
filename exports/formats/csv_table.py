"""Measured points as a table for a spreadsheet: a row for each network and point, a column for each metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from normscape.landscape import Surface

COLUMNS = (
    "loss",
    "accuracy",
    "gradient_norm",
    "gradient_change_ratio",
    "in_plane_ratio",
)
"""Attributes of `Surface`, (B, A) each, and the names of their columns."""


def csv_table(surfaces: Mapping[str, Surface]) -> str:
    """Return all evaluated points as CSV; what a surface does not have, or what is not finite, is left empty.

    Args:
        surfaces: by label.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["network", "alpha", "beta", *COLUMNS])
    for label, surface in surfaces.items():
        arrays = [getattr(surface, name) for name in COLUMNS]
        for row, column in np.argwhere(surface.evaluated):
            values = ["" if array is None else _text(array[row, column]) for array in arrays]
            writer.writerow([label, _text(surface.alpha[column]), _text(surface.beta[row]), *values])
    return buffer.getvalue()


def _text(value: float) -> str:
    return repr(float(value)) if np.isfinite(value) else ""
