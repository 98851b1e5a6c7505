"""One canonical form: equal specs, and only those, have equal bytes and equal hashes."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normscape.specs import (
    ConnectivitySpec,
    DataSpec,
    Display,
    EvaluationSpec,
    Experiment,
    ModelSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
    TrajectorySpec,
    canonical_bytes,
    from_canonical,
    spec_hash,
)
from normscape.specs.fields import paths, replace_at, rule_of
from tests.flat import surface_spec
from tests.specs.experiments import REPEATABLE, experiments

FIELDS = [(kind, path) for kind in (RunSpec, SurfaceSpec, Display) for path, _, _ in paths(kind())]

OTHER: dict[str, Any] = {
    "name": "moons",
    "architecture": "other",
    "norm": "layer",
    "placement": "before",
    "activation": "tanh",
    "initialization": "he",
    "optimizer": "gradient-descent",
    "schedule": "cosine",
    "augmentation": "flip",
    "split": "held-out",
    "statistics": "running",
    "precision": "float64",
    "scaling": "raw",
    "checkpoints": (3,),
    "ranges": ((-1.0, 1.0000000000000002), (-1.0, 1.0)),
    "points": (33, 34),
    "size": 100,
    "shift": (2.0**-50,),
    "deviation": (1 + 2.0**-50,),
    "mean": (2.0**-50,),
    "covariance": (1 + 2.0**-50,),
    "depth": 5,
    "width": 7,
    "shortcut": "pad",
    "directions": "gradient",
    "through": (1,),
    "trainings": "seeds",
    "weights": "0" * 63 + "1",
    "take": "first",
    "loss": "squared-error",
    "checkpoint": 3,
    "point": (0.5, 0.25),
    "camera": (1.25 + 2.0**-50, -1.6, 1.25, 0.0, 0.0, -0.2),
}


def changed(spec: Any, path: str) -> Any:
    """The spec with one field set to another value, a number to its neighbor."""
    name = path.rsplit(".", 1)[-1]
    value = next(value for p, _, value in paths(spec) if p == path)
    if isinstance(spec, SurfaceSpec) and name == "scaling":
        return replace_at(spec, path, "layer")
    if isinstance(spec, Display) and name == "layer":
        return replace_at(spec, path, "layer1.linear")
    if isinstance(spec, Display) and rule_of(spec, name).choices:
        return replace_at(spec, path, next(other for other in rule_of(spec, name).choices if other != value))
    if isinstance(value, bool):
        return replace_at(spec, path, not value)
    if name in OTHER:
        return replace_at(spec, path, OTHER[name])
    return replace_at(spec, path, value + 1 if isinstance(value, int) else value + 2**-50)


@pytest.mark.parametrize(("kind", "path"), FIELDS)
def test_any_one_changed_field_changes_the_hash(kind: type, path: str) -> None:
    assert spec_hash(changed(kind(), path)) != spec_hash(kind())


def test_what_is_compared_is_part_of_the_hash() -> None:
    hashes = {
        spec_hash(Experiment()),
        spec_hash(Experiment(values=("batch", "none"))),
        spec_hash(Experiment(values=("none",))),
        spec_hash(Experiment(compare="run.model.affine", values=(True, False))),
    }
    assert len(hashes) == 4


def test_specs_of_two_kinds_with_equal_fields_differ() -> None:
    left = dataclasses.make_dataclass("Left", [("a", int)], frozen=True)
    right = dataclasses.make_dataclass("Right", [("a", int)], frozen=True)
    assert canonical_bytes(left(1)) != canonical_bytes(right(1))


@pytest.mark.parametrize("kind", [DataSpec, ModelSpec, TrainingSpec, RunSpec, SurfaceSpec, Display, Experiment])
def test_the_form_is_json_with_sorted_keys_and_no_spaces(kind: type) -> None:
    written = canonical_bytes(kind())
    document = json.loads(written)
    assert document["spec"] == kind.__name__
    assert json.dumps(document, sort_keys=True, separators=(",", ":")).encode() == written


@given(experiments())
@settings(REPEATABLE, max_examples=60)
def test_equal_experiments_have_equal_bytes_whatever_they_were_built_from(spec: Experiment) -> None:
    rebuilt = Experiment(dataclasses.replace(spec.run), dataclasses.replace(spec.surface), spec.compare, [*spec.values])
    assert rebuilt == spec
    assert canonical_bytes(rebuilt) == canonical_bytes(spec)


@given(experiments(), experiments())
@settings(REPEATABLE, max_examples=40)
def test_bytes_are_equal_exactly_when_specs_are(one: Experiment, other: Experiment) -> None:
    assert (canonical_bytes(one) == canonical_bytes(other)) == (one == other)


def test_whole_numbers_and_floats_of_equal_value_are_one_spec() -> None:
    assert spec_hash(TrainingSpec(learning_rate=1)) == spec_hash(TrainingSpec(learning_rate=1.0))
    assert spec_hash(surface_spec(range_alpha=(-1, 1))) == spec_hash(surface_spec(range_alpha=(-1.0, 1.0)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (surface_spec(range_alpha=(-1.0, 0.0)), surface_spec(range_alpha=(-1.0, -0.0))),
        (TrainingSpec(momentum=0.0), TrainingSpec(momentum=-0.0)),
    ],
)
def test_minus_zero_is_zero(one: Any, other: Any) -> None:
    assert one == other
    assert canonical_bytes(one) == canonical_bytes(other)


@given(st.floats(1e-300, 1e6))
@settings(REPEATABLE, max_examples=60)
def test_floats_come_back_exactly(rate: float) -> None:
    assert json.loads(canonical_bytes(TrainingSpec(learning_rate=rate)))["learning_rate"] == rate


@given(experiments())
@settings(REPEATABLE, max_examples=60)
def test_a_spec_comes_back_from_its_canonical_bytes(experiment: Experiment) -> None:
    assert from_canonical(Experiment, canonical_bytes(experiment)) == experiment
    assert from_canonical(RunSpec, canonical_bytes(experiment.run)) == experiment.run


@pytest.mark.parametrize("kind", [TrajectorySpec, ConnectivitySpec])
def test_runs_inside_a_question_come_back_from_its_canonical_bytes(kind: Any) -> None:
    question = kind(EvaluationSpec(), (RunSpec(training=TrainingSpec(seed=1, checkpoints=(0, 5))),))
    again = from_canonical(kind, canonical_bytes(question))
    assert again == question
    assert spec_hash(again) == spec_hash(question)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (b'{"spec":"RunSpec"}', "not the canonical form of a SurfaceSpec"),
        (b"[1]", "not the canonical form"),
        (b'{"spec":"SurfaceSpec","color":1}', "no field color"),
        (b"half a docu", "Expecting value"),
    ],
)
def test_other_documents_are_refused(written: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        from_canonical(SurfaceSpec, written)
