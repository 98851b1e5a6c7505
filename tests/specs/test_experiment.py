"""One field is compared and everything else is equal (D4)."""

from typing import Any

import pytest
from hypothesis import given, settings

from normscape.specs import EvaluationSpec, Experiment, GridSpec, RunSpec, SurfaceSpec, TrainingSpec
from normscape.specs.experiment import MOST_VALUES, comparable_paths, label
from normscape.specs.fields import paths, read, rule_at
from tests.specs.experiments import REPEATABLE, experiments

CHECKPOINT = "surface.evaluation.checkpoint"


@given(experiments())
@settings(REPEATABLE, max_examples=60)
def test_variants_differ_in_the_compared_field_and_in_nothing_else_d4(spec: Experiment) -> None:
    variants = spec.variants()
    assert len(variants) == len(spec.values)  # labels are unique
    for value, (run, surface) in zip(spec.values, variants.values(), strict=True):
        whole = Experiment(run, surface, spec.compare, spec.values)
        named = run.checkpoint_steps[-1]  # where the experiment leaves the checkpoint open
        expected = {path: read(spec, path) for path, _, _ in paths(spec)} | {spec.compare: value}
        if expected[CHECKPOINT] is None:
            expected[CHECKPOINT] = named
        assert {path: read(whole, path) for path in expected} == expected


@pytest.mark.parametrize("path", comparable_paths())
def test_every_comparable_path_can_be_compared(path: str) -> None:
    value = read(Experiment(), path)
    (label,) = Experiment(compare=path, values=(value,)).variants()
    assert label.strip() == label != ""


def test_every_field_of_a_run_and_of_a_surface_can_be_compared() -> None:
    every = {path for path, _, _ in paths(Experiment()) if path not in ("compare", "values")}
    assert every == set(comparable_paths())


def test_grids_can_be_compared() -> None:
    experiment = Experiment(compare="surface.grid.points", values=((9, 9), (17, 17)))
    grids = [surface.grid for _, surface in experiment.variants().values()]
    assert grids == [GridSpec((9, 9)), GridSpec((17, 17))]
    assert list(experiment.variants()) == ["Points 9, 9", "Points 17, 17"]


@pytest.mark.parametrize("path", ["surface.grid", "run.model", "model.norm", "compare", "", "run.model.nrom"])
def test_what_cannot_be_compared_is_refused_with_what_can(path: str) -> None:
    with pytest.raises(ValueError, match=r"run\.model\.norm"):
        Experiment(compare=path, values=(1,))


def test_one_to_eight_values_and_no_more() -> None:
    assert len(Experiment(compare="run.model.width", values=range(1, MOST_VALUES + 1)).values) == MOST_VALUES == 8
    for values in ((), tuple(range(1, 10))):
        with pytest.raises(ValueError, match=rf"^{len(values)} values"):
            Experiment(compare="run.model.width", values=values)


def test_values_are_of_the_fields_type_and_within_its_range() -> None:
    with pytest.raises(TypeError, match="affine"):
        Experiment(compare="run.model.affine", values=("on",))
    with pytest.raises(ValueError, match="width"):
        Experiment(compare="run.model.width", values=(0,))
    kept = Experiment(compare="run.training.learning_rate", values=[1, 0.5]).values
    assert [type(value) for value in kept] == [float, float]


@pytest.mark.parametrize(("path", "twice"), [("run.model.norm", ("batch",) * 2), ("run.training.momentum", (0, 0.0))])
def test_a_value_twice_is_refused(path: str, twice: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="twice"):
        Experiment(compare=path, values=twice)


def test_a_bare_name_is_not_taken_for_its_letters() -> None:
    with pytest.raises(TypeError, match="values"):
        Experiment(values="bach")  # four letters, all different: 'b', 'a', 'c', 'h' are no normalizations


def test_values_that_do_not_fit_the_rest_of_the_run_are_refused() -> None:
    run = RunSpec(training=TrainingSpec(steps=100, checkpoints=(50,)))
    with pytest.raises(ValueError, match=r"50.*10"):
        Experiment(run, compare="run.training.steps", values=(100, 10))


@pytest.mark.parametrize(
    ("path", "values", "labels"),
    [
        ("run.model.norm", ("none", "batch"), ["No normalization", "Batch norm"]),
        ("run.model.affine", (True, False), ["Learned scale and shift on", "Learned scale and shift off"]),
        ("run.training.learning_rate", (0.1, 1), ["Learning rate 0.1", "Learning rate 1"]),
        ("surface.evaluation.checkpoint", (None, 0), ["Checkpoint default", "Checkpoint 0"]),
    ],
)
def test_labels_are_words_in_the_order_of_the_values(path: str, values: tuple[Any, ...], labels: list[str]) -> None:
    assert list(Experiment(compare=path, values=values).variants()) == labels


def test_the_default_experiment_compares_none_and_batch_on_one_plane_d4() -> None:
    (_, (plain, one)), (_, (normed, other)) = Experiment().variants().items()
    assert (plain.model.norm, normed.model.norm) == ("none", "batch")
    assert one == other == SurfaceSpec(EvaluationSpec(checkpoint=300))
    assert plain.training == normed.training


def test_a_choice_among_words_names_its_networks_for_people() -> None:
    spec = Experiment()
    for path in comparable_paths():
        choices = rule_at(spec, path).choices
        if choices and path not in ("run.data.name", "surface.evaluation.precision", "surface.plane.trainings"):
            named = [label(path, choice) for choice in choices]
            assert len(set(named)) == len(choices)
            assert not [name for name in named if name.startswith(rule_at(spec, path).label)], path
