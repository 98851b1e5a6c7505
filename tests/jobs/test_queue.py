"""The queue: nothing is lost or computed twice, and results equal those of a plain loop, bit by bit."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from normscape.jobs import Job, Queue, Request, Stage
from normscape.jobs.job_spec import Job as _Job
from normscape.jobs.serialization import abridged_run
from normscape.jobs.staged_request import from_json, to_json
from normscape.jobs.store.files import write
from normscape.jobs.workers.cluster import Cluster, Worker
from normscape.landscape import configure_process, measure_sharpness, measure_surface, objective_of, train
from normscape.landscape.surface import levels
from normscape.specs import GridSpec
from tests.conftest import ROOT
from tests.flat import surface_spec
from tests.jobs.conftest import settings_at, small_request
from tests.landscape.networks import small_run

LONG = {"surface": {"samples": 60}, "steps": 20}


def finished(queue: Queue, request: Request, seconds: float = 300) -> None:
    wait(lambda: queue.done(request), seconds)
    states = {queue.status(job).state for job in request.jobs}
    assert states <= {"finished", "waiting"}, [queue.status(job).error for job in request.jobs]


def wait(until: Callable[[], bool], seconds: float = 300) -> float:
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


@pytest.mark.slow
def test_results_that_are_shipped_are_not_computed_again_and_serve_as_inputs(shared: Queue, tmp_path: Path) -> None:
    request = small_request(side=3)
    shared.submit(request, "one")
    finished(shared, request)
    shipped, runs = tmp_path / "shipped", request.stages[0].jobs
    for job in request.jobs:
        contents = shared.store.get(job.key)
        contents = abridged_run(contents) if job == runs[0] else contents
        write(shipped / job.key[:2] / f"{job.key}.safetensors", *contents)
    second = Queue(replace(settings_at(tmp_path, workers=1), shipped=shipped))
    second.submit(request, "one")
    finished(second, request)
    weights = {name for name in arrays_of(shared, request) if "run checkpoint/" in name}
    expected = {name: data for name, data in arrays_of(shared, request).items() if not name.startswith("0 run check")}
    shown = arrays_of(second, request)
    assert weights
    assert {name: data for name, data in shown.items() if not name.startswith("0 run check")} == expected
    assert [c.step for c in second.result(runs[0]).checkpoints] == [c.step for c in shared.result(runs[0]).checkpoints]
    assert second.store.entries() == ()
    further = Request(
        "λ_max",
        (Stage(runs), Stage(tuple(Job.about("sharpness", job.run, request.jobs[-1].question) for job in runs))),
    )
    second.submit(further, "one")
    finished(second, further)
    assert all(second.result(job).converged for job in further.stages[1].jobs)
    assert {entry.key for entry in second.store.entries()} == {
        runs[0].key,
        *(job.key for job in further.stages[1].jobs),
    }
    second.close()


@pytest.mark.slow
def test_results_equal_those_of_a_plain_loop_bit_by_bit(shared: Queue) -> None:
    request = small_request(side=9)
    shared.submit(request, "one")
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
    assert list((shared.store.folder / "locks").iterdir()) == []  # no lock is left


@pytest.mark.slow
def test_single_pieces_equal_the_plain_functions(shared: Queue) -> None:
    run = small_run("batch")
    spec = surface_spec(points_alpha=3, points_beta=3, checkpoint=20)
    jobs = tuple(Job.about(kind, run, spec) for kind in ("sharpness", "direct-loss", "checks"))
    request = Request("three", (Stage((Job("run", run),)), Stage(jobs)))
    shared.submit(request, "one")
    finished(shared, request)
    configure_process(threads=1)
    objective = objective_of(train(run), spec.evaluation)
    assert shared.result(jobs[0]).value == pytest.approx(measure_sharpness(objective).value, rel=1e-9)
    assert shared.result(jobs[1]) == pytest.approx(objective.loss(objective.theta).item(), rel=1e-6)
    assert len(shared.result(jobs[2])) == 5


@pytest.mark.slow
def test_refinement_ends_at_the_requested_accuracy_and_errors_are_measured(shared: Queue) -> None:
    near = {"range_alpha": (-0.1, 0.1), "range_beta": (-0.1, 0.1)}
    request = small_request(side=33, accuracy=0.1, seed=1, activation="tanh", surface=near)
    shared.submit(request, "one")
    finished(shared, request)
    numbers = [k for k, stage in enumerate(request.stages) if stage.refines]
    errors = [shared.errors(request, k) for k in numbers[1:]]
    done = [all(shared.status(job).state == "finished" for job in request.stages[k].jobs) for k in numbers]
    last = done.index(False) if False in done else len(done)
    assert last < len(done), "a tenth of the scale needs no 33 x 33 points"
    worst = [max(error["loss"], error["ratio"]) for error in errors[: last - 1]]
    assert worst[-1] <= 0.1
    assert all(error > 0.1 for error in worst[:-1])
    # the level before, between its points, against the next one's own values
    assert errors[0]["loss"] > errors[last - 2]["loss"]


def test_two_sessions_with_the_same_request_share_one_computation(shared: Queue) -> None:
    request = small_request(side=5, seed=2)
    sent: list[str] = []
    wait(lambda: cluster_of(shared) is not None)
    submit = cluster_of(shared).submit

    def counted(job: _Job, piece, *others):
        sent.append(f"{job.kind} {piece}")
        return submit(job, piece, *others)

    cluster_of(shared).submit = counted
    try:
        shared.submit(request, "one")
        shared.submit(request, "two")
        finished(shared, request)
        shared.submit(request, "three")
        finished(shared, request)
    finally:
        cluster_of(shared).submit = submit
    points = 2 * (9 + 25)
    covered = [piece for piece in sent if "points" in piece]
    assert len(covered) == len(set(zip(covered, range(len(covered)), strict=True)))
    assert sum(shared.status(job).completed for job in request.jobs if job.kind == "surface") == points
    assert len([piece for piece in sent if piece.startswith("plane")]) == 2


def test_a_result_outlives_the_queue_and_is_not_computed_again(shared: Queue) -> None:
    request = small_request(side=5)
    shared.submit(request, "one")
    finished(shared, request)
    bits = arrays_of(shared, request)
    nobody = Queue(settings_at(shared.store.folder), connect=_nobody)
    nobody.submit(request, "two")
    finished(nobody, request)
    assert arrays_of(nobody, request) == bits
    nobody.close()


def _nobody(_):
    raise OSError("there are no workers in this test")


def test_without_workers_the_connection_error_is_reported(tmp_path: Path) -> None:
    queue = Queue(settings_at(tmp_path), connect=_nobody)
    queue.submit(small_request(side=3), "one")
    wait(lambda: queue.connection_error is not None, 5)
    assert "no workers in this test" in queue.connection_error
    queue.close()


def test_a_full_disk_fails_jobs_with_its_message_and_they_run_again_when_there_is_space(
    shared: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = small_request(side=5, seed=21)
    workers = set(pids_of(shared))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("normscape.jobs.store.files.os.replace", full)
    shared.submit(request, "one")
    wait(lambda: shared.done(request))
    failed = [shared.status(job) for job in request.jobs if shared.status(job).state == "failed"]
    assert failed
    assert all("NORMSCAPE_HOME" in str(status.error) for status in failed)
    monkeypatch.undo()
    shared.retry(request)
    shared.submit(request, "one")
    finished(shared, request)
    assert set(pids_of(shared)) == workers
    assert shared.connection_error is None


@pytest.mark.slow
def test_a_store_smaller_than_one_experiment_says_so_with_its_setting(tmp_path: Path) -> None:
    request = small_request(side=5, seed=23, steps=4)
    queue = Queue(replace(settings_at(tmp_path, workers=1), store_bytes=3000))
    try:
        queue.submit(request, "one")
        wait(lambda: queue.done(request), 150)
        errors = {str(queue.status(job).error) for job in request.jobs if queue.status(job).state == "failed"}
    finally:
        queue.close()
    assert any("NORMSCAPE_STORE_GIB" in error for error in errors)


def test_a_home_that_cannot_be_written_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    queue = Queue(settings_at(tmp_path / "file"))
    queue.submit(small_request(side=3), "one")
    wait(lambda: queue.connection_error is not None)
    assert "cannot be written" in queue.connection_error
    assert "NORMSCAPE_HOME" in queue.connection_error
    queue.close()


def long_request() -> Request:
    return small_request(side=17, seed=3, **LONG)


@pytest.fixture(scope="module")
def undisturbed(shared: Queue) -> dict[str, bytes]:
    """The long question's answer where nothing was killed."""
    request = long_request()
    shared.submit(request, "one")
    finished(shared, request)
    return arrays_of(shared, request)


