"""Surfaces that turn once around: GIF for slides and posts, APNG with full color."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from normscape.exports.drawings.surfaces import surfaces_file
from normscape.figures.comparison import Comparison
from normscape.specs.display import CAMERA

FRAMES, SECONDS = 36, 4.0
"""Of one turn."""

WIDTH = 1200
"""Pixels."""

FORMATS = ("gif", "apng")


def rotation(comparison: Comparison, *, format: str, caption: str, frames: int = FRAMES) -> bytes:
    """Return all surfaces turning around the height axis, as often as the viewer likes.

    Each frame is drawn anew, about half a second each.

    Args:
        comparison: the surfaces, in the light theme.
        format: "gif" or "apng".
        caption: one line on how they were measured.
        frames: of a turn, at least 2.

    Raises:
        ValueError: the format is unknown, or there are fewer than 2 frames.
    """
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}; it must be one of {', '.join(FORMATS)}")
    if frames < 2:
        raise ValueError(f"frames is {frames}; a turn has at least 2")
    first, *others = (_frame(comparison, caption, turned(CAMERA, k / frames)) for k in range(frames))
    buffer = io.BytesIO()
    duration = round(1000 * SECONDS / frames)
    kind = {"gif": "GIF", "apng": "PNG"}[format]
    first.save(buffer, kind, save_all=True, append_images=others, duration=duration, loop=0)
    return buffer.getvalue()


def turned(camera: Sequence[float], turns: float) -> tuple[float, ...]:
    """Return a camera, as `Display.camera`, that has gone around the height axis by a number of turns."""
    angle = 2 * np.pi * turns
    x, y, height = (eye - center for eye, center in zip(camera[:3], camera[3:], strict=True))
    moved = (x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), height)
    eye = (float(offset + center) for offset, center in zip(moved, camera[3:], strict=True))
    return (*eye, *camera[3:])


def _frame(comparison: Comparison, caption: str, camera: Sequence[float]) -> Image.Image:
    content = surfaces_file(comparison, format="png", caption=caption, camera=camera)
    image = Image.open(io.BytesIO(content)).convert("RGB")
    return image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
