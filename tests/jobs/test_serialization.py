"""Packed and unpacked again, everything is what it was, and training goes on bit by bit."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from normscape.jobs.job import Job
from normscape.jobs.serialization import pack_result, pack_run, pack_state, unpack_result, unpack_run, unpack_state
from normscape.jobs.store.files import read, write
from normscape.landscape import train
from normscape.landscape.training.loop import advance, run_of, start
from normscape.specs import Experiment, RunSpec
from tests.flat import changed
from tests.landscape.networks import small_run


def through(tmp_path: Path, packed):
    write(tmp_path / "one.safetensors", *packed)
    return read(tmp_path / "one.safetensors")


def same(one, other) -> bool:
    return [asdict(c)["step"] for c in one.checkpoints] == [c.step for c in other.checkpoints] and all(
        a.tensors[name].tobytes() == b.tensors[name].tobytes() and a.tensors[name].shape == b.tensors[name].shape
        for a, b in zip(one.checkpoints, other.checkpoints, strict=True)
        for name in a.tensors
    )


@pytest.mark.parametrize("training", [{}, {"momentum": 0.0}, {"optimizer": "adam"}, {"optimizer": "gradient-descent"}])
def test_training_that_goes_on_from_a_file_is_training_that_was_never_interrupted(
    tmp_path: Path, training: dict
) -> None:
    spec = small_run("batch", **training)
    state = start(spec)
    while not state.finished:
        packed = through(tmp_path, pack_state(advance(state, 3)))
        state = unpack_state(spec, packed)
    whole = train(spec)
    assert same(run_of(state), whole)
    for name, values in vars(whole.history).items():
        np.testing.assert_array_equal(getattr(run_of(state).history, name), values)


def test_a_run_comes_back_with_its_weights_where_the_file_has_them(tmp_path: Path) -> None:
    run = train(small_run("batch"))
    again = unpack_run(run.spec, through(tmp_path, pack_run(run)))
    assert same(run, again)
    assert again.diverged_at is None
    name = next(iter(run.checkpoints[0].tensors))
    assert not again.checkpoints[0].tensors[name].flags.writeable
    assert again.module().state_dict().keys() == run.module().state_dict().keys()


def test_a_diverged_run_stays_diverged(tmp_path: Path) -> None:
    run = train(small_run("none", learning_rate=1e6, steps=40))
    assert run.diverged_at is not None
    assert unpack_run(run.spec, through(tmp_path, pack_run(run))).diverged_at == run.diverged_at


def test_a_key_names_what_is_asked_and_nothing_else() -> None:
    run, surface = RunSpec(), Experiment().surface
    one = Job("surface", run, surface)
    assert one.key == Job("surface", RunSpec(), replace(surface)).key
    others = (Job.about("centre", run, surface), Job("run", run), Job("surface", run, changed(surface, seed=1)))
    assert len({one.key, *(other.key for other in others)}) == 4


@dataclass(frozen=True, eq=False)
class Part:
    name: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Whole:
    parts: tuple[Part, ...]
    marks: tuple[float, float]
    empty: tuple[Part, ...]
    share: float
    count: int
    known: bool


def test_results_of_any_class_come_back_as_they_were_with_arrays_in_arrays(tmp_path: Path) -> None:
    values = np.array([[1.0, np.nan], [np.inf, -0.0]])
    whole = Whole((Part("a/b", values), Part("c", np.zeros((0, 2)))), (0.5, 2.0), (), float("nan"), 3, True)
    back = unpack_result(Whole)(through(tmp_path, pack_result(whole)))
    assert [part.name for part in back.parts] == ["a/b", "c"]
    for before, after in zip(whole.parts, back.parts, strict=True):
        assert after.values.tobytes() == before.values.tobytes()
        assert after.values.shape == before.values.shape
    assert (back.marks, back.empty, back.count, back.known) == ((0.5, 2.0), (), 3, True)
    assert np.isnan(back.share)
