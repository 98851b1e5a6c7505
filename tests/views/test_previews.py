"""Which earlier checkpoints are drawn while a network trains."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from normscape.figures.training import Training
from normscape.landscape import Objective, measure_surface
from normscape.specs import (
    Display,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)
from normscape.views.session.previews import early_stages, early_steps, is_drawable, loss_stages
from normscape.views.texts import surface as texts
from tests.landscape.networks import grid, network, samples

SURFACE = SurfaceSpec(EvaluationSpec(checkpoint=200), PlaneSpec(), GridSpec((17, 17)))
RUN = RunSpec(training=TrainingSpec(steps=200))


def test_the_first_checkpoint_and_that_at_half_come_before_the_last() -> None:
    assert early_steps(RUN, SURFACE) == (0, 100)


@pytest.mark.parametrize(("checkpoint", "expected"), [(0, ()), (50, (0,)), (100, (0,)), (None, (0, 100))])
def test_only_checkpoints_before_the_experiments_own_are_drawn(checkpoint: int | None, expected: tuple) -> None:
    surface = replace(SURFACE, evaluation=replace(SURFACE.evaluation, checkpoint=checkpoint))
    assert early_steps(RUN, surface) == expected


def test_published_weights_and_planes_of_checkpoints_have_no_earlier_surfaces() -> None:
    assert early_steps(RunSpec(weights="0" * 64), SurfaceSpec(EvaluationSpec(checkpoint=0))) == ()
    through = replace(SURFACE, plane=PlaneSpec(directions="checkpoints", through=(0,)))
    assert early_steps(RUN, through) == ()


def test_stages_have_five_points_a_side_before_and_up_to_seventeen_after_training() -> None:
    early, losses = early_stages([(RUN, SURFACE)]), loss_stages([(RUN, SURFACE)])
    assert [sorted(job.kind for job in stage.jobs) for stage in early] == [["losses", "plane"]] * 2
    sides = [job.question.grid.points for stage in (*early, *losses) for job in stage.jobs if job.kind == "losses"]
    assert sides == [(5, 5), (5, 5), (3, 3), (5, 5), (9, 9), (17, 17)]
    assert all(job.checkpoint in (0, 100) for stage in early for job in stage.jobs)


def test_drafts_have_the_coarsest_level_in_the_own_precision_too() -> None:
    stages = loss_stages([(RUN, SURFACE)], draft=True)
    questions = [job.question for stage in stages for job in stage.jobs]
    assert {job.kind for stage in stages for job in stage.jobs} == {"losses"}
    assert [(one.evaluation.precision, one.grid.points[0]) for one in questions] == [
        ("bfloat16", 3),
        ("float32", 3),
        ("bfloat16", 5),
        ("bfloat16", 9),
        ("bfloat16", 17),
    ]
    assert "surface" not in {job.kind for stage in stages for job in stage.jobs}  # nothing else is in bfloat16


def test_no_network_needs_no_stage() -> None:
    assert early_stages([]) == loss_stages([]) == ()


@pytest.mark.parametrize(
    ("metric", "expected"), [("loss", False), ("accuracy", False), ("gradient-change-ratio", True)]
)
def test_loss_and_accuracy_need_no_gradient(metric: str, expected: bool) -> None:
    assert Display(metric).needs_gradients is expected


def test_a_few_points_of_a_first_level_are_not_drawn() -> None:
    objective = Objective(network(), *samples())
    surface = measure_surface(objective, grid(3, 3))
    some = surface.evaluated.copy()
    some[1:] = False
    assert is_drawable(surface, whole=True)
    assert is_drawable(None, whole=True)  # a network that diverged
    begun = replace(surface, evaluated=some)
    assert not is_drawable(begun, whole=True)
    assert not is_drawable(begun, whole=False)
    some = surface.evaluated.copy()
    some[2:] = False
    assert is_drawable(replace(surface, evaluated=some), whole=False)


def test_what_is_computed_is_said_before_anything_is_measured() -> None:
    experiment = Experiment(run=RunSpec(model=ModelSpec(architecture="convolutional")))
    labels = list(experiment.variants())
    waiting = {label: Training(np.zeros(0), 150) for label in labels}
    state = SimpleNamespace(trainings=waiting, levels=(GridSpec((3, 3)), GridSpec((9, 9))))
    assert texts.computing(experiment, state) == (
        "**Training: 150 steps of each convolutional network on Digits.** Then follow the loss on a grid of at most "
        r"9×9 points, and then $\lambda_{\max}$. The comparison appears here."
    )
    state.trainings = {label: Training(np.ones(150), 150) for label in labels}
    assert texts.computing(experiment, state).startswith("**Computing the loss on a grid of at most 9×9 points")
