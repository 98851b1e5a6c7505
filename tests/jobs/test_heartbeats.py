"""Heartbeats: silence is what was seen of it, so that a reader that pauses suspects nobody."""

import pytest

from normscape.jobs.workers.heartbeats import MAX_GAP_SECONDS, SILENT_SECONDS, Heartbeats


def test_a_worker_without_heartbeats_is_silent_until_the_next_one() -> None:
    heartbeats, silent = Heartbeats(), []
    for second in range(31):
        seen = {"well": 100.0 + second, "hung": 100.0 + min(second, 5) + 10 * (second > 27)}
        silent.append(heartbeats.silent(seen, float(second)))
    first = 5 + int(SILENT_SECONDS)
    assert silent[:first] == [frozenset()] * first
    assert silent[first:28] == [frozenset({"hung"})] * (28 - first)
    assert silent[28] == frozenset()


@pytest.mark.parametrize("pause", [60.0, 86400.0])
def test_a_reader_that_pauses_suspects_nobody(pause: float) -> None:
    heartbeats = Heartbeats()
    heartbeats.silent({"a": 1.0}, 0.0)
    assert heartbeats.silent({"a": 1.0}, pause) == frozenset()
    assert MAX_GAP_SECONDS < SILENT_SECONDS
    assert heartbeats.silent({"a": 2.0}, pause + 1) == frozenset()


def test_a_worker_that_is_gone_is_forgotten() -> None:
    heartbeats = Heartbeats()
    for second in range(20):
        heartbeats.silent({"a": 1.0}, float(second))
    assert heartbeats.silent({}, 20.0) == frozenset()
    assert heartbeats.silent({"a": 1.0}, 21.0) == frozenset()
