"""Surfaces that turn once around, as an animation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from normscape.exports.animation import animation, check_format, reported
from normscape.exports.drawings.surfaces import surfaces_file
from normscape.figures.comparison import Comparison
from normscape.landscape.measurement import Progress
from normscape.specs.display import CAMERA

FRAMES, SECONDS = 36, 4.0
"""Of one turn."""


def rotation(
    comparison: Comparison, *, format: str, caption: str, frames: int = FRAMES, on_progress: Progress | None = None
) -> bytes:
    """Return all surfaces turning around the height axis, as often as the viewer likes.

    Each frame is drawn anew, about half a second each.

    Args:
        comparison: the surfaces, in the light theme.
        format: "gif" or "apng".
        caption: one line on how they were measured.
        frames: of a turn, at least 2.
        on_progress: gets the numbers of drawn and of all frames.

    Raises:
        ValueError: the format is unknown, or there are fewer than 2 frames.
    """
    check_format(format)
    if frames < 2:
        raise ValueError(f"frames is {frames}; a turn has at least 2")
    pictures = (
        surfaces_file(comparison, format="png", caption=caption, camera=turned(CAMERA, k / frames))
        for k in range(frames)
    )
    return animation(reported(pictures, frames, on_progress), format=format, seconds=[SECONDS / frames] * frames)


def turned(camera: Sequence[float], turns: float) -> tuple[float, ...]:
    """Return a camera, as `Display.camera`, that has gone around the height axis by a number of turns."""
    angle = 2 * np.pi * turns
    x, y, height = (eye - center for eye, center in zip(camera[:3], camera[3:], strict=True))
    moved = (x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), height)
    eye = (float(offset + center) for offset, center in zip(moved, camera[3:], strict=True))
    return (*eye, *camera[3:])
