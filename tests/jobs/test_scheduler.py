"""The scheduler and its snapshots, without workers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normscape.jobs import Job, Queue, Request, Stage
from normscape.jobs.scheduling.scheduler import FIRST_SECONDS, Scheduler
from normscape.jobs.serialization import serialize
from normscape.jobs.store.store import Store
from normscape.landscape import train
from normscape.specs import ConnectivitySpec, DataSpec, EvaluationSpec, ModelSpec, RunSpec, TrainingSpec
from tests.flat import surface_spec
from tests.jobs.conftest import settings_at, small_request
from tests.landscape.networks import advance, small_run, start


def runs_only(seed: int, count: int) -> Request:
    """A request of several trainings."""
    jobs = [small_request(side=3, seed=seed + k).jobs[0] for k in range(count)]
    return Request(f"runs {seed}", (Stage(tuple(jobs)),))


def test_sessions_take_turns_however_long_their_requests_are(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    requests = {"long": runs_only(100, 6), "short": runs_only(200, 2), "other": runs_only(300, 2)}
    for session, request in requests.items():
        scheduler.submit(request, session)
        scheduler.jobs[request.jobs[0]].worker_seconds = FIRST_SECONDS[-1]  # none is new
    owners = {job.key: session for session, request in requests.items() for job in request.jobs}
    order = [owners[scheduler.next_piece("worker")[0].job.key] for _ in range(10)]
    assert sorted(order[:3]) == sorted(order[3:6]) == ["long", "other", "short"]
    assert order[6:] == ["long"] * 4
    assert scheduler.next_piece("worker") is None


def test_a_small_request_of_a_new_session_is_first_at_every_stage_while_29_long_ones_wait(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    for number in range(29):
        scheduler.submit(runs_only(100 + 3 * number, 3), f"session {number}")
    for _ in range(29 * 3):
        state, piece = scheduler.next_piece("worker")
        state.worker_seconds += 20.0
        state.partition.put_back(piece)
    small = Request("small", tuple(Stage((job,)) for job in runs_only(0, 6).jobs))
    scheduler.submit(small, "new")
    for job in small.jobs:
        state, _ = scheduler.next_piece("worker", urgent=True)
        assert state.job == job
        assert state.urgent
        state.worker_seconds += 0.5
        scheduler.jobs.finish(state, "finished")
        scheduler.advance()
    assert scheduler.next_piece("worker", urgent=True) is None
    assert not scheduler.next_piece("worker")[0].urgent


def test_a_small_request_is_answered_soon_while_29_others_have_just_begun(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    for number in range(29):
        scheduler.submit(runs_only(100 + number, 1), f"session {number}")
    for _ in range(29):
        state, piece = scheduler.next_piece("worker")
        state.worker_seconds += 0.2
        state.partition.put_back(piece)
    small = Request("small", tuple(Stage((job,)) for job in runs_only(0, 6).jobs))
    scheduler.submit(small, "new")
    seconds = 0.0  # of two workers
    while not scheduler.jobs[small.jobs[-1]].done:
        state, piece = scheduler.next_piece("worker")
        if state.job in small.jobs:
            state.worker_seconds += 0.05
            seconds += 0.05 / 2
            scheduler.jobs.finish(state, "finished")
            scheduler.advance()
        else:
            state.worker_seconds += 0.2
            seconds += 0.2 / 2
            state.partition.put_back(piece)
    assert seconds <= 5.0


def test_of_requests_that_have_had_little_time_the_newest_is_first_until_it_has_had_more(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    requests = {name: runs_only(100 * number, 1) for number, name in enumerate(("first", "second", "third"))}
    for name, request in requests.items():
        scheduler.submit(request, name)
    names = {request.jobs[0]: name for name, request in requests.items()}
    order = []
    for _ in range(6):
        state, piece = scheduler.next_piece("worker")
        order.append(names[state.job])
        state.worker_seconds += FIRST_SECONDS[0]
        state.partition.put_back(piece)
    assert order == ["third", "second", "first", "third", "second", "first"]


def test_a_long_request_has_precedence_for_its_first_seconds_only(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    sessions = {}
    for session, seconds in (("old", 100.0), ("new", 0.0)):
        request = runs_only(100 * len(sessions), 1)
        scheduler.submit(request, session)
        scheduler.jobs[request.jobs[0]].worker_seconds = seconds
        sessions[request.jobs[0]] = session
    order = []
    for _ in range(24):
        state, piece = scheduler.next_piece("worker")
        order.append(sessions[state.job])
        state.worker_seconds += 1.0
        state.partition.put_back(piece)
    assert order[:16] == ["new"] * 16
    assert sorted(order[16:]) == ["new"] * 4 + ["old"] * 4


def test_time_that_was_spent_on_shared_jobs_before_does_not_count(tmp_path: Path) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20))
    request, other = runs_only(0, 2), runs_only(50, 1)
    scheduler.submit(request, "one")
    scheduler.submit(other, "two")
    for job in (*request.jobs, *other.jobs):
        scheduler.jobs[job].worker_seconds = 50.0
    scheduler.submit(Request("shared", (Stage((request.jobs[0],)),)), "three")
    assert scheduler.next_piece("worker", urgent=True)[0].job == request.jobs[0]


def test_requests_of_other_versions_are_ignored(tmp_path: Path) -> None:
    store, request = Store(tmp_path, 2**20), runs_only(0, 1)
    Scheduler(store).submit(request, "one")
    (path,) = (tmp_path / "requests").glob("*.json")
    document = json.loads(path.read_text())
    older = [{k: v for k, v in document.items() if k != "schema"}, {**document, "schema": 2}, {"stages": [1]}, [], None]
    stage = document["stages"][0]
    for job in ("[" * 100_000, "[]", "null", '{"kind": "run", "run": {"training": 1}}', '{"kind": [], "run": {}}'):
        older.append({**document, "stages": [{**stage, "jobs": [job]}]})
    older += [{**document, "accuracy": 10**400}, {**document, "stages": 1}, {**document, "stages": {"a": 1}}]
    for number, other in enumerate(older):
        (tmp_path / "requests" / f"{number}.json").write_text(json.dumps(other))
    changes = Scheduler(store).take_changes(1)
    assert list(changes.requests) == [request.key]


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"schema":' * 100_000, b"\0\xff"])
def test_a_request_that_is_no_request_does_not_stop_the_start(tmp_path: Path, content: bytes) -> None:
    store, request = Store(tmp_path, 2**20), runs_only(0, 1)
    Scheduler(store).submit(request, "one")
    (tmp_path / "requests" / "bad.json").write_bytes(content)
    assert list(Scheduler(store).take_changes(1).requests) == [request.key]


def test_pieces_of_another_version_are_computed_again(tmp_path: Path) -> None:
    store = Store(tmp_path, 2**30)
    request = small_request(side=3)
    for job in request.jobs:
        store.put_piece(job.key, "state", {"x": np.zeros(3)}, {"other": 1})
    scheduler = Scheduler(store)
    scheduler.submit(request, "one")
    assert scheduler.next_piece("worker")[1].first == 0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(settings_at(tmp_path), connect=unavailable)
    yield queue
    queue.close()


def unavailable(_: object):
    raise OSError("there are no workers in this test")


def test_a_page_sees_what_it_has_just_submitted_and_cancelled(queue: Queue) -> None:
    for number in range(50):
        request = runs_only(number, 1)
        queue.submit(request, "one")
        assert not queue.done(request)
        assert queue.submitted_at(request) > 0
        queue.submit(request, "two")
        assert queue.snapshot.requests[request.key].sessions == {"one", "two"}
        queue.cancel(request.key, "one")
        assert not queue.done(request)
        queue.cancel(request.key, "two")
        assert queue.done(request)
        assert queue.status(request.jobs[0]).state == "cancelled"


def test_only_a_cancelled_request_can_be_removed_from_the_list(queue: Queue) -> None:
    request = runs_only(0, 1)
    queue.submit(request, "one")
    queue.forget(request)
    assert request.key in queue.snapshot.requests
    queue.cancel(request.key, "one")
    queue.forget(request)
    assert request.key not in queue.snapshot.requests
    queue.submit(request, "one")
    assert not queue.done(request)


def test_a_snapshot_is_replaced_only_when_something_has_changed(queue: Queue) -> None:
    request = runs_only(0, 2)
    queue.submit(request, "one")
    while queue.connection_error is None:
        pass
    before = queue.snapshot
    queue.submit(request, "one")
    queue.dispatcher.call(lambda scheduler: None)
    assert queue.snapshot is before
    with pytest.raises(TypeError):
        before.jobs[request.key] = None
    queue.submit(runs_only(5, 1), "one")
    assert queue.snapshot is not before
    assert len(before.requests) == 1
    assert all(queue.snapshot.jobs[key] is status for key, status in before.jobs.items())


def test_an_error_in_a_message_reaches_its_sender_and_the_thread_continues(queue: Queue) -> None:
    with pytest.raises(ZeroDivisionError):
        queue.dispatcher.call(lambda scheduler: 1 / 0)
    queue.submit(runs_only(0, 1), "one")
    assert len(queue.requests()) == 1


def test_a_closed_queue_refuses_requests(queue: Queue) -> None:
    queue.close()
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(runs_only(0, 1), "one")


def test_a_job_of_one_checkpoint_runs_while_training_continues(tmp_path: Path) -> None:
    run, spec = small_run("batch", steps=20, checkpoints=(0, 5)), surface_spec(points_alpha=3, points_beta=3)
    spec = replace(spec, evaluation=replace(spec.evaluation, checkpoint=5))
    early = tuple(Job.about(kind, run, spec) for kind in ("plane", "losses"))
    request = Request("early", (Stage(early), Stage((Job("run", run), Job.about("sharpness", run, spec)))))
    scheduler = Scheduler(Store(tmp_path, 2**20))
    scheduler.submit(request, "one")
    training, piece = scheduler.next_piece("worker")
    assert training.job.kind == "run"
    assert scheduler.next_piece("worker") is None
    state = start(run)
    for steps, ready in ((3, ["run"]), (4, ["losses", "plane", "run"])):
        state = advance(state, steps)
        training.partition.add(piece, serialize(state), 1.0)
        sent = []
        while (assigned := scheduler.next_piece("worker")) is not None:
            sent.append(assigned[0].job.kind)
        assert sorted(set(sent)) == ready
        assert ready == ["run"] or sent[-1] == "run"  # earlier stages first


def test_a_job_of_two_runs_waits_for_both_and_ends_with_either(tmp_path: Path) -> None:
    first, second = small_run("batch", seed=1), small_run("batch", seed=2)
    segment = Job("connectivity", first, ConnectivitySpec(EvaluationSpec(), (second,)))
    assert segment.runs == (first, second)
    trainings = tuple(Job("run", run) for run in (first, second))
    request = Request("two runs", (Stage(trainings), Stage((segment,))))
    scheduler = Scheduler(Store(tmp_path, 2**20))
    scheduler.submit(request, "one")
    taken = [scheduler.next_piece("worker")[0] for _ in range(2)]
    assert {state.job for state in taken} == set(trainings)
    for state in taken:
        assert scheduler.next_piece("worker") is None
        scheduler.jobs.finish(state, "finished")
        scheduler.advance()
    assert scheduler.next_piece("worker")[0].job == segment
    other = Scheduler(Store(tmp_path / "other", 2**20))
    other.submit(request, "one")
    other.jobs.finish(other.jobs[trainings[1]], "failed", ValueError("diverged"))
    other.jobs.finish_with_run(other.jobs[segment])
    assert other.jobs[segment].state == "failed"


def test_only_lost_runs_are_trained_again(tmp_path: Path) -> None:
    first, second = small_run("batch", seed=1), small_run("batch", seed=2)
    segment, store = Job("connectivity", first, ConnectivitySpec(EvaluationSpec(), (second,))), Store(tmp_path, 2**24)
    store.put(Job("run", first).key, *serialize(train(first)))
    scheduler = Scheduler(store)
    scheduler.submit(Request("segment", (Stage((segment,)),)), "one")
    scheduler.jobs.restart_run(scheduler.jobs[segment])
    assert scheduler.jobs.get(Job("run", first).key) is None
    assert scheduler.jobs.get(Job("run", second).key) is not None


LARGE = RunSpec(DataSpec(size=1000), ModelSpec("residual", depth=20, width=16), TrainingSpec(batch_size=800))


def threads_of(scheduler: Scheduler, jobs: list[Job]) -> list[int]:
    scheduler.submit(Request("runs", (Stage(tuple(jobs)),)), "one")
    return [scheduler.next_piece("worker")[1].threads for _ in jobs]


def large(seed: int) -> Job:
    return Job("run", replace(LARGE, training=replace(LARGE.training, seed=seed)))


@pytest.mark.parametrize(("trainings", "expected"), [(1, 4), (2, 2), (3, 1), (6, 1)])
def test_large_trainings_share_the_threads(tmp_path: Path, trainings: int, expected: int) -> None:
    scheduler = Scheduler(Store(tmp_path, 2**20), training_threads=4)
    assert threads_of(scheduler, [large(seed) for seed in range(trainings)]) == [expected] * trainings


def test_small_trainings_and_other_pieces_have_one_thread(tmp_path: Path) -> None:
    assert threads_of(Scheduler(Store(tmp_path, 2**20), training_threads=4), [Job("run", small_run())]) == [1]


def test_a_training_that_resumes_keeps_its_threads(tmp_path: Path) -> None:
    store, job = Store(tmp_path, 2**30), large(0)
    contents = serialize(start(small_run()))
    store.put_piece(job.key, "state", contents.arrays, {**contents.metadata, "machine": {"threads": "3"}})
    assert threads_of(Scheduler(store, training_threads=4), [job]) == [3]
