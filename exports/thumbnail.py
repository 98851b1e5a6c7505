"""Small pictures of compared surfaces, made on the server: one map from above per network, all on one scale."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from normscape.figures.style.palette import SURFACE_COLORSCALE

SIDE = 120  # pixels of a map
GAP = 6
MOST_MAPS = 4
MISSING = (128, 128, 140, 90)

_COLORS = np.array([unlabel_rgb(one) for one in sample_colorscale(SURFACE_COLORSCALE, np.linspace(0, 1, 256))])


def thumbnail_png(losses: Sequence[np.ndarray]) -> bytes | None:
    """Return maps of the loss side by side as a transparent PNG, None if no value is finite.

    Colors are logarithmic if all values are positive. At most four maps are drawn; missing points are gray.

    Args:
        losses: (B, A) each, the first row at the bottom.
    """
    shown = losses[:MOST_MAPS]
    finite = np.concatenate([values[np.isfinite(values)] for values in shown]) if shown else np.zeros(0)
    if not finite.size:
        return None
    positive = finite.min() > 0
    low, high = (np.log10(finite.min()), np.log10(finite.max())) if positive else (finite.min(), finite.max())
    picture = Image.new("RGBA", (len(shown) * (SIDE + GAP) - GAP, SIDE), (0, 0, 0, 0))
    for number, values in enumerate(shown):
        with np.errstate(divide="ignore", invalid="ignore"):
            heights = np.log10(values) if positive else values
        # between points heights are interpolated, not colors; missing points stay as large as they are
        method = Image.Resampling.BILINEAR if np.isfinite(heights).all() else Image.Resampling.NEAREST
        fine = Image.fromarray(heights[::-1].astype(np.float32)).resize((SIDE, SIDE), method)
        colors = Image.fromarray(_colored(np.asarray(fine), float(low), float(high)))
        picture.paste(colors, (number * (SIDE + GAP), 0))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _colored(heights: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the colors of heights (B, A, 4), uint8."""
    share = (heights - low) / (high - low) if high > low else np.zeros_like(heights)
    index = np.clip(np.nan_to_num(255 * share), 0, 255).astype(np.uint8)
    colors = np.concatenate([_COLORS[index], np.full((*heights.shape, 1), 255.0)], axis=2)
    colors[~np.isfinite(heights)] = MISSING
    return colors.astype(np.uint8)
