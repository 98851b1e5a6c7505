"""Which fields of a spec have no effect, each with its reason."""

from dataclasses import fields

import pytest

from normscape.specs import DataSpec, Experiment, RunSpec, SurfaceSpec, TrainingSpec
from normscape.specs.fields import read
from normscape.specs.idle_fields import DETAILS, idle_surface_fields
from normscape.specs.run import OPTIMIZERS
from normscape.specs.surface import DIRECTIONS, STATISTICS


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_only_gradient_descent_ignores_the_batch_size(optimizer: str) -> None:
    assert set(TrainingSpec(optimizer=optimizer).idle_fields()) == (
        {"batch_size"} if optimizer == "gradient-descent" else set()
    )


def test_published_weights_replace_training_and_initial_weights() -> None:
    idle = RunSpec(weights="0" * 64).idle_fields()
    trained = {f"training.{field.name}" for field in fields(TrainingSpec)} - {"training.recorded_samples"}
    assert set(idle) == trained | {"model.initialization", "data.shift", "data.deviation"}
    assert all("published weights" in idle[name] for name in trained)


def test_a_run_has_the_idle_fields_of_its_data_and_its_training() -> None:
    run = RunSpec(DataSpec(scaling="given"), training=TrainingSpec(optimizer="gradient-descent"))
    assert set(run.idle_fields()) == {"training.batch_size"}
    assert set(RunSpec().idle_fields()) == {"data.shift", "data.deviation"}


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("directions", DIRECTIONS)
def test_a_surface_uses_its_batch_size_and_its_checkpoints_for_one_choice_each(
    statistics: str, directions: str
) -> None:
    idle = idle_surface_fields(SurfaceSpec(statistics=statistics, directions=directions))
    assert ("batch_size" in idle) == (statistics != "batch")
    assert ("through" in idle) == (directions != "checkpoints")


@pytest.mark.parametrize("path", DETAILS)
def test_details_are_fields_of_an_experiment(path: str) -> None:
    assert read(Experiment(), path) is not None
