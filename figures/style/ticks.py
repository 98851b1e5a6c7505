"""Ticks of linear and logarithmic axes, labeled with plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

FEWEST, MOST = 3, 7

_LOG_STEPS = ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0))
"""Mantissas of logarithmic ticks, from few to many."""

_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPTS = str.maketrans("-0123456789", _RAISED)


def ticks(low: float, high: float, scale: str) -> tuple[list[float], list[str]]:
    """Return the ticks of an axis from `low` to `high`, in the units of the quantity, and their labels.

    If a logarithmic axis needs a power of ten, all its ticks below 0.1 and from 100 are powers: 0.1, 1, 10, 10², 10⁴.
    """
    positions = _log_ticks(low, high) if scale == "log" else _linear_ticks(low, high)
    texts = [number_text(position) for position in positions]
    if scale == "log" and any(set(text) & set(_RAISED) for text in texts):
        texts = [
            _power(position) if not 0.1 <= abs(position) < 100 else number_text(position) for position in positions
        ]
    return positions, texts


def number_text(value: float) -> str:
    """Format a tick as a plain number: 0.002, 5, 20000; powers of ten beyond that, 3·10⁻⁵."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}"
    return _power(value)


def _power(value: float) -> str:
    """Format a number as a power of ten, with a factor in front if it is not 1."""
    mantissa, exponent = f"{value:.5e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if float(mantissa) == 1 else f"{float(mantissa):g}·{power}"


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / MOST))
    for mantissas in _LOG_STEPS:
        powers = range(first - first % stride, last + 1, stride if len(mantissas) == 1 else 1)
        positions = [round(m * 10.0**k, 12 - k) for k in powers for m in mantissas]
        inside = [position for position in positions if low * (1 - 1e-9) <= position <= high * (1 + 1e-9)]
        if len(inside) >= FEWEST:
            return inside
    return _far_apart(_linear_ticks(low, high), low, high)


def _far_apart(positions: list[float], low: float, high: float) -> list[float]:
    """Return those of evenly spaced ticks that are far enough apart on a logarithmic axis for their labels."""
    kept: list[float] = []
    for position in positions:
        if position > 0 and (not kept or math.log(position / kept[-1]) >= math.log(high / low) / MOST):
            kept.append(position)
    return kept


def _linear_ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / MOST
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [_rounded(k * step, step) for k in range(first, last + 1)]


def _rounded(value: float, step: float) -> float:
    return round(value, max(0, 2 - math.floor(math.log10(step))))


def positive_or_nan(values: np.ndarray, above: float = 0.0) -> np.ndarray:
    """Return values that a logarithmic axis can show; nan where they are not finite or at most `above`."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(values) & (values > above), values, np.nan)


def log_axis(columns: Iterable[np.ndarray], margin: float = 1.2) -> dict[str, Any]:
    """Return a logarithmic axis over all finite positive values, with plain numbers.

    Args:
        columns: arrays of values, of any shape.
        margin: factor by which the axis extends beyond the smallest and the largest value.
    """
    values = np.concatenate([np.ravel(column) for column in columns] or [np.zeros(0)])
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return {"type": "log"}
    low, high = float(values.min()) / margin, float(values.max()) * margin
    positions, texts = ticks(low, high, "log")
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": positions, "ticktext": texts}
