"""Partitions: every point is evaluated once, and all workers end together."""

import heapq
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from normscape.jobs import Job
from normscape.jobs.kinds import KINDS
from normscape.jobs.scheduling.partition import PointsPartition, partition_of, total_of
from normscape.jobs.serialization import deserialize_run, serialize
from normscape.jobs.store.files import Contents
from normscape.landscape import load_data, train
from normscape.landscape.measurement import Piece
from normscape.landscape.paths.bezier import CurveState
from normscape.landscape.training.batches import batch_of
from normscape.specs import ConnectivitySpec, EvaluationSpec
from tests.flat import surface_spec
from tests.landscape.networks import advance, small_run, start

SECONDS = 0.003  # of one point


def test_training_shows_the_loss_of_every_batch_so_far() -> None:
    job = Job("run", small_run("batch", steps=9))
    partition = partition_of(job)
    assert partition.partial() is None
    first = advance(start(job.run), 4)
    partition.add(Piece("steps", 0, 9), serialize(first), 1.0)
    shown = partition.partial()["batch_loss"]
    assert shown.shape == (4,)
    second = advance(first, 5)
    partition.add(Piece("steps", 4, 9), serialize(second), 1.0)
    assert partition.partial()["batch_loss"][:4].tolist() == shown.tolist()
    run = deserialize_run(job.run, partition.result())
    assert run.history.batch_loss.tolist() == train(job.run).history.batch_loss.tolist()
    x, y = batch_of(job.run, load_data(job.run.data), 0)
    loss = torch.nn.functional.cross_entropy(train(job.run).module(0).train()(x), y)
    assert run.history.batch_loss[0] == pytest.approx(loss.item(), rel=1e-6)


def points(alpha: int, beta: int) -> PointsPartition:
    return PointsPartition(Job("surface", small_run("batch"), surface_spec(points_alpha=alpha, points_beta=beta)))


def add(piece: Piece, seconds: float, partition: PointsPartition) -> None:
    partition.add(piece, Contents({"loss": np.arange(piece.first, piece.last, dtype=float)}, {}), seconds)


def evaluations(piece: Piece, row: int, known: set[int]) -> int:
    """Count what a worker evaluates for a piece: points and their left and lower neighbors, but for what it knows."""
    wanted = set(range(piece.first, piece.last))
    left = {point - 1 for point in wanted if point % row}
    below = {point - row for point in wanted if point >= row}
    new = (wanted | left | below) - known
    known |= new
    return len(new)


def simulated(side: int, workers: int) -> tuple[float, int]:
    """Let workers of one speed do all pieces; return when the last one ends, and how much all evaluated."""
    partition, known = points(side, side), {str(number): set[int]() for number in range(workers)}
    free: list[tuple[float, str]] = [(0.0, worker) for worker in known]
    last, total = 0.0, 0
    while free:
        time, worker = heapq.heappop(free)
        last = max(last, time)
        if (piece := partition.take(worker)) is not None:
            count = evaluations(piece, side, known[worker])
            total += count
            heapq.heappush(free, (time + count * SECONDS, worker))
            add(piece, count * SECONDS, partition)
    assert partition.result() is not None
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
def test_every_point_is_evaluated_once_whichever_pieces_are_lost(
    alpha: int, beta: int, moves: list[tuple[int, bool]]
) -> None:
    partition = points(alpha, beta)
    taken = np.zeros(alpha * beta, dtype=int)
    for worker, lost in [*moves, *((0, False),) * (alpha * beta)]:
        if (piece := partition.take(str(worker))) is None:
            continue
        assert (taken[piece.first : piece.last] == 0).all()
        if lost:
            partition.put_back(piece)
        else:
            taken[piece.first : piece.last] = 1
            add(piece, 0.1, partition)
    result = partition.result()
    assert result is not None
    np.testing.assert_array_equal(result.arrays["loss"], np.arange(alpha * beta))


def test_points_are_read_only_copies_that_later_pieces_leave_alone() -> None:
    partition = points(3, 3)
    first, second = partition.take("one"), partition.take("two")
    assert first is not None
    assert second is not None
    add(first, 0.1, partition)
    before = partition.partial()
    copies = {name: array.copy() for name, array in before.items()}
    add(second, 0.1, partition)
    assert partition.partial()["evaluated"].sum() > before["evaluated"].sum() == first.last - first.first
    for name, array in before.items():
        np.testing.assert_array_equal(array, copies[name])
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_total_of_a_job_is_that_of_its_partition(kind: str) -> None:
    job = Job.about(kind, small_run("batch"), surface_spec(points_alpha=3, points_beta=5, checkpoint=20))
    assert total_of(job) == partition_of(job).total


def test_a_curve_is_a_chain_of_steps_and_a_measurement() -> None:
    run, other = small_run("batch"), small_run("batch", seed=1)
    question = ConnectivitySpec(EvaluationSpec(), (other,), curve="bezier", curve_steps=9)
    job = Job("connectivity", run, question)
    partition = partition_of(job)
    assert (partition.completed, partition.total, total_of(job)) == (0, 10, 10)
    first = partition.take("a")
    assert first == Piece("steps", 0, 9)
    assert partition.take("b") is None  # each piece starts where the one before it ends
    partition.put_back(first)
    assert partition.take("b") == first

    def state(step: int) -> Contents:
        return serialize(CurveState(step, np.zeros(3), np.ones(3), np.zeros(step)))

    assert partition.add(first, state(4), 1.0) == "state"
    assert partition.take("a") == Piece("steps", 4, 9)
    again = partition_of(job)
    again.restore({"state": state(9)})
    assert (again.completed, again.result()) == (9, None)
    last = again.take("a")
    assert last == Piece("whole")
    assert again.add(last, Contents({}, {"result": {}}), 1.0) == ""
    assert again.completed == again.total
    assert again.result() == Contents({}, {"result": {}})
    segment = partition_of(Job("connectivity", run, replace(question, curve="segment")))
    assert (segment.take("a"), segment.total) == (Piece("whole"), 1)
