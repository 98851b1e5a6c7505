"""Addresses: what differs from the default, and back, with a note for everything that cannot be used."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings

from normscape.specs import Display, Experiment, ModelSpec, RunSpec, TrainingSpec, from_query, to_query
from tests.flat import surface_spec
from tests.specs.experiments import NAMES, REPEATABLE, experiments

DEFAULT = Experiment()


@given(experiments())
@settings(REPEATABLE, max_examples=60)
def test_any_experiment_comes_back_from_its_query(spec: Experiment) -> None:
    assert from_query(to_query(spec, DEFAULT), DEFAULT, NAMES) == (spec, ())


@given(experiments())
@settings(REPEATABLE, max_examples=50)
def test_a_query_survives_an_address(spec: Experiment) -> None:
    query = to_query(spec, DEFAULT)
    address = urlencode(query)
    assert from_query(dict(parse_qsl(address)), DEFAULT, NAMES) == (spec, ())


@given(experiments())
@settings(REPEATABLE, max_examples=50)
def test_a_query_turns_another_default_into_the_spec_too(default: Experiment) -> None:
    assert from_query(to_query(DEFAULT, default), default, NAMES) == (DEFAULT, ())


def test_an_earlier_checkpoint_and_fewer_steps_come_back_together() -> None:
    default = Experiment(RunSpec(training=TrainingSpec(steps=300, checkpoints=(100,))))
    spec = Experiment(RunSpec(training=TrainingSpec(steps=50, checkpoints=(10,))))
    assert from_query(to_query(spec, default), default, NAMES) == (spec, ())


def test_the_default_has_an_empty_query_and_an_empty_query_is_the_default() -> None:
    assert to_query(DEFAULT, DEFAULT) == {}
    assert from_query({}, DEFAULT, NAMES) == (DEFAULT, ())
    assert to_query(Display(), Display()) == {}


def test_entries_are_readable() -> None:
    spec = Experiment(
        RunSpec(model=ModelSpec(affine=False), training=TrainingSpec(learning_rate=0.1, checkpoints=(1, 2))),
        surface_spec(range_alpha=(-0.5, 2.0), checkpoint=0),
        compare="run.model.placement",
        values=("before", "after"),
    )
    assert to_query(spec, DEFAULT) == {
        "model.affine": "off",
        "training.learning_rate": "0.1",
        "training.checkpoints": "1,2",
        "evaluation.checkpoint": "0",
        "grid.ranges": "-0.5,2.0,-1.0,1.0",
        "compare": "model.placement",
        "values": "before,after",
    }


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("model.width", "wide"),
        ("model.width", "0"),
        ("model.width", "1.5"),
        ("model.width", ""),
        ("model.affine", "True"),
        ("model.affine", "1"),
        ("model.norm", "bacth"),
        ("model.placement", "inside"),
        ("model.architecture", "transfromer"),
        ("model.activation", "swish"),
        ("model.initialization", "xavier"),
        ("data.name", "mnits"),
        ("evaluation.precision", "bfloat16"),
        ("data.size", "3"),
        ("training.learning_rate", "nan"),
        ("training.learning_rate", "1e999"),
        ("training.learning_rate", "-1"),
        ("training.checkpoints", "1,x"),
        ("training.checkpoints", "301"),
        ("training.seed", "-1"),
        ("grid.ranges", "1,-1,0,1"),
        ("grid.ranges", "1"),
        ("grid.ranges", "0,1,2"),
        ("grid.ranges", "0,1,2,3,4,5"),
        ("grid.ranges", "0,x,0,1"),
        ("evaluation.statistics", "sample"),
        ("evaluation.checkpoint", "last"),
        ("grid.points", "1002,3"),
        ("grid.points", "3"),
        ("plane.through", "1,1"),
        ("compare", "surface.points_alpha"),
        ("compare", "grid"),
        ("compare", "bogus"),
        ("values", "bogus"),
    ],
)
def test_a_bad_entry_leaves_the_default_and_one_note(key: str, text: str) -> None:
    spec, notes = from_query({key: text}, DEFAULT, NAMES)
    assert spec == DEFAULT
    assert len(notes) == 1
    assert key.rsplit(".")[-1] in notes[0] or text in notes[0]


@pytest.mark.parametrize("key", ["model.norm", "model.architecture", "model.activation", "data.name"])
def test_an_unknown_name_is_answered_with_the_known_ones(key: str) -> None:
    registry = {"norm": "normalizations", "name": "data"}.get(key.split(".")[1], f"{key.split('.')[1]}s")
    _, (note,) = from_query({key: "bogus"}, DEFAULT, NAMES)
    assert all(name in note for name in NAMES[registry])


def test_one_bad_entry_does_not_spoil_the_good_ones() -> None:
    spec, notes = from_query({"model.width": "x", "model.depth": "3", "training.steps": "-1"}, DEFAULT, NAMES)
    assert spec == Experiment(RunSpec(model=ModelSpec(depth=3)))
    assert len(notes) == 2


def test_one_bad_compared_value_does_not_spoil_the_good_ones() -> None:
    spec, notes = from_query({"compare": "model.norm", "values": "layer,bacth,none"}, DEFAULT, NAMES)
    assert spec.values == ("layer", "none")
    assert len(notes) == 1
    assert "bacth" in notes[0]


def test_more_than_eight_values_are_cut_with_a_note() -> None:
    query = {"compare": "model.width", "values": ",".join(map(str, range(1, 11)))}
    spec, notes = from_query(query, DEFAULT, NAMES)
    assert spec.values == tuple(range(1, 9))
    assert len(notes) == 1
    assert "10" in notes[0]


def test_comparing_another_field_without_values_compares_its_present_one() -> None:
    spec, notes = from_query({"compare": "training.seed", "training.seed": "4"}, DEFAULT, NAMES)
    assert (spec.compare, spec.values, notes) == ("run.training.seed", (4,), ())


def test_entries_of_other_specs_are_left_alone() -> None:
    assert from_query({"metric": "accuracy", "utm_source": "x"}, DEFAULT, NAMES) == (DEFAULT, ())
    assert from_query({"metric": "accuracy", "model.width": "x"}, Display(), NAMES) == (Display(metric="accuracy"), ())


def test_a_camera_comes_back_from_an_address() -> None:
    display = Display(camera=(0.5, -1.25, 2.0, 0.0, 0.0, -0.125))
    query = to_query(display, Display())
    assert list(query) == ["camera"]
    assert from_query(query, Display(), NAMES) == (display, ())


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,4,5,x", "1,1,1,1,1,1", "1e9,0,0,0,0,0", "nan,0,0,0,0,0"])
def test_a_camera_that_cannot_be_used_is_put_aside_with_a_note(text: str) -> None:
    display, notes = from_query({"camera": text}, Display(), NAMES)
    assert display == Display()
    assert len(notes) == 1
    assert "camera" in notes[0]


@pytest.mark.parametrize("point", [None, (0.5, -0.25)])
def test_a_point_comes_back_from_an_address(point: tuple[float, float] | None) -> None:
    assert from_query(to_query(Display(point=point), Display()), Display(), NAMES) == (Display(point=point), ())


@pytest.mark.parametrize("text", ["1", "1,2,3", "x,1", "inf,0"])
def test_a_point_that_cannot_be_used_is_put_aside_with_a_note(text: str) -> None:
    display, notes = from_query({"point": text}, Display(), NAMES)
    assert display == Display()
    assert len(notes) == 1


def test_compared_grids_come_back_with_semicolons_between_them() -> None:
    spec = Experiment(compare="surface.grid.points", values=((9, 9), (17, 33)))
    query = to_query(spec, DEFAULT)
    assert query == {"compare": "grid.points", "values": "9,9;17,33"}
    assert from_query(query, DEFAULT, NAMES) == (spec, ())


def test_an_empty_tuple_among_compared_values_comes_back() -> None:
    spec = Experiment(compare="run.training.checkpoints", values=((), (10, 20)))
    assert from_query(to_query(spec, DEFAULT), DEFAULT, NAMES) == (spec, ())
