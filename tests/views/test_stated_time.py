"""The stated time left is an upper bound, and does not climb while it holds."""

from __future__ import annotations

import pytest
import streamlit as st

from normscape.views.session.stated_time import bound, stated


@pytest.mark.parametrize(("seconds", "expected"), [(3, 5), (12, 15), (14, 20), (50, 60), (1000, 1320), (6000, 7200)])
def test_an_estimate_is_rounded_up(seconds: float, expected: float) -> None:
    assert bound(seconds) == expected


def test_a_bound_stays_while_it_holds_and_rises_only_when_it_does_not() -> None:
    assert bound(30, 30) == 30
    assert bound(31, 30) == 40
    assert bound(25, 30) == 30
    assert bound(15, 30) == 20
    assert bound(30, 30) < bound(30.1, 30)


def test_neither_bound_nor_share_goes_back_until_the_request_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    shown = [stated("a", seconds, share) for seconds, share in ((26.0, 0.2), (29.0, 0.1), (25.0, 0.5))]
    assert shown == [(30, 0.2), (30, 0.2), (30, 0.5)]
    assert stated("b", None, 0.3) == (None, 0.3)
    stated("a", 1.0, 1.0, finished=True)
    assert stated("a", 3.0, 0.1) == (5, 0.1)