def completed_pieces(queue: Queue, request: Request) -> int:
    """The completed pieces of the last stage."""
    return sum(queue.status(job).completed for job in request.stages[-1].jobs)


def partly_finished_request(queue: Queue) -> Request:
    """The long request, submitted, with more than 20 pieces of its last stage completed."""
    request = long_request()
    queue.submit(request, "one")
    wait(lambda: completed_pieces(queue, request) > 20)
    return request


@pytest.mark.slow
def test_a_killed_worker_costs_its_running_pieces_and_nothing_else(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    queue = opened(tmp_path)
    request = partly_finished_request(queue)
    for _ in range(2):
        os.kill(pids_of(queue)[0], signal.SIGKILL)
        time.sleep(0.5)
    finished(queue, request)
    assert arrays_of(queue, request) == undisturbed


@pytest.mark.slow
def test_a_killed_local_cluster_is_started_again_and_nothing_is_lost(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    queue = opened(tmp_path)
    request = partly_finished_request(queue)
    before = completed_pieces(queue, request)
    workers = pids_of(queue)
    os.kill(cluster_of(queue)._process.pid, signal.SIGKILL)
    wait(lambda: not any(alive(pid) for pid in workers))
    assert completed_pieces(queue, request) >= before
    finished(queue, request)
    assert arrays_of(queue, request) == undisturbed


@pytest.mark.slow
def test_a_killed_app_leaves_no_process_and_its_requests_resume_at_the_next_start(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue]
) -> None:
    request = long_request()
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from tests.jobs.conftest import settings_at\n"
        "from tests.jobs.test_queue import cluster_of, long_request, pids_of\n"
        "from normscape.jobs import Queue\n"
        "queue = Queue(settings_at(Path(sys.argv[1])))\n"
        "request = long_request()\n"
        "queue.submit(request, 'one')\n"
        "while sum(queue.status(job).completed for job in request.stages[-1].jobs) < 20: time.sleep(0.01)\n"
        "print(*pids_of(queue), cluster_of(queue)._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    processes = [int(pid) for pid in app.stdout.readline().split()]
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    assert processes
    wait(lambda: not any(alive(pid) for pid in processes))
    kept = list((tmp_path / "pieces").rglob("*.safetensors"))
    assert kept
    again = opened(tmp_path)  # nobody asks: the request is in the store
    assert [asked.request.key for asked in again.requests()] == [request.key]
    assert sum(again.status(job).completed for job in request.stages[-1].jobs) >= 20
    finished(again, request)
    assert arrays_of(again, request) == undisturbed
    assert not list((tmp_path / "requests").glob("*.json"))


def test_a_cancelled_request_stops_within_a_second_and_can_be_submitted_again(shared: Queue) -> None:
    request = small_request(side=65, seed=5)
    shared.submit(request, "one")
    last = request.stages[-1].jobs
    wait(lambda: any(shared.status(job).completed > 10 for job in last))
    shared.cancel(request.key, "one")
    assert {shared.status(job).state for job in last} <= {"cancelled", "finished"}
    took = wait(lambda: not shared.dispatcher._pieces, 3)
    assert took < 1.5
    time.sleep(0.3)
    assert not shared.dispatcher._pieces
    kept = {job.key: len(shared.store.pieces(job.key)) for job in last}
    assert any(kept.values())
    shared.submit(request, "one")
    wait(lambda: all(shared.status(job).state != "cancelled" for job in last), 5)
    assert any(shared.status(job).completed > 0 for job in last)  # what was done is kept
    shared.cancel(request.key, "one")


def test_a_request_continues_while_another_session_waits(shared: Queue) -> None:
    request = small_request(side=9, seed=6)
    shared.submit(request, "one")
    shared.submit(request, "two")
    shared.cancel(request.key, "one")
    finished(shared, request)
    assert all(shared.status(job).state == "finished" for job in request.jobs)


def test_disconnected_sessions_do_not_keep_a_request_alive(shared: Queue) -> None:
    request = small_request(side=65, seed=7)
    shared.submit(request, "gone")
    shared.submit(request, "here")
    shared.cancel(request.key, "here", is_connected=lambda name: name != "gone")
    assert all(shared.status(job).done for job in request.jobs)


@pytest.mark.slow
def test_a_single_long_piece_is_stopped_and_other_jobs_survive(tmp_path: Path, opened: Callable[..., Queue]) -> None:
    # one evaluation of many samples in one mini-batch takes seconds and asks nobody in between: its worker is ended
    run = small_run("batch", data={"name": "moons", "size": 9000}, model={"width": 1500, "depth": 6}, steps=0)
    spec = surface_spec(points_alpha=3, points_beta=3, samples=9000, checkpoint=0)
    slow = Request("slow", (Stage((Job("run", run),)), Stage((Job("sharpness", run, spec.evaluation),))))
    other = small_request(side=17, seed=8)
    queue = opened(tmp_path, workers=1)
    queue.submit(slow, "one")
    wait(lambda: queue.status(slow.jobs[1]).state == "running")
    time.sleep(1.0)
    queue.submit(other, "two")
    queue.cancel(slow.key, "one")
    assert queue.status(slow.jobs[1]).state == "cancelled"
    took = wait(lambda: any(queue.status(job).completed for job in other.jobs), 30)
    finished(queue, other)
    assert took < 15  # a new worker has begun


def test_no_worker_is_missed_while_the_client_reads_the_scheduler_for_itself(
    shared: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(lambda: shared.connected and len(cluster_of(shared).workers()) == 2)
    client = cluster_of(shared)._client
    tls = client.security.tls_ca_file, client.security.tls_client_cert, client.security.tls_client_key
    cluster = Cluster(replace(settings_at(tmp_path), scheduler=client.scheduler.address, tls=tls))
    over = threading.Event()

    def there() -> set[str]:
        return set(client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.workers)))

    def look() -> None:
        while not over.is_set():
            cluster._client.sync(cluster._client._update_scheduler_info)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(10):  # until no worker ends or begins meanwhile: earlier tests end some
            before = there()
            seen = [set(cluster.workers()) for _ in range(300)]
            if before == there():
                break
        assert all(one == before for one in seen)
    finally:
        over.set()
        looking.join()
        cluster.close()


