"""Which fields of a spec have no effect, each with its reason."""

from dataclasses import fields

import pytest

from normscape.specs import DataSpec, EvaluationSpec, Experiment, ModelSpec, PlaneSpec, RunSpec, TrainingSpec
from normscape.specs.evaluation import STATISTICS
from normscape.specs.experiment import DETAILS
from normscape.specs.fields import effective, read, with_defaults
from normscape.specs.run import OPTIMIZERS
from normscape.specs.surface import DIRECTIONS


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_only_gradient_descent_ignores_the_batch_size(optimizer: str) -> None:
    assert set(TrainingSpec(optimizer=optimizer).idle_fields()) == (
        {"batch_size"} if optimizer == "gradient-descent" else set()
    )


def test_published_weights_replace_training_and_initial_weights() -> None:
    idle = RunSpec(weights="0" * 64).idle_fields()
    trained = {f"training.{field.name}" for field in fields(TrainingSpec)} - {"training.recorded_samples"}
    assert set(idle) == trained | {"model.initialization", "data.shift", "data.deviation", "data.take"}
    assert all("published weights" in idle[name] for name in trained)


def test_a_run_has_the_idle_fields_of_its_data_and_its_training() -> None:
    run = RunSpec(DataSpec(scaling="given"), training=TrainingSpec(optimizer="gradient-descent"))
    assert set(run.idle_fields()) == {"training.batch_size", "data.take"}
    assert set(RunSpec().idle_fields()) == {"data.shift", "data.deviation", "data.take"}
    assert "data.take" not in RunSpec(DataSpec(size=100)).idle_fields()


@pytest.mark.parametrize("statistics", STATISTICS)
def test_only_mini_batch_statistics_use_the_batch_size(statistics: str) -> None:
    assert ("batch_size" in EvaluationSpec(statistics=statistics).idle_fields()) == (statistics != "batch")


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_only_planes_through_checkpoints_use_them(directions: str) -> None:
    for name in ("through", "trainings", "others"):
        assert (name in PlaneSpec(directions).idle_fields()) == (directions != "checkpoints")


@pytest.mark.parametrize("directions", ["hessian", "hessian-ends", "trajectory"])
def test_directions_of_unit_length_are_neither_drawn_nor_scaled(directions: str) -> None:
    idle = PlaneSpec(directions).idle_fields()
    assert set(idle) == {"through", "trainings", "others", "scaling", "orthogonal", "seed"}
    assert PlaneSpec(directions, scaling="layer", seed=3) != PlaneSpec(directions)
    assert effective(PlaneSpec(directions, scaling="layer", seed=3)) == PlaneSpec(directions)


def test_an_effective_spec_has_its_idle_fields_at_their_defaults() -> None:
    training = TrainingSpec("gradient-descent", learning_rate=0.5, batch_size=7)
    run = RunSpec(DataSpec(shift=(3.0,)), ModelSpec(width=9), training)
    assert effective(run) == RunSpec(
        DataSpec(), ModelSpec(width=9), TrainingSpec("gradient-descent", learning_rate=0.5)
    )
    published = RunSpec(training=TrainingSpec(steps=9, recorded_samples=50), weights="0" * 64)
    assert effective(published) == RunSpec(training=TrainingSpec(recorded_samples=50), weights="0" * 64)


def test_defaults_are_set_at_paths_and_leave_the_rest() -> None:
    run = RunSpec(DataSpec("spirals", size=99, seed=4), training=TrainingSpec(steps=7))
    assert with_defaults(run, ("data.size", "data.gaussian")) == RunSpec(
        DataSpec("spirals", seed=4), training=TrainingSpec(steps=7)
    )
    assert with_defaults(run, ()) is run


@pytest.mark.parametrize("path", DETAILS)
def test_details_are_fields_of_an_experiment(path: str) -> None:
    assert read(Experiment(), path) is not None
