"""A1 and A2 on quadratics and a kink, against closed forms, and on networks, against plain evaluation."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective
from normscape.landscape.analysis import descent as module
from normscape.landscape.analysis.descent import SEGMENT_POINTS, Segment, measure_descent
from tests.landscape.networks import network, objective_from_function, quadratic, samples, symmetric_matrix


def test_descent_matches_closed_form_for_quadratic_a1_a2() -> None:
    hessian, _ = symmetric_matrix([4.0, 1.0, 0.25])
    theta = np.array([1.0, -2.0, 3.0])
    found = measure_descent(quadratic(hessian, theta))
    line, g = found.along_gradient, hessian @ theta
    assert line.length == pytest.approx(np.linalg.norm(g), rel=1e-12)
    assert line.slope == pytest.approx(-(g @ g), rel=1e-12)
    lipschitz = np.linalg.norm(hessian @ g) / np.linalg.norm(g)
    np.testing.assert_allclose(line.lipschitz, lipschitz, rtol=1e-9)
    curve = g @ hessian @ g
    np.testing.assert_allclose(line.rest, 0.5 * line.s**2 * curve, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(line.used[1:], curve / (lipschitz * (g @ g)), rtol=1e-9)
    np.testing.assert_allclose(found.estimated_decrease, (line.s - 0.5 * lipschitz * line.s**2) * (g @ g), atol=1e-9)
    spacing = np.diff(line.s).max()
    assert found.estimated_best_step == pytest.approx(1 / lipschitz, abs=spacing)
    assert found.measured_best_step == pytest.approx(g @ g / curve, abs=spacing)
    assert found.estimated_largest_step == pytest.approx(2 / lipschitz, abs=spacing)
    assert found.measured_largest_step == pytest.approx(2 * (g @ g) / curve, abs=spacing)
    assert not found.beyond_range
    assert not any(segment.fails.any() for segment in found.segments)


def test_inequality_is_equality_along_eigenvector_a1() -> None:
    hessian, vectors = symmetric_matrix([3.0, 1.0])
    found = measure_descent(quadratic(hessian, 2 * vectors[:, 0]))
    np.testing.assert_allclose(found.along_gradient.used[1:], 1.0, rtol=1e-9)
    assert not found.along_gradient.fails.any()


def test_integral_matches_rise_above_tangent_with_order_of_simpson_a1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    objective = objective_from_function(lambda t: torch.exp(t).sum(1), np.array([0.3, -0.2]))
    errors = []
    for points in (33, 65, 129):
        monkeypatch.setattr(module, "SEGMENT_POINTS", points)
        line = measure_descent(objective).along_gradient
        errors.append(np.abs(line.rest - (line.loss - line.tangent)).max())
    # the cumulative rule has order h⁴, one less than Simpson's rule, because half its intervals end at odd points
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(16, rel=0.15)


def test_sampled_constant_jumps_at_a_kink_d7() -> None:
    """The gradient of f = |θ - 1| + 0.1 (θ - 1)² changes by 0.2 per unit length, and by 2 at the kink."""
    objective = objective_from_function(lambda t: ((t - 1.0).abs() + 0.1 * (t - 1.0).square()).sum(1), np.array([1.5]))
    line = measure_descent(objective).along_gradient
    beyond = int(np.flatnonzero(line.step > 0.5)[0])
    np.testing.assert_allclose(line.lipschitz[:beyond], 0.2, rtol=1e-6)
    at = line.step[beyond]
    assert line.lipschitz[beyond] == pytest.approx((2 + 0.2 * at) / at, rel=1e-9)
    assert not line.fails.any()


def test_failures_of_the_inequality_are_located_a1() -> None:
    """A loss with a kink between samples rises where its sampled gradients predict a decrease."""
    s = np.array([0.0, 1.0, 2.0])
    turn = np.array([0.0, 0.5, 1.0])
    line = Segment("random", s, 1.0, -1.0, np.array([1.0, 0.5, 1.5]), np.array([np.nan, 0.5, 0.5]), turn, 1e-9)
    np.testing.assert_allclose(line.bound, [1.0, 0.25, 0.0])
    np.testing.assert_array_equal(line.fails, [False, True, True])
    np.testing.assert_allclose(line.used[1:], [0.5 / 0.25, 2.5 / 1.0])
    np.testing.assert_allclose(line.rest, [0.0, 0.25, 1.0])


@pytest.mark.parametrize("statistics", ["population", "running"])
def test_losses_and_steps_match_plain_evaluation(statistics: str) -> None:
    x, y = samples()
    objective = Objective(network("batch", activation="tanh"), x, y, statistics=statistics)
    found = measure_descent(objective)
    g = objective.gradient(objective.theta)
    line = found.along_gradient
    for k in (0, 5, SEGMENT_POINTS - 1):
        point = objective.theta - line.s[k] * g
        assert line.loss[k] == pytest.approx(float(objective.loss(point)), rel=1e-10)
    assert [segment.kind for segment in found.segments] == ["gradient", "random", "random"]
    for segment in found.segments[1:]:
        assert segment.step[-1] == pytest.approx(line.step[-1], rel=1e-9)
    measured = line.s[1:][found.measured_decrease[1:] > 0]
    assert found.measured_largest_step <= measured.max()
    for segment in found.segments:
        # for a smooth network only the error of Simpson's rule remains
        assert np.all(segment.rest <= 0.5 * segment.lipschitz * segment.step**2 + 1e-3 * np.abs(segment.loss).max())


def test_non_finite_point_is_not_compared() -> None:
    objective = objective_from_function(
        lambda t: torch.where(t[:, 0] < 0.5, torch.log(t[:, 0]), t[:, 0] ** 2), np.array([1.0])
    )
    line = measure_descent(objective).along_gradient
    assert not np.isfinite(line.loss).all()
    lost = ~np.isfinite(line.loss)
    assert not line.fails[lost].any()
    assert np.isnan(line.used[lost]).all()


def test_no_decrease_at_a_minimum_a2() -> None:
    found = measure_descent(quadratic(np.eye(2), np.zeros(2)))
    assert found.estimated_largest_step == 0.0 or found.along_gradient.length == 0.0
    assert found.measured_largest_step == 0.0
