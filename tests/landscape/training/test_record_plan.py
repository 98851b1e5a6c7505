"""Records take at most a tenth of the time of training, by a plan that the spec alone decides (A12)."""

import pytest

from normscape.landscape.training.record_plan import (
    FORWARD_SHARE,
    MIN_SAMPLES,
    OVERHEAD_ACTIVATIONS,
    PASS_SAMPLES,
    RECORDS,
    SHARE,
    record_cost,
    record_plan,
)
from normscape.specs import RunSpec, TrainingSpec

RESIDUAL, PERCEPTRON = 500_000, 800  # activations per sample


@pytest.mark.parametrize("steps", [100, 200, 1000, 20_000])
@pytest.mark.parametrize("batch_size", [64, 128])
@pytest.mark.parametrize("activations", [RESIDUAL, PERCEPTRON])
def test_records_take_at_most_a_tenth_of_the_time(steps: int, batch_size: int, activations: int) -> None:
    plan = record_plan(RunSpec(training=TrainingSpec(steps=steps)), activations=activations, batch_size=batch_size)
    overhead = OVERHEAD_ACTIVATIONS / activations
    records = sum(record_cost(plan.samples_at(step, steps), overhead) for step in plan.steps)
    if plan.samples > MIN_SAMPLES:
        assert FORWARD_SHARE * records <= SHARE * steps * (batch_size + overhead)


def test_the_last_record_has_the_most_samples() -> None:
    plan = record_plan(RunSpec(training=TrainingSpec(steps=200)), activations=RESIDUAL, batch_size=64)
    assert MIN_SAMPLES <= plan.samples < plan.samples_at(200, 200) < 2000
    assert plan.samples_at(100, 200) == plan.samples


def test_small_networks_are_recorded_often_and_in_full_at_the_end() -> None:
    plan = record_plan(RunSpec(training=TrainingSpec(steps=300)), activations=PERCEPTRON, batch_size=64)
    assert 15 <= len(plan.steps) <= RECORDS + 8
    assert plan.samples_at(300, 300) == 2000
    assert plan.samples == PASS_SAMPLES


@pytest.mark.parametrize("steps", [0, 1, 3, 64, 1000])
def test_every_checkpoint_is_recorded(steps: int) -> None:
    spec = RunSpec(training=TrainingSpec(steps=steps, checkpoints=(0, steps // 3)))
    plan = record_plan(spec, activations=RESIDUAL, batch_size=64)
    assert set(spec.checkpoint_steps) <= plan.steps
    assert max(plan.steps) == steps


def test_published_weights_are_recorded_on_all_requested_samples() -> None:
    plan = record_plan(RunSpec(weights="0" * 64), activations=RESIDUAL, batch_size=0)
    assert plan.steps == {0}
    assert plan.samples_at(0, 0) == 2000


def test_no_record_has_more_samples_than_requested() -> None:
    training = TrainingSpec(steps=1000, recorded_samples=30)
    plan = record_plan(RunSpec(training=training), activations=PERCEPTRON, batch_size=64)
    assert plan.samples == plan.final_samples == 30
