"""Specs check themselves on construction: types, ranges, choices (docs/design.md, Data flow)."""

import dataclasses
import math

import pytest

from normscape.specs import (
    DataSpec,
    Display,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    TrainingSpec,
)
from normscape.specs.data import GaussianSpec
from normscape.specs.fields import paths, read, replace_at, rule_of, types_of

PLAIN = (DataSpec, GaussianSpec, ModelSpec, TrainingSpec, EvaluationSpec, PlaneSpec, GridSpec, Display)
FIELDS = [(kind, field.name) for kind in PLAIN for field in dataclasses.fields(kind) if "rule" in field.metadata]
NUMBERS = [
    (kind, name, side)
    for kind, name in FIELDS
    for side in ("low", "high")
    if getattr(rule_of(kind, name), side) is not None and not isinstance(getattr(kind(), name), tuple)
]


def of_type(kind: type, wanted: object) -> list[str]:
    return [name for name, hint in types_of(kind).items() if hint == wanted]


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_field_is_declared_with_words_for_people(kind: type, name: str) -> None:
    rule = rule_of(kind, name)
    assert rule.label.strip()
    assert rule.help.strip().endswith((".", ")"))


@pytest.mark.parametrize(("kind", "name"), FIELDS)
@pytest.mark.parametrize("wrong", [object(), [1], {"a": 1}, b"batch"])
def test_a_value_of_no_admitted_type_is_refused_by_name(kind: type, name: str, wrong: object) -> None:
    with pytest.raises(TypeError, match=f"{kind.__name__}.{name}"):
        kind(**{name: wrong})


@pytest.mark.parametrize("kind", PLAIN)
def test_true_is_no_number_and_one_is_no_truth_value(kind: type) -> None:
    for name in [*of_type(kind, int), *of_type(kind, float), *of_type(kind, int | None)]:
        with pytest.raises(TypeError, match=name):
            kind(**{name: True})
    for name in of_type(kind, bool):
        with pytest.raises(TypeError, match=name):
            kind(**{name: 1})


@pytest.mark.parametrize("kind", PLAIN)
def test_fractions_are_no_whole_numbers(kind: type) -> None:
    for name in of_type(kind, int):
        with pytest.raises(TypeError, match=name):
            kind(**{name: 3.0})


@pytest.mark.parametrize(("kind", "name", "value"), [(TrainingSpec, "learning_rate", 2), (TrainingSpec, "momentum", 0)])
def test_whole_numbers_become_floats_where_floats_are_asked(kind: type, name: str, value: int) -> None:
    kept = getattr(kind(**{name: value}), name)
    assert type(kept) is float
    assert kept == value


def test_whole_numbers_become_floats_in_ranges_too() -> None:
    kept = GridSpec(ranges=((-2, 3), (0, 1))).ranges
    assert [type(value) for ends in kept for value in ends] == [float] * 4


@pytest.mark.parametrize(("kind", "name", "side"), NUMBERS)
def test_the_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(kind: type, name: str, side: str) -> None:
    rule = rule_of(kind, name)
    end, outward = getattr(rule, side), {"low": -1, "high": 1}[side]
    is_float = types_of(kind)[name] is float
    at_end = float(end) if is_float else int(end)
    beyond = math.nextafter(at_end, outward * math.inf) if is_float else at_end + outward
    with pytest.raises(ValueError, match=name):
        kind(**{name: beyond})
    if side == "low" and rule.positive:
        with pytest.raises(ValueError, match="above"):
            kind(**{name: at_end})
    else:
        assert getattr(kind(**{name: at_end}), name) == at_end


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["learning_rate", "momentum", "weight_decay"])
def test_numbers_that_are_not_finite_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        TrainingSpec(**{name: value})


@pytest.mark.parametrize("bad", [(1.0, 1.0), (1.0, -1.0), (math.nan, 1.0), (-1.0, math.inf), (0.0,), (0.0, 1.0, 2.0)])
@pytest.mark.parametrize("place", [0, 1])
def test_ranges_run_forwards_and_have_two_ends(place: int, bad: tuple[float, ...]) -> None:
    pair = [(-1.0, 1.0), (-1.0, 1.0)]
    pair[place] = bad
    with pytest.raises(ValueError, match="ranges"):
        GridSpec(ranges=tuple(pair))


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, name in FIELDS if rule_of(kind, name).choices is not None]
)
def test_closed_choices_list_themselves(kind: type, name: str) -> None:
    choices = rule_of(kind, name).choices
    with pytest.raises(ValueError, match=", ".join(map(str, choices))):
        kind(**{name: "bogus"})
    assert all(getattr(kind(**{name: choice}), name) == choice for choice in choices)


def test_checkpoints_lie_within_the_run_and_hold_its_ends() -> None:
    with pytest.raises(ValueError, match="31"):
        TrainingSpec(steps=30, checkpoints=(5, 31))
    assert TrainingSpec(steps=30, checkpoints=(20, 5, 5)).checkpoint_steps == (0, 5, 20, 30)


@pytest.mark.parametrize(
    ("steps", "kept"),
    [(300, (0, 4, 9, 18, 37, 75, 150, 300)), (64, (0, 1, 2, 4, 8, 16, 32, 64)), (1, (0, 1)), (0, (0,))],
)
def test_checkpoints_by_default_are_the_halves_down_to_a_64th(steps: int, kept: tuple[int, ...]) -> None:
    assert TrainingSpec(steps=steps).checkpoint_steps == kept


@pytest.mark.parametrize("kind", [*PLAIN, RunSpec, Experiment])
def test_specs_are_frozen_and_hashable(kind: type) -> None:
    spec = kind()
    assert hash(spec) == hash(kind())
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(spec, dataclasses.fields(kind)[0].name, None)


def test_parts_of_a_run_must_be_specs_of_their_kind() -> None:
    with pytest.raises(TypeError, match="model"):
        RunSpec(model=DataSpec())
    with pytest.raises(TypeError, match="surface"):
        Experiment(surface=Display())


def test_paths_name_every_plain_field_and_read_and_replace_agree_with_them() -> None:
    run = RunSpec()
    found = {path: value for path, _, value in paths(run)}
    kinds = (DataSpec, GaussianSpec, ModelSpec, TrainingSpec, RunSpec)
    assert len(found) == sum("rule" in field.metadata for kind in kinds for field in dataclasses.fields(kind))
    assert all(read(run, path) == value for path, value in found.items())
    changed = replace_at(run, "model.width", 7)
    assert (changed.model.width, run.model.width) == (7, ModelSpec().width)
    with pytest.raises(ValueError, match="widht"):
        read(run, "model.widht")
    with pytest.raises(ValueError, match="widht"):
        replace_at(run, "model.widht", 7)
