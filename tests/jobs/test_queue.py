"""The queue: nothing is lost, nothing is done twice, and what comes back is what a plain loop gives, bit by bit."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normscape.jobs import Job, Queue, Request, Stage
from normscape.jobs.job import Job as _Job
from normscape.jobs.request import from_written, written
from normscape.jobs.workers.cluster import Cluster
from normscape.landscape import configure_process, measure_sharpness, measure_surface, objective_of, train
from normscape.landscape.surface import levels
from normscape.specs import GridSpec
from tests.conftest import ROOT
from tests.flat import surface_spec
from tests.jobs.conftest import question, settings_at
from tests.landscape.networks import small_run

LONG = {"surface": {"samples": 60}, "steps": 20}


def finished(queue: Queue, request: Request, seconds: float = 120) -> None:
    wait(lambda: queue.over(request), seconds)
    states = {queue.look(job).state for job in request.jobs}
    assert states <= {"finished", "waiting"}, [queue.look(job).error for job in request.jobs]


def wait(until: Callable[[], bool], seconds: float = 60) -> float:
    begin = time.monotonic()
    while not until():
        assert time.monotonic() - begin < seconds, "it took too long"
        time.sleep(0.01)
    return time.monotonic() - begin


def arrays_of(queue: Queue, request: Request) -> dict[str, bytes]:
    """Every array of every result, bit by bit."""
    found = {}
    for number, job in enumerate(request.jobs):
        contents = queue.store.get(job.key)
        if contents is not None:
            found |= {f"{number} {job.kind} {name}": array.tobytes() for name, array in contents.arrays.items()}
    return found


def test_what_comes_back_is_what_a_plain_loop_gives(shared: Queue) -> None:
    request = question(side=9)
    shared.ask(request, "one")
    finished(shared, request)
    configure_process(threads=1)
    for job in request.jobs:
        result = shared.result(job)
        if job.kind == "run":
            here = train(job.run)
            assert [c.step for c in here.checkpoints] == [c.step for c in result.checkpoints]
            for a, b in zip(here.checkpoints, result.checkpoints, strict=True):
                assert all(a.tensors[name].tobytes() == b.tensors[name].tobytes() for name in a.tensors)
        if job.kind == "surface":
            surface = measure_surface(train(job.run), job.question)
            assert result["loss"].tobytes() == surface.loss.tobytes()
            away = surface.step > 0
            np.testing.assert_array_equal(
                result["ratio"].reshape(away.shape)[away], surface.gradient_change_ratio[away]
            )
            np.testing.assert_array_equal(result["across"].reshape(away.shape)[:, 1:], surface.across)
            assert result["evaluated"].all()
    assert list((shared.store.folder / "claims").iterdir()) == []  # nothing is left of who worked on what


def test_single_pieces_are_the_plain_functions(shared: Queue) -> None:
    run = small_run("batch")
    spec = surface_spec(points_alpha=3, points_beta=3, checkpoint=20)
    jobs = tuple(Job.about(kind, run, spec) for kind in ("sharpness", "direct-loss", "numerics"))
    request = Request("three", (Stage((Job("run", run),)), Stage(jobs)))
    shared.ask(request, "one")
    finished(shared, request)
    configure_process(threads=1)
    objective = objective_of(train(run), spec.evaluation)
    assert shared.result(jobs[0]).value == pytest.approx(measure_sharpness(objective).value, rel=1e-9)
    assert shared.result(jobs[1]) == pytest.approx(objective.loss(objective.theta).item(), rel=1e-6)
    assert len(shared.result(jobs[2])) == 5


def test_refining_ends_at_the_accuracy_that_is_asked_for_and_errors_are_measured(shared: Queue) -> None:
    near = {"range_alpha": (-0.1, 0.1), "range_beta": (-0.1, 0.1)}
    request = question(side=33, accuracy=0.1, seed=1, activation="tanh", surface=near)
    shared.ask(request, "one")
    finished(shared, request)
    numbers = [k for k, stage in enumerate(request.stages) if stage.refines]
    errors = [shared.errors(request, k) for k in numbers[1:]]
    done = [all(shared.look(job).state == "finished" for job in request.stages[k].jobs) for k in numbers]
    last = done.index(False) if False in done else len(done)
    assert last < len(done), "a tenth of the scale needs no 33 x 33 points"
    worst = [max(error["loss"], error["ratio"]) for error in errors[: last - 1]]
    assert worst[-1] <= 0.1
    assert all(error > 0.1 for error in worst[:-1])
    # the level before, between its points, against the next one's own values
    assert errors[0]["loss"] > errors[last - 2]["loss"]


def test_two_sessions_that_ask_the_same_share_one_computation(shared: Queue) -> None:
    request = question(side=5, seed=2)
    sent: list[str] = []
    submit = shared.loop.cluster.submit

    def counted(job: _Job, piece, worker, stop, material):
        sent.append(f"{job.kind} {piece}")
        return submit(job, piece, worker, stop, material)

    shared.loop.cluster.submit = counted
    try:
        shared.ask(request, "one")
        shared.ask(request, "two")
        finished(shared, request)
        shared.ask(request, "three")
        finished(shared, request)
    finally:
        shared.loop.cluster.submit = submit
    points = 2 * (9 + 25)
    covered = [piece for piece in sent if "points" in piece]
    assert len(covered) == len(set(zip(covered, range(len(covered)), strict=True)))
    assert sum(shared.look(job).done for job in request.jobs if job.kind == "surface") == points
    assert len([piece for piece in sent if piece.startswith("plane")]) == 2


def test_a_result_outlives_the_queue_and_is_not_computed_again(shared: Queue) -> None:
    request = question(side=5)
    shared.ask(request, "one")
    finished(shared, request)
    bits = arrays_of(shared, request)
    nobody = Queue(settings_at(shared.store.folder), connect=_nobody)
    nobody.ask(request, "two")
    finished(nobody, request)
    assert arrays_of(nobody, request) == bits
    nobody.close()


def _nobody(_):
    raise OSError("there are no workers in this test")


def test_without_workers_the_trouble_is_said(tmp_path: Path) -> None:
    queue = Queue(settings_at(tmp_path), connect=_nobody)
    queue.ask(question(side=3), "one")
    wait(lambda: queue.trouble is not None, 5)
    assert "no workers in this test" in queue.trouble
    queue.close()


def test_a_full_disk_fails_with_its_message_and_work_goes_on_when_there_is_space_again(
    shared: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = question(side=5, seed=21)
    workers = set(pids_of(shared))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("normscape.jobs.store.files.os.replace", full)
    shared.ask(request, "one")
    wait(lambda: shared.over(request))
    failed = [shared.look(job) for job in request.jobs if shared.look(job).state == "failed"]
    assert failed
    assert all("NORMSCAPE_HOME" in str(status.error) for status in failed)
    monkeypatch.undo()
    shared.try_again(request)
    shared.ask(request, "one")
    finished(shared, request)
    assert set(pids_of(shared)) == workers
    assert shared.trouble is None


def long_question() -> Request:
    return question(side=17, seed=3, **LONG)


@pytest.fixture(scope="module")
def undisturbed(shared: Queue) -> dict[str, bytes]:
    """The long question's answer where nothing was killed."""
    request = long_question()
    shared.ask(request, "one")
    finished(shared, request)
    return arrays_of(shared, request)


