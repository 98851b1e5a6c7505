"""Numbers as text for tables and sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable

MISSING = "n/a"
PENDING = "…"

KIBIBYTE, MEBIBYTE, GIBIBYTE = 2**10, 2**20, 2**30

MINUS = "\N{MINUS SIGN}"

ABOUT_EQUAL = 1.1
"""Two numbers whose quotient is below this count as about equal; their change is stated in percent."""

WRITTEN_OUT = 1e9
"""Numbers below this are written out."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """Format a number with a few significant digits; NaN is "n/a", and ±∞ is "infinite".

    Numbers from 0.0001 to a billion are written out: 850 and 4,400,000. Others have a power of ten: 1.5·10⁻⁵.
    """
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else "infinite"
    text = f"{value:.{digits}g}"
    if "e" not in text:
        return text.replace("-", MINUS)
    if 1 <= abs(float(text)) < WRITTEN_OUT:
        return f"{float(text):,.0f}".replace("-", MINUS)
    mantissa, exponent = text.replace("-", MINUS, text.startswith("-")).split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa}·{power}"


def three_digits(value: float) -> str:
    """Format a number with three significant digits, the last of them zero or not: 0.170, beside 0.429."""
    text = number(value)
    padded = f"{value:#.3g}"
    return (
        padded.rstrip(".").replace("-", MINUS)
        if value and text[-1:].isdigit() and "e" not in padded and "·" not in text
        else text
    )


def sign(one: float | None, other: float | None) -> int | None:
    """Return -1 if the first number is smaller, 1 if larger, 0 if about equal, None if one of them is not positive."""
    if one is None or other is None or not (one > 0 and other > 0):
        return None
    return 0 if max(one / other, other / one) < ABOUT_EQUAL else (-1 if one < other else 1)


def times(one: float, other: float) -> str:
    """Return the larger of two numbers in units of the smaller: "2.5×"."""
    return f"{number(max(one / other, other / one), 2)}×"


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


def used_of(used: int, limit: int) -> str:
    """Format how many bytes are used: "1.4 of 5 GiB", or "23 MiB of 5 GiB" for less than a tenth of a GiB."""
    most = f"{limit / GIBIBYTE:.3g} GiB"
    if used < MEBIBYTE:
        return f"{used / KIBIBYTE:.0f} KiB of {most}"
    if used < GIBIBYTE / 10:
        return f"{used / MEBIBYTE:.0f} MiB of {most}"
    return f"{used / GIBIBYTE:.1f} of {most}"


def unbroken(text: str) -> str:
    """Return a text whose lines do not break before a percent sign."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
