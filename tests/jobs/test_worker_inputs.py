"""The inputs of a worker: trainers that continue in memory, and runs that are still trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normscape.jobs import Job
from normscape.jobs.job_spec import Job as AnyJob
from normscape.jobs.serialization import serialize
from normscape.jobs.store.store import Store
from normscape.jobs.workers import inputs, subjects
from normscape.jobs.workers.inputs import RunNotFound, WorkerInputs
from normscape.landscape import objective_of, train
from normscape.landscape.measurement import Piece
from normscape.specs import ConnectivitySpec, EvaluationSpec, PlaneSpec, RunSpec, SurfaceSpec
from tests.flat import surface_spec
from tests.landscape.networks import advance, small_run, start

RUN = small_run("batch", steps=20, checkpoints=(0, 5))


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    inputs._CACHE.clear()
    inputs._TRAINERS.clear()


def kept(store: Store, steps: int) -> Job:
    """Keep a state of training; return its job."""
    job = Job("run", RUN)
    store.put_piece(job.key, "state", *serialize(advance(start(RUN), steps)))
    return job


def losses_at(checkpoint: int, run: RunSpec = RUN) -> AnyJob:
    spec: SurfaceSpec = surface_spec(points_alpha=3, points_beta=3)
    return Job("losses", run, replace(spec, evaluation=replace(spec.evaluation, checkpoint=checkpoint)))


def test_a_trainer_continues_in_memory_and_otherwise_from_the_store(tmp_path: Path) -> None:
    store, worker = Store(tmp_path, 2**30), WorkerInputs(tmp_path, {})
    job = kept(store, 7)
    trainer = worker.trainer(job, Piece("steps", 7, 20))
    assert trainer.step == 7
    trainer.advance(3)
    assert worker.trainer(job, Piece("steps", 10, 20)) is trainer
    # the result of the last piece was lost: the stored state counts
    again = worker.trainer(job, Piece("steps", 7, 20))
    assert again is not trainer
    assert again.step == 7


def test_the_first_piece_starts_a_trainer(tmp_path: Path) -> None:
    assert WorkerInputs(tmp_path, {}).trainer(Job("run", RUN), Piece("steps", 0, 20)).step == 0


@pytest.mark.parametrize("shared", [True, False])
def test_a_kept_checkpoint_is_used_while_training_continues(tmp_path: Path, shared: bool) -> None:
    store = Store(tmp_path, 2**30)
    job = kept(store, 7)
    contents = store.pieces(job.key)["state"]
    worker = WorkerInputs(tmp_path, {}) if shared else WorkerInputs(None, {job.key: contents})
    subject = worker.slice(losses_at(5))
    expected = train(RUN).module(5).state_dict()["layer1.linear.weight"]
    count = expected.numel()
    assert subject.objective.theta[:count].tolist() == expected.ravel().tolist()
    assert worker.run(RUN, 5).checkpoints[-1].step == 5
    with pytest.raises(RunNotFound):
        worker.run(RUN)
    with pytest.raises(RunNotFound):
        worker.run(RUN, 20)


def test_a_finished_run_replaces_what_was_kept(tmp_path: Path) -> None:
    store, worker = Store(tmp_path, 2**30), WorkerInputs(tmp_path, {})
    job = kept(store, 7)
    assert worker.run(RUN, 5).checkpoints[-1].step == 5
    store.put(job.key, *serialize(train(RUN)))
    assert worker.run(RUN, 5).checkpoints[-1].step == 20


def test_a_curve_continues_in_memory_and_otherwise_from_the_store_or_the_message(tmp_path: Path) -> None:
    store, other = Store(tmp_path, 2**30), replace(RUN, training=replace(RUN.training, seed=1))
    for spec in (RUN, other):
        store.put(Job("run", spec).key, *serialize(train(spec)))
    job = Job("connectivity", RUN, ConnectivitySpec(EvaluationSpec(), (other,), curve="bezier", curve_steps=9))
    worker = WorkerInputs(tmp_path, {})
    trainer = worker.curve_trainer(job, Piece("steps", 0, 9))
    polls = iter([False] * 4 + [True])
    trainer.advance(lambda: next(polls))
    contents = serialize(trainer.state())
    assert worker.curve_trainer(job, Piece("steps", 4, 9)) is trainer
    store.put_piece(job.key, "state", *contents)
    trainer.advance()
    again = worker.curve_trainer(job, Piece("steps", 4, 9))
    again.advance()
    assert np.array_equal(again.state().theta, trainer.state().theta)
    runs = {key: store.get(key) for key in (Job("run", RUN).key, Job("run", other).key)}
    inputs._TRAINERS.clear()
    far = WorkerInputs(None, {**runs, job.key: contents})
    assert far.curve(job).step == 4
    assert far.curve_trainer(job, Piece("steps", 4, 9)).step == 4


def test_a_slice_between_trainings_has_the_plane_of_all_of_them(tmp_path: Path) -> None:
    store, other = Store(tmp_path, 2**30), replace(RUN, training=replace(RUN.training, seed=1))
    for spec in (RUN, other):
        store.put(Job("run", spec).key, *serialize(train(spec)))
    plane = PlaneSpec("checkpoints", (20, 5), others=(other, RUN))
    job = Job("losses", RUN, SurfaceSpec(EvaluationSpec(checkpoint=20), plane))
    assert job.runs == (RUN, other)
    worker = WorkerInputs(tmp_path, {})
    subject = worker.slice(job)
    assert subject.plane.mark_names == ("Training seed 1, step 20", "step 5")
    end = objective_of(train(other), EvaluationSpec(checkpoint=20)).theta
    assert np.allclose(subject.point(1, 0), end, atol=1e-6)
    checks = Job.about("checks", RUN, job.question)
    assert subjects.run_and_plane(worker, checks, Piece("whole"))[2] is subject.plane
