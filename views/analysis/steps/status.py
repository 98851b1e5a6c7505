"""What a measurement says about a step of the argument: how well it holds, if it is judged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

Status = Literal["holds", "loose", "fails", "undefined", "unjudged"]

CHIPS: Mapping[Status, str] = {
    "holds": ":green[**✓**]",
    "loose": ":orange[**≈**]",
    "fails": ":red[**✗**]",
    "undefined": ":gray[**–**]",
    "unjudged": ":gray[**○**]",
}
"""Markdown of every status."""

MEANING = "✓ holds · ≈ holds loosely · ✗ fails · – does not apply · ○ measured, not judged"


def graded(value: float, holds: float, loose: float) -> Status:
    """Return the status of a number that holds up to one limit and holds loosely up to another; NaN is undefined."""
    if math.isnan(value):
        return "undefined"
    return "holds" if value <= holds else "loose" if value <= loose else "fails"
