"""Moments as text, in the time zone of the visitor."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def local(seconds: float) -> datetime:
    """Return a moment in the time zone of the visitor.

    Args:
        seconds: since 1970.
    """
    return datetime.fromtimestamp(seconds, _zone())


def moment(seconds: float) -> str:
    """Return a moment as text: "today at 14:22", "Nov 28 at 14:22", "Nov 28, 2024".

    Args:
        seconds: since 1970.
    """
    then, now = local(seconds), datetime.now(_zone())
    day = f"{then:%b} {then.day}"
    if then.date() == now.date():
        day = "today"
    elif then.year != now.year:
        return f"{day}, {then.year}"
    return f"{day} at {then:%H:%M}"


def _zone() -> tzinfo:
    try:
        return ZoneInfo(str(st.context.timezone))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the browser names none, or one that this machine lacks
        return UTC
