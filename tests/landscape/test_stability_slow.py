"""Gradient descent on a quadratic converges exactly below 2/λ_max: where it stops to is found by bisection."""

import pytest

from landscape import measure_sharpness, objective_of, train
from specs import SurfaceSpec
from tests.landscape.networks import small_run

pytestmark = pytest.mark.slow

STEPS = 500


def test_the_largest_rate_that_converges_is_two_over_the_sharpness_to_one_percent() -> None:
    shared = {"data": {"name": "gaussian", "size": 80}, "model": {"architecture": "deep-linear", "depth": 1}}
    shared |= {"optimizer": "gradient-descent", "momentum": 0.0}

    def converges(rate: float) -> bool:
        history = train(small_run("none", learning_rate=rate, steps=STEPS, **shared)).history
        return bool(history.train_loss[-1] < history.train_loss[0])

    start = train(small_run("none", steps=0, **shared))
    predicted = measure_sharpness(objective_of(start, SurfaceSpec(precision="float64"))).largest_stable_step
    low, high = predicted / 3, predicted * 3
    assert converges(low)
    assert not converges(high)
    while high / low > 1.002:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if converges(middle) else (low, middle)
    assert low == pytest.approx(predicted, rel=0.01)
