"""Fields without effect on all compared networks, and refused combinations, each with a reason."""

import pytest

from normscape.models import ARCHITECTURES, NORMALIZATIONS
from normscape.specs import (
    DataSpec,
    EvaluationSpec,
    Experiment,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)
from normscape.views.session.limits import hidden, refused, unused


def model(compare: str = "run.training.seed", values: tuple = (0,), **choices) -> Experiment:
    return Experiment(RunSpec(model=ModelSpec(**choices)), compare=compare, values=values)


@pytest.mark.parametrize("name", NORMALIZATIONS)
def test_normalizations_give_the_reasons_of_their_idle_fields(name: str) -> None:
    experiment = model(architecture="residual", norm=name)
    for field in ("affine", "averaging", "placement", "shortcut"):
        assert unused(experiment, f"run.model.{field}") == NORMALIZATIONS[name].idle.get(field)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_architectures_give_the_reasons_of_their_idle_fields(name: str) -> None:
    for field in ("activation", "shortcut", "depth"):
        assert unused(model(architecture=name), f"run.model.{field}") == ARCHITECTURES[name].idle.get(field)


def test_a_field_with_an_effect_on_one_compared_network_is_not_idle() -> None:
    assert unused(model("run.model.norm", ("none", "batch")), "run.model.affine") is None
    assert unused(model("run.model.norm", ("none", "weight")), "run.model.placement") is not None
    assert unused(model("run.model.norm", ("none", "batch")), "run.model.norm") is not None


def test_training_and_statistics_give_theirs() -> None:
    descent = Experiment(RunSpec(training=TrainingSpec(optimizer="gradient-descent")))
    assert "all samples" in str(unused(descent, "run.training.batch_size"))
    assert unused(Experiment(), "run.training.batch_size") is None
    assert unused(Experiment(), "surface.evaluation.batch_size") is not None
    assert (
        unused(Experiment(surface=SurfaceSpec(EvaluationSpec(statistics="batch"))), "surface.evaluation.batch_size")
        is None
    )
    published = Experiment(RunSpec(weights="0" * 64))
    assert "published weights" in str(unused(published, "run.training.steps"))
    assert unused(published, "run.training.recorded_samples") is None


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("run.data.gaussian.noise", Experiment(RunSpec(DataSpec(name="gaussian")))),
        ("run.data.gaussian.noise", Experiment(compare="run.data.name", values=("digits", "gaussian"))),
        ("run.data.shift", Experiment(RunSpec(DataSpec(scaling="given")))),
        ("run.data.deviation", Experiment(compare="run.data.scaling", values=("raw", "given"))),
        ("surface.plane.through", Experiment(surface=SurfaceSpec(plane=PlaneSpec("checkpoints")))),
        ("surface.plane.trainings", Experiment(surface=SurfaceSpec(plane=PlaneSpec("checkpoints")))),
    ],
)
def test_details_are_hidden_unless_a_compared_network_uses_them(path: str, shown: Experiment) -> None:
    assert hidden(Experiment(), path)
    assert not hidden(shown, path)
    assert not hidden(Experiment(), "run.data.name")


def test_instance_norm_is_refused_where_layers_see_vectors() -> None:
    assert "positions" in str(refused(model(), "run.model.norm", "instance"))
    assert refused(model(architecture="residual", depth=8), "run.model.norm", "instance") is None