@pytest.mark.slow
def test_a_killed_worker_costs_its_pieces_in_flight_and_nothing_else(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    request, storm = long_question(), opened(tmp_path)
    storm.ask(request, "one")
    last = request.stages[-1].jobs
    wait(lambda: sum(storm.look(job).done for job in last) > 20)
    for _ in range(2):
        os.kill(pids_of(storm)[0], signal.SIGKILL)
        time.sleep(0.5)
    finished(storm, request)
    assert arrays_of(storm, request) == undisturbed


@pytest.mark.slow
def test_a_killed_engine_is_started_again_and_nothing_is_lost(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    request, storm = long_question(), opened(tmp_path)
    storm.ask(request, "one")
    last = request.stages[-1].jobs
    wait(lambda: sum(storm.look(job).done for job in last) > 20)
    before = sum(storm.look(job).done for job in last)
    workers = pids_of(storm)
    os.kill(storm.loop.cluster._engine.pid, signal.SIGKILL)
    wait(lambda: not any(alive(pid) for pid in workers), 10)
    assert sum(storm.look(job).done for job in last) >= before
    finished(storm, request)
    assert arrays_of(storm, request) == undisturbed


@pytest.mark.slow
def test_a_killed_app_leaves_no_process_and_its_work_goes_on_at_the_next_start(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    request = long_question()
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from tests.jobs.conftest import settings_at\n"
        "from tests.jobs.test_queue import long_question, pids_of\n"
        "from jobs import Queue\n"
        "queue = Queue(settings_at(Path(sys.argv[1])))\n"
        "request = long_question()\n"
        "queue.ask(request, 'one')\n"
        "while sum(queue.look(job).done for job in request.stages[-1].jobs) < 20: time.sleep(0.01)\n"
        "print(*pids_of(queue), queue.loop.cluster._engine.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    processes = [int(pid) for pid in app.stdout.readline().split()]
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    assert processes
    wait(lambda: not any(alive(pid) for pid in processes), 10)
    kept = list((tmp_path / "pieces").rglob("*.safetensors"))
    assert kept
    again = opened(tmp_path)  # nobody asks: the request is in the store
    assert [asked.request.key for asked in again.asked()] == [request.key]
    assert sum(again.look(job).done for job in request.stages[-1].jobs) >= 20
    finished(again, request)
    assert arrays_of(again, request) == undisturbed
    assert not list((tmp_path / "requests").glob("*.json"))


def test_a_cancelled_request_stops_within_a_second_and_can_be_asked_again(shared: Queue) -> None:
    request = question(side=65, seed=5)
    shared.ask(request, "one")
    last = request.stages[-1].jobs
    wait(lambda: any(shared.look(job).done > 10 for job in last))
    shared.cancel(request.key, "one")
    assert {shared.look(job).state for job in last} <= {"cancelled", "finished"}
    took = wait(lambda: not any(work.flights for work in shared.board.works.values()), 3)
    assert took < 1.5
    time.sleep(0.3)
    assert not any(work.flights for work in shared.board.works.values())
    kept = {job.key: len(shared.store.pieces(job.key)) for job in last}
    assert any(kept.values())
    shared.ask(request, "one")
    wait(lambda: all(shared.look(job).state != "cancelled" for job in last), 5)
    assert any(shared.look(job).done > 0 for job in last)  # what was done is kept
    shared.cancel(request.key, "one")


def test_who_else_waits_keeps_a_request_alive(shared: Queue) -> None:
    request = question(side=9, seed=6)
    shared.ask(request, "one")
    shared.ask(request, "two")
    shared.cancel(request.key, "one")
    finished(shared, request)
    assert all(shared.look(job).state == "finished" for job in request.jobs)


def test_sessions_that_are_gone_do_not_count(shared: Queue) -> None:
    request = question(side=65, seed=7)
    shared.ask(request, "gone")
    shared.ask(request, "here")
    shared.cancel(request.key, "here", present=lambda name: name != "gone")
    assert all(shared.look(job).over for job in request.jobs)


@pytest.mark.slow
def test_the_longest_single_piece_stops_too_and_other_work_survives(
    tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    # one evaluation of many samples in one mini-batch takes seconds and asks nobody in between: its worker is ended
    run = small_run("batch", data={"name": "moons", "size": 9000}, model={"width": 1500, "depth": 6}, steps=0)
    spec = surface_spec(points_alpha=3, points_beta=3, samples=9000, checkpoint=0)
    slow = Request("slow", (Stage((Job("run", run),)), Stage((Job("sharpness", run, spec.evaluation),))))
    other = question(side=17, seed=8)
    queue = opened(tmp_path, workers=1)
    queue.ask(slow, "one")
    wait(lambda: queue.look(slow.jobs[1]).state == "running")
    time.sleep(1.0)
    queue.ask(other, "two")
    queue.cancel(slow.key, "one")
    assert queue.look(slow.jobs[1]).state == "cancelled"
    took = wait(lambda: any(queue.look(job).done for job in other.jobs), 30)
    finished(queue, other)
    assert took < 15  # a new worker has begun


def test_no_worker_is_missed_while_the_client_looks_at_the_scheduler_for_itself(
    shared: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(lambda: shared.ready and len(shared.loop.cluster.workers()) == 2)
    monkeypatch.setattr("normscape.jobs.workers.cluster.STALE", 0.0)
    cluster = Cluster(replace(settings_at(tmp_path), scheduler=shared.loop.cluster._client.scheduler.address))
    there, over = set(shared.loop.cluster.workers()), threading.Event()

    def look() -> None:
        while not over.is_set():
            cluster._client.sync(cluster._client._update_scheduler_info)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        assert all(set(cluster.workers()) == there for _ in range(300))
    finally:
        over.set()
        looking.join()
        cluster.close()


def test_workers_that_were_away_for_a_moment_get_work_again(shared: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    wait(lambda: shared.ready and len(shared.loop.cluster.workers()) == 2)
    cluster, away = shared.loop.cluster, []
    there = cluster.workers

    def seen() -> dict[str, int]:
        found = there()
        if not away and all(shared.loop.busy.get(worker) == pieces + 1 for worker, pieces in found.items()):
            away.append(True)  # while all have all that they may have, so all of it is taken back
            return {}
        return found

    request = question(side=25, seed=22)
    shared.ask(request, "one")
    wait(lambda: any(shared.look(job).done for job in request.stages[-1].jobs))
    monkeypatch.setattr(cluster, "workers", seen)
    finished(shared, request, 30)
    assert away
    assert shared.loop.cluster is cluster


def test_a_failure_is_told_and_keeps_nobody_else_waiting(shared: Queue) -> None:
    bad = replace(small_run("batch"), weights="0" * 64)
    plain = surface_spec(points_alpha=3, points_beta=3)
    request = Request("bad", (Stage((Job("run", bad),)), Stage((Job.about("plane", bad, plain),))))
    shared.ask(request, "one")
    wait(lambda: shared.over(request))
    for job in request.jobs:
        assert shared.look(job).state == "failed"
        assert "no file in" in str(shared.look(job).error)


def test_a_result_that_was_evicted_is_made_again(shared: Queue) -> None:
    request = question(side=3, seed=9)
    shared.ask(request, "one")
    finished(shared, request)
    bits = arrays_of(shared, request)
    for job in request.jobs:
        shared.store.delete(job.key)
    shared._unpacked.clear()
    assert all(shared.result(job) is None for job in request.jobs)
    wait(
        lambda: not any(asked.request.key == request.key for asked in shared.asked())
    )  # whatever else is still to come
    shared.ask(request, "one")
    finished(shared, request)
    assert arrays_of(shared, request) == bits


@pytest.mark.slow
def test_another_process_with_the_same_store_waits_instead_of_working(
    tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    request = question(side=9, seed=10)
    one, other = opened(tmp_path), opened(tmp_path)
    one.ask(request, "one")
    other.ask(request, "two")
    finished(one, request)
    finished(other, request)
    total = sum(
        work.counted for queue in (one, other) for work in queue.board.works.values() if work.job.kind == "surface"
    )
    assert total == 2 * (9 + 25 + 81)


def test_a_request_comes_back_from_what_is_written_of_it() -> None:
    request = question(side=17, accuracy=0.01)
    again = from_written(written(request))
    assert again == request
    assert again.key == request.key
    assert replace(request, title="another", address="/?x=1").key == request.key
    assert replace(request, accuracy=0.02).key != request.key


def test_levels_of_other_sides_are_only_themselves() -> None:
    assert [grid.points for grid in levels(GridSpec())] == [(side, side) for side in (3, 5, 9, 17, 33)]
    assert [grid.points for grid in levels(GridSpec((25, 25)))] == [(25, 25)]
    assert [grid.points for grid in levels(GridSpec((9, 1)))] == [(3, 1), (5, 1), (9, 1)]


def pids_of(queue: Queue) -> list[int]:
    return list(queue.loop.cluster._client.run(os.getpid).values())


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
