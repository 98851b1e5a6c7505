"""Marks on an axis whose positions may be logarithms while its words stay plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

FEWEST, MOST = 3, 7

_LOG_STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0))
"""Mantissas of logarithmic marks, from few to many."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def ticks(low: float, high: float, scale: str) -> tuple[list[float], list[str]]:
    """Return the marks of an axis from `low` to `high`, in the quantity's own units, and their texts."""
    marks = _log_marks(low, high) if scale == "log" else _linear_marks(low, high)
    return marks, [number_text(mark) for mark in marks]


def number_text(value: float) -> str:
    """Write a mark as a plain number: 0.002, 5, 20000; powers of ten beyond that, 3·10⁻⁵."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}"
    mantissa, exponent = f"{value:.5e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if float(mantissa) == 1 else f"{float(mantissa):g}·{power}"


def _log_marks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / MOST))
    for mantissas in _LOG_STEPS:
        powers = range(first - first % stride, last + 1, stride if len(mantissas) == 1 else 1)
        marks = [round(m * 10.0**k, 12 - k) for k in powers for m in mantissas]
        inside = [mark for mark in marks if low * (1 - 1e-9) <= mark <= high * (1 + 1e-9)]
        if len(inside) >= FEWEST:
            return inside
    return _linear_marks(low, high)


def _linear_marks(low: float, high: float) -> list[float]:
    rough = (high - low) / MOST
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [_rounded(k * step, step) for k in range(first, last + 1)]


def _rounded(value: float, step: float) -> float:
    return round(value, max(0, 2 - math.floor(math.log10(step))))


def log_axis(columns: Iterable[np.ndarray], room: float = 1.2) -> dict[str, Any]:
    """Return a logarithmic axis over all finite positive values, with plain numbers.

    Args:
        columns: of values.
        room: factor that is left free beyond the smallest and the largest.
    """
    values = np.concatenate([np.ravel(column) for column in columns] or [np.zeros(0)])
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return {"type": "log"}
    low, high = float(values.min()) / room, float(values.max()) * room
    marks, texts = ticks(low, high, "log")
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": marks, "ticktext": texts}
