"""A surface as a structured grid of VTK (.vts), which ParaView opens."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from normscape.exports.metadata import KEY
from normscape.exports.optional import optional

if TYPE_CHECKING:
    from normscape.figures.comparison import Comparison
    from normscape.landscape import Surface

HEIGHT = 0.57
"""Of the range of values beside the length of the first axis, the proportion of the page."""

HYPHENS = r"-\u002d"
"""Two hyphens as JSON may write them, since they would end a comment."""

ARRAYS = ("loss", "accuracy", "gradient_norm", "gradient_change_ratio", "in_plane_ratio")


def vts_file(comparison: Comparison, label: str, *, about: str) -> bytes:
    """Return one surface of a comparison: points at (α, β, height), with all measured values at them.

    Heights are those of the page: the metric on the shared range and scale. A point without a value has height and
    value nan.

    Args:
        comparison: surfaces, metric and scale.
        label: of the surface.
        about: the document of the experiment (`metadata.document`), a comment of the file; empty if there is none.

    Raises:
        MissingLibraryError: pyevtk is not installed.
    """
    surface = comparison.results[label]
    alpha, beta = np.meshgrid(surface.alpha, surface.beta)
    arrays = {name: array for name in ARRAYS if (array := getattr(surface, name)) is not None}
    with tempfile.TemporaryDirectory() as folder:
        written = optional("pyevtk.hl").gridToVTK(
            str(Path(folder) / "surface"),
            *(_points(values) for values in (alpha, beta, _heights(comparison, surface))),
            pointData={name: _points(values) for name, values in arrays.items()},
        )
        content = Path(written).read_bytes()
    head, line, rest = content.partition(b"\n")
    comment = "" if not about else f"<!-- {KEY} {about.replace('--', HYPHENS)} -->\n"
    return head + line + comment.encode() + rest


def _heights(comparison: Comparison, surface: Surface) -> np.ndarray:
    values, value_range = comparison.values(surface), comparison.value_range
    if values is None or value_range is None:
        return np.full(surface.loss.shape, np.nan)
    low, high = value_range.ends
    length = float(np.ptp(surface.alpha)) or 1.0
    heights: np.ndarray = HEIGHT * length * (value_range.position(values) - low) / (high - low if high > low else 1.0)
    return heights


def _points(values: np.ndarray) -> np.ndarray:
    """Return an array (B, A) as VTK orders points: (A, B, 1), the first index fastest in the file."""
    return np.asfortranarray(values.T[:, :, np.newaxis], dtype=np.float64)