def test_workers_that_disappear_for_a_moment_get_pieces_again(shared: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    wait(lambda: shared.connected and len(cluster_of(shared).workers()) == 2)
    cluster, away = cluster_of(shared), []
    there = cluster.workers

    def seen() -> Mapping[str, Worker]:
        found = there()
        if not away and all(shared.dispatcher._load[address] >= worker.slots + 1 for address, worker in found.items()):
            away.append(True)  # while all have all that they may have, so all of it is taken back
            return {}
        return found

    monkeypatch.setattr("normscape.jobs.scheduling.connection.REFRESH_SECONDS", 0.0)
    request = small_request(side=25, seed=22)
    shared.submit(request, "one")
    wait(lambda: any(shared.status(job).completed for job in request.stages[-1].jobs))
    monkeypatch.setattr(cluster, "workers", seen)
    finished(shared, request, 30)
    assert away
    assert cluster_of(shared) is cluster


def test_a_failure_is_reported_and_ends_its_request(shared: Queue) -> None:
    bad = replace(small_run("batch"), weights="0" * 64)
    plain = surface_spec(points_alpha=3, points_beta=3)
    request = Request("bad", (Stage((Job("run", bad),)), Stage((Job.about("plane", bad, plain),))))
    shared.submit(request, "one")
    wait(lambda: shared.done(request))
    for job in request.jobs:
        assert shared.status(job).state == "failed"
        assert "no file in" in str(shared.status(job).error)


def test_an_evicted_result_is_computed_again(shared: Queue) -> None:
    request = small_request(side=3, seed=9)
    shared.submit(request, "one")
    finished(shared, request)
    bits = arrays_of(shared, request)
    for job in request.jobs:
        shared.store.delete(job.key)
    shared._results.clear()
    assert all(shared.result(job) is None for job in request.jobs)
    wait(
        lambda: not any(asked.request.key == request.key for asked in shared.requests())
    )  # whatever else is still to come
    shared.submit(request, "one")
    finished(shared, request)
    assert arrays_of(shared, request) == bits


@pytest.mark.slow
def test_two_processes_with_one_store_compute_every_point_once(tmp_path: Path, opened: Callable[..., Queue]) -> None:
    request = small_request(side=9, seed=10)
    one, other = opened(tmp_path), opened(tmp_path)
    one.submit(request, "one")
    other.submit(request, "two")
    finished(one, request)
    finished(other, request)
    statuses = [status for queue in (one, other) for status in queue.snapshot.jobs.values()]
    total = sum(status.computed for status in statuses if status.job.kind == "surface")
    assert total == 2 * (9 + 25 + 81)


def test_a_request_survives_as_json() -> None:
    request = small_request(side=17, accuracy=0.01)
    again = from_json(to_json(request))
    assert again == request
    assert again.key == request.key
    assert replace(request, title="another", address="/?x=1").key == request.key
    assert replace(request, accuracy=0.02).key != request.key


def test_only_nested_sides_have_levels() -> None:
    assert [grid.points for grid in levels(GridSpec())] == [(side, side) for side in (3, 5, 9, 17, 33)]
    assert [grid.points for grid in levels(GridSpec((25, 25)))] == [(25, 25)]
    assert [grid.points for grid in levels(GridSpec((9, 1)))] == [(3, 1), (5, 1), (9, 1)]


def cluster_of(queue: Queue) -> Cluster | None:
    return queue.dispatcher._connection.cluster


def pids_of(queue: Queue) -> list[int]:
    wait(lambda: cluster_of(queue) is not None)
    return list(cluster_of(queue)._client.run(os.getpid).values())


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
