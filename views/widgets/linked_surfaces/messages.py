"""What the browser reports of the linked surfaces: it may send anything, so every message is checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st

from normscape.specs.display import Camera

KEY = "linked-surfaces"

MAX_SURFACES = 8
"""Surfaces that are drawn in three dimensions: browsers drop the oldest of more than 16 WebGL contexts."""

_PNG = "data:image/png;base64,"
_MAX_LENGTH = 30_000_000  # characters of one rendered surface: more than a browser renders at the widths on offer


@dataclass(frozen=True)
class Renders:
    """What the browser rendered for a picture that the user saves."""

    width: int  # of the whole picture, pixels
    shape: str  # "16:9", "square", or empty
    numbers: bool  # whether it has a table of key numbers
    images: Mapping[str, bytes]  # PNG of every surface, by label


def reported_camera() -> Camera | None:
    """Return the camera that the browser reported last, None if the user has not turned the surfaces."""
    return cast("Camera | None", _numbers(_state("camera"), 6))


def clicked_point() -> tuple[float, float] | None:
    """Return the point (α, β) that was clicked last, None if there is none."""
    return cast("tuple[float, float] | None", _numbers(_state("point"), 2))


def requested_metric_step() -> int:
    """Return 1 for the next metric, -1 for the previous one, 0 if the user requested none."""
    step = _state("metric")
    return int(step) if step in (1, -1) else 0


def received_renders() -> Renders | None:
    """Return what the browser rendered for a picture, None if it sent nothing valid."""
    message = _state("picture")
    if not isinstance(message, Mapping):
        return None
    images, width, shape = (message.get(name) for name in ("images", "width", "shape"))
    if not isinstance(images, Mapping) or len(images) > MAX_SURFACES or not isinstance(width, int):
        return None
    try:
        pngs = {str(label): _png(text) for label, text in images.items()}
        return Renders(width, str(shape or ""), message.get("numbers") is not False, pngs)
    except ValueError:
        return None


def _png(text: Any) -> bytes:
    """Decode a PNG from the browser, which may send anything.

    Raises:
        ValueError: it is not the data URL of a PNG, or it is too long.
    """
    if not isinstance(text, str) or not text.startswith(_PNG) or len(text) > _MAX_LENGTH:
        raise ValueError("not the data URL of a PNG")
    try:
        return base64.b64decode(text.removeprefix(_PNG), validate=True)
    except binascii.Error as error:
        raise ValueError("not the data URL of a PNG") from error


def _state(name: str) -> Any:
    return getattr(st.session_state.get(KEY), name, None)


def _numbers(message: Any, count: int) -> tuple[float, ...] | None:
    """Return a list of so many numbers as a tuple, None for anything else, since a browser may send anything."""
    if not isinstance(message, list) or len(message) != count:
        return None
    return tuple(map(float, message)) if all(isinstance(value, int | float) for value in message) else None
