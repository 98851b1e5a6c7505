"""When a page that waits for results is polled and redrawn."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from normscape.jobs import Request
from normscape.views.session import redraws
from normscape.views.session.redraws import Drawn, Milestones, is_outdated, poll_seconds

REQUEST = Request("test", ())
NOTHING, CURVE, LONGER_CURVE, GRID = (
    Milestones((0, 0), (0, 0)),
    Milestones((0, 0), (0, 100)),
    Milestones((0, 0), (0, 120)),
    Milestones((1, 0), (8, 120)),
)


@pytest.fixture(autouse=True)
def queue(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A queue with one waiting session and an unfinished request."""
    queue = SimpleNamespace(waiting_sessions=1, done=lambda request: False)
    monkeypatch.setattr(redraws, "job_queue", lambda: queue)
    return queue


def outdated(drawn: Milestones, now: Milestones, age: float, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Ask it for a page that has waited 200 s."""
    monkeypatch.setattr(redraws, "milestones", lambda request: now)
    return is_outdated(Drawn(0.0, drawn, 0, seconds=3.0, seconds_for_part=20.0), REQUEST, age)


def test_the_first_result_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outdated(NOTHING, CURVE, 1.0, monkeypatch)
    assert not outdated(NOTHING, NOTHING, 100.0, monkeypatch)


def test_a_finished_stage_does_not_wait_for_the_tenth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outdated(LONGER_CURVE, GRID, 2.0, monkeypatch)
    assert outdated(LONGER_CURVE, GRID, 4.0, monkeypatch)


def test_partial_results_are_drawn_at_most_each_tenth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outdated(CURVE, LONGER_CURVE, 19.0, monkeypatch)
    assert outdated(CURVE, LONGER_CURVE, 21.0, monkeypatch)


def test_everything_is_drawn_when_it_is_there(queue: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.done = lambda request: True
    assert outdated(GRID, GRID, 0.0, monkeypatch)


@pytest.mark.parametrize(("waited", "seconds"), [(0, 0.4), (30, 0.4), (100, 1.0), (1000, 2.0)])
def test_polls_become_rarer(waited: float, seconds: float) -> None:
    assert poll_seconds(waited) == pytest.approx(seconds)


def test_polls_of_many_sessions_are_rarer(queue: SimpleNamespace) -> None:
    queue.waiting_sessions = 40
    assert poll_seconds(0) == pytest.approx(6.0)
