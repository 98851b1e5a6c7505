"""Numbers as text for tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable

MISSING = "n/a"
WRITTEN_OUT = 1e6
PENDING = "…"


def number(value: float, digits: int = 3) -> str:
    """Format a number with a few significant digits; NaN is "n/a", and ±∞ is "infinite".

    Numbers up to a million are written out: 850 and 160,000, not 8.5e+02 and 1.6e+05.
    """
    if math.isnan(value):
        return MISSING
    text = f"{value:.{digits}g}" if math.isfinite(value) else "infinite"
    return f"{float(text):,.0f}" if "e+" in text and abs(value) < WRITTEN_OUT else text


def span(values: Iterable[float]) -> str:
    """Format the smallest and the largest finite value, or the only one if both read the same."""
    finite = [float(value) for value in values if math.isfinite(value)]
    if not finite:
        return MISSING
    low, high = number(min(finite)), number(max(finite))
    return low if low == high else f"{low} to {high}"


def percent(share: float) -> str:
    """Format a share of 1 as a percentage."""
    return MISSING if math.isnan(share) else f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Format an estimated time in seconds, minutes or hours."""
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
