"""How the points of a surface are given to workers: each once, and so that all workers end together."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normscape.jobs import Job
from normscape.jobs.partition import Points
from normscape.jobs.store.files import Contents
from normscape.landscape.measurement import Piece
from tests.flat import surface_spec
from tests.landscape.networks import small_run

SECONDS = 0.003  # of one point


def points(alpha: int, beta: int) -> Points:
    return Points(Job("surface", small_run("batch"), surface_spec(points_alpha=alpha, points_beta=beta)))


def ended(piece: Piece, seconds: float, parts: Points) -> None:
    parts.add(piece, Contents({"loss": np.arange(piece.first, piece.last, dtype=float)}, {}), seconds)


def evaluations(piece: Piece, row: int, known: set[int]) -> int:
    """Count what a worker evaluates for a piece: points and their left and lower neighbours, but for what it knows."""
    wanted = set(range(piece.first, piece.last))
    left = {point - 1 for point in wanted if point % row}
    below = {point - row for point in wanted if point >= row}
    new = (wanted | left | below) - known
    known |= new
    return len(new)


def simulated(side: int, workers: int) -> tuple[float, int]:
    """Let workers of one speed do all pieces; return when the last one ends, and how much all evaluated."""
    parts, known = points(side, side), {str(number): set[int]() for number in range(workers)}
    free: list[tuple[float, str]] = [(0.0, worker) for worker in known]
    last, total = 0.0, 0
    while free:
        time, worker = heapq.heappop(free)
        last = max(last, time)
        if (piece := parts.next(worker)) is not None:
            count = evaluations(piece, side, known[worker])
            total += count
            heapq.heappush(free, (time + count * SECONDS, worker))
            ended(piece, count * SECONDS, parts)
    assert parts.result() is not None
    return last / SECONDS, total


@pytest.mark.parametrize("side", [33, 34, 65])
def test_one_worker_evaluates_every_point_once(side: int) -> None:
    assert simulated(side, 1) == (pytest.approx(side**2), side**2)


@pytest.mark.parametrize(("side", "workers"), [(33, 2), (34, 2), (65, 2), (65, 4)])
def test_workers_end_together_and_evaluate_little_twice(side: int, workers: int) -> None:
    last, total = simulated(side, workers)
    best = (side**2 + (workers - 1) * side) / workers  # every worker but one starts above a row that it does not know
    assert best <= last <= best + workers**2
    assert total <= last * workers


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=200))
def test_every_point_is_taken_once_whoever_takes_and_loses_what(
    alpha: int, beta: int, moves: list[tuple[int, bool]]
) -> None:
    parts = points(alpha, beta)
    taken = np.zeros(alpha * beta, dtype=int)
    for worker, lost in [*moves, *((0, False),) * (alpha * beta)]:
        if (piece := parts.next(str(worker))) is None:
            continue
        assert (taken[piece.first : piece.last] == 0).all()
        if lost:
            parts.give_back(piece)
        else:
            taken[piece.first : piece.last] = 1
            ended(piece, 0.1, parts)
    result = parts.result()
    assert result is not None
    np.testing.assert_array_equal(result.arrays["loss"], np.arange(alpha * beta))
