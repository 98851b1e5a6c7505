"""The time left and the finished share as pages state them: a rounded upper estimate that does not climb.

An estimate from a few pieces rises and falls with the load of the machine. A bound that still holds stays.
"""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

BOUNDS = (
    *(5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 120, 180, 240, 300, 360, 420, 480, 540, 600, 720, 900, 1080, 1320, 1620),
    *(1980, 2400, 3000, 3600, 4500, 5400),
)
"""Seconds that are stated; above the last, whole hours."""

MARGIN = 1.1
"""An estimate may be this much too low before the stated bound has to be raised."""

_STATE = "stated-times"


class Stated(NamedTuple):
    """What a page stated of a request last."""

    seconds: float | None = None
    share: float = 0.0


def bound(seconds: float, before: float | None = None) -> float:
    """Return the smallest bound above an estimate with its margin, or the bound that was stated before if it holds.

    Args:
        seconds: the estimate of the time left.
        before: the bound that was stated last, None if there was none.
    """
    wanted = MARGIN * seconds
    found = next((one for one in BOUNDS if wanted <= one), 3600 * -(-wanted // 3600))
    return before if before is not None and seconds <= before < found else found


def stated(key: str, seconds: float | None, share: float, *, finished: bool = False) -> Stated:
    """Return the bound on the time left of a request and its finished share, and keep them for the session.

    Neither the bound, as long as it holds, nor the share goes back.

    Args:
        key: of the request.
        seconds: the estimate, None if it is unknown.
        share: the finished share, in [0, 1].
        finished: whether nothing is left, so that a repetition begins anew.
    """
    known: dict[str, Stated] = st.session_state.setdefault(_STATE, {})
    before = known.pop(key, Stated())
    now = Stated(None if seconds is None else bound(seconds, before.seconds), max(share, before.share))
    if not finished:
        known[key] = now
    return now
