"""Packed and uncontents again, everything is what it was, and training goes on bit by bit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from normscape.jobs.job_spec import Job
from normscape.jobs.serialization import (
    deserialize,
    deserialize_run,
    deserialize_state,
    run_of_state,
    serialize,
    serialize_run,
    serialize_state,
)
from normscape.jobs.store.files import read, write
from normscape.landscape import Plane, Sharpness, train
from normscape.landscape.training.train import run_of
from normscape.specs import Experiment, RunSpec
from tests.flat import changed
from tests.landscape.networks import advance, small_run, start


def through(tmp_path: Path, contents):
    write(tmp_path / "one.safetensors", *contents)
    return read(tmp_path / "one.safetensors")


def same(one, other) -> bool:
    return [asdict(c)["step"] for c in one.checkpoints] == [c.step for c in other.checkpoints] and all(
        a.tensors[name].tobytes() == b.tensors[name].tobytes() and a.tensors[name].shape == b.tensors[name].shape
        for a, b in zip(one.checkpoints, other.checkpoints, strict=True)
        for name in a.tensors
    )


@pytest.mark.parametrize("training", [{}, {"momentum": 0.0}, {"optimizer": "adam"}, {"optimizer": "gradient-descent"}])
def test_training_that_resumes_from_a_file_equals_uninterrupted_training(tmp_path: Path, training: dict) -> None:
    spec = small_run("batch", **training)
    state = start(spec)
    while not state.finished:
        contents = through(tmp_path, serialize_state(advance(state, 3)))
        state = deserialize_state(spec, contents)
    whole = train(spec)
    assert same(run_of(state), whole)
    assert same(deserialize_run(spec, through(tmp_path, run_of_state(contents))), whole)
    for name, values in vars(whole.history).items():
        np.testing.assert_array_equal(getattr(run_of(state).history, name), values)


def test_the_weights_of_a_run_are_memory_mapped(tmp_path: Path) -> None:
    run = train(small_run("batch"))
    again = deserialize_run(run.spec, through(tmp_path, serialize_run(run)))
    assert same(run, again)
    assert again.diverged_at is None
    name = next(iter(run.checkpoints[0].tensors))
    assert not again.checkpoints[0].tensors[name].flags.writeable
    assert again.module().state_dict().keys() == run.module().state_dict().keys()


def test_a_diverged_run_stays_diverged(tmp_path: Path) -> None:
    run = train(small_run("none", learning_rate=1e6, steps=40))
    assert run.diverged_at is not None
    assert deserialize_run(run.spec, through(tmp_path, serialize_run(run))).diverged_at == run.diverged_at


def test_a_key_depends_on_the_question_and_nothing_else() -> None:
    run, surface = RunSpec(), Experiment().surface
    one = Job("surface", run, surface)
    assert one.key == Job("surface", RunSpec(), replace(surface)).key
    others = (Job.about("center", run, surface), Job("run", run), Job("surface", run, changed(surface, seed=1)))
    assert len({one.key, *(other.key for other in others)}) == 4


@dataclass(frozen=True, eq=False)
class Layer:
    name: str
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    layers: tuple[Layer, ...]
    marks: tuple[float, float]
    empty: tuple[Layer, ...]
    share: float
    count: int
    known: bool
    by_name: Mapping[str, tuple[float, Layer]]
    weight: np.ndarray | None
    bias: np.ndarray | None
    seed: int | None


VALUES = np.array([[1.0, np.nan], [np.inf, -0.0]])


def test_frozen_dataclasses_survive_with_arrays_tuples_mappings_and_optional_values(tmp_path: Path) -> None:
    layers = (Layer("a/b", VALUES), Layer("c", np.zeros((0, 2))))
    by_name = {"z": (1.0, Layer("d", np.arange(3))), "a": (2.0, Layer("e", np.zeros((), bool)))}
    whole = Result(layers, (0.5, 2.0), (), float("nan"), 3, True, by_name, VALUES, None, None)
    back = deserialize(Result, through(tmp_path, serialize(whole)))
    assert [layer.name for layer in back.layers] == ["a/b", "c"]
    pairs = [*zip(whole.layers, back.layers, strict=True), (by_name["z"][1], back.by_name["z"][1])]
    for before, after in pairs:
        assert after.values.tobytes() == before.values.tobytes()
        assert after.values.shape == before.values.shape
    assert (back.marks, back.empty, back.count, back.known) == ((0.5, 2.0), (), 3, True)
    assert np.isnan(back.share)
    assert list(back.by_name) == ["z", "a"]  # in the order of the mapping, not of the file
    assert back.by_name["a"][0] == 2.0
    assert back.weight.tobytes() == VALUES.tobytes()
    assert back.bias is None
    assert back.seed is None


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (float, 0.25),
        (tuple[Sharpness, ...], (Sharpness(1.0, 0.5, 3, True), Sharpness(2.0, 0.0, 1, False))),
        (dict[str, tuple[float, float]], {"b": (1.0, 2.0), "a": (float("inf"), 4.0)}),
        (Mapping[str, tuple[float, Sharpness]], {"weight": (0.5, Sharpness(1.0, 0.5, 3, True))}),
    ],
)
def test_results_without_a_class_survive(tmp_path: Path, expected: Any, value: Any) -> None:
    assert deserialize(expected, through(tmp_path, serialize(value))) == value


def test_numpy_scalars_become_plain_numbers(tmp_path: Path) -> None:
    back = deserialize(tuple[float, int, bool], through(tmp_path, serialize((np.float32(0.5), np.int64(2), np.True_))))
    assert back == (0.5, 2, True)
    assert [type(value) for value in back] == [float, int, bool]


def test_a_mapping_of_arrays_keeps_their_names_in_the_file(tmp_path: Path) -> None:
    contents = through(tmp_path, serialize({"loss": VALUES}))
    assert contents.arrays["loss"].tobytes() == VALUES.tobytes()
    assert deserialize(Mapping[str, np.ndarray], contents)["loss"].tobytes() == VALUES.tobytes()


def test_a_plane_survives_with_the_names_of_its_layers(tmp_path: Path) -> None:
    plane = Plane(np.arange(3.0), np.ones(3), np.eye(3)[0], kind="checkpoints", seed=None, marks=((5, 0.5, -1.0),))
    back, layers = deserialize(tuple[Plane, tuple[str, ...]], through(tmp_path, serialize((plane, ("one", "two")))))
    assert layers == ("one", "two")
    for name, value in vars(plane).items():
        np.testing.assert_array_equal(getattr(back, name), value)


def test_a_value_that_no_file_can_keep_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot contain"):
        serialize((1.0, {1, 2}))
