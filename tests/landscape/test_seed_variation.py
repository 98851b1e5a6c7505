"""Spreads over seeds: mean, sample standard deviation and ends of the finite values; scalars of a surface."""

import math
import statistics

import numpy as np
import pytest

from normscape.landscape import (
    Spread,
    measure_scale_free_sharpness,
    measure_sharpness,
    measure_surface,
    objective_of,
    spreads_of,
    train,
)
from normscape.landscape.seed_variation import scalars_of
from tests.landscape.networks import grid, small_run


def test_spread_matches_statistics_module() -> None:
    values = (3.0, 5.0, 4.5, 9.0)
    spread = Spread(values)
    assert spread.mean == pytest.approx(statistics.mean(values))
    assert spread.deviation == pytest.approx(statistics.stdev(values))
    assert spread.ends == (3, 9)


def test_non_finite_values_are_left_out_and_one_value_has_no_deviation() -> None:
    spread = Spread((2.0, math.nan, math.inf))
    assert spread.mean == 2
    assert math.isnan(spread.deviation)
    assert np.isnan([Spread(()).mean, *Spread((math.nan,)).ends]).all()


def test_scalars_match_the_surface() -> None:
    run = train(small_run())
    surface = measure_surface(run, grid(3, 3, checkpoint=10))
    objective = objective_of(run, surface.spec.evaluation)
    scalars = scalars_of(run, surface, measure_sharpness(objective), measure_scale_free_sharpness(objective))
    record = run.history.at(10)
    assert (scalars["Training loss"], scalars["Held-out accuracy"]) == (record.train_loss, record.held_out_accuracy)
    assert scalars[r"$\|\theta\|$"] == pytest.approx(objective.theta.norm().item())
    assert scalars[r"$\lambda_{\max}$"] * scalars[r"$2/\lambda_{\max}$"] == pytest.approx(2)
    assert scalars["Loss at the center"] == surface.loss[1, 1]
    assert scalars[r"$L \ge$, between neighbors"] == max(surface.across.max(), surface.along.max())
    assert scalars["In-plane ratio up to"] == surface.in_plane_ratio.max()
    assert all(math.isfinite(value) for value in scalars.values())


def test_missing_scalar_is_nan() -> None:
    spreads = spreads_of([{"a": 1.0, "b": 2.0}, {}, {"a": 3.0}])
    assert spreads["a"].finite.tolist() == [1, 3]
    assert len(spreads["b"].values) == 3
    assert spreads_of([]) == {}
