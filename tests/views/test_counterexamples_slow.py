"""Every counterexample shows what its sentence says (A15)."""

from dataclasses import replace

import pytest

from normscape.landscape import measure_scale_free_sharpness, measure_sharpness, objective_of, train
from normscape.landscape.analysis.descent import measure_descent
from normscape.landscape.analysis.gradient_growth import measure_gradient_growth
from normscape.landscape.smoothness import measure_smoothness
from normscape.specs import EvaluationSpec
from normscape.views.analysis.counterexamples import COUNTEREXAMPLES

pytestmark = pytest.mark.slow

BY_TITLE = {one.title: one.experiment for one in COUNTEREXAMPLES}


def measured(title: str, measure) -> list:
    """The result of `measure(run, evaluation)` for each compared network."""
    return [measure(train(run), surface.evaluation) for run, surface in BY_TITLE[title].variants().values()]


def sharpness(run, evaluation) -> float:
    return measure_sharpness(objective_of(run, evaluation)).value


def test_gradients_of_a_deep_plain_network_grow_with_batch_norm_and_not_without() -> None:
    title = "A deep plain network at initialization"
    none, batch = measured(
        title, lambda run, evaluation: measure_gradient_growth(objective_of(run, evaluation)).per_layer
    )
    assert none == pytest.approx(1.0, abs=0.06)
    assert batch == pytest.approx(1.211, abs=0.04)


def test_before_training_the_deep_linear_networks_gradient_turns_faster_with_batch_norm() -> None:
    title = "The deep linear network before training"
    none, batch = measured(title, lambda run, _: measure_smoothness(run, EvaluationSpec(checkpoint=0)).along.smoothness)
    assert batch > 2 * none


def test_a_shallow_network_is_sharper_with_batch_norm_before_training() -> None:
    none, batch = measured(
        "A shallow network", lambda run, evaluation: measure_sharpness(objective_of(run, evaluation)).value
    )
    assert batch > 1.5 * none


def test_with_torchs_initialization_the_longer_step_is_that_without_batch_norm() -> None:
    title = "A residual network with torch's default initialization"
    none, batch = measured(
        title, lambda run, evaluation: measure_descent(objective_of(run, evaluation)).measured_largest_step
    )
    assert none > 3 * batch


def test_small_weights_make_lambda_max_large_and_more_so_than_its_scale_free_form_d8() -> None:
    title = "The scale of the weights"
    raw = measured(title, sharpness)
    free = measured(title, lambda run, evaluation: measure_scale_free_sharpness(objective_of(run, evaluation)).value)
    assert raw == sorted(raw)
    assert raw[-1] / raw[0] > 3 * free[-1] / free[0]


def test_gradient_descent_goes_to_where_two_over_lambda_max_is_its_rate() -> None:
    def edges(run, evaluation) -> list[float]:
        half = run.spec.training.learning_rate / 2
        steps = run.spec.checkpoint_steps[-3:]
        objectives = (objective_of(run, replace(evaluation, checkpoint=step)) for step in steps)
        return [half * measure_sharpness(objective).value for objective in objectives]

    none, _ = measured("The edge of stability", edges)
    assert none == pytest.approx([1.0, 1.0, 1.0], abs=0.2)
