"""The automatic range, against its closed form for a quadratic."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, Plane, StoppedError
from normscape.landscape.surface import Slice
from normscape.landscape.surface.auto_range import (
    LOSS_OFFSET,
    MAX_RADIUS,
    RING_POINTS,
    TOLERANCE,
    AutoRange,
    measure_auto_range,
    shared_range,
)
from tests.landscape.networks import network, objective_from_function, quadratic, samples

PLANE = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 2.0]))


@pytest.mark.parametrize("curvature", [1e-2, 1.0, 50.0, 1e6])
@pytest.mark.parametrize("multiple", [2.0, 10.0])
def test_auto_range_matches_closed_form_for_quadratic(curvature: float, multiple: float) -> None:
    # the mean of ½c(α² + 4β²) on a ring of radius r is ½c·r²·5/2
    subject = Slice(quadratic(curvature * np.eye(2), np.zeros(2)), PLANE)
    found = measure_auto_range(subject, multiple=multiple)
    expected = np.sqrt(multiple * LOSS_OFFSET / (1.25 * curvature))
    assert found.reached
    assert expected <= found.value <= expected * (1 + TOLERANCE) * (1 + 1e-9)
    assert found.evaluations < 20 * RING_POINTS


def test_a_constant_added_to_the_loss_changes_little() -> None:
    x, y = samples()
    targets = torch.nn.functional.one_hot(y, 3).double()
    ranges = []
    for constant in (0.0, -5.0):
        objective = Objective(network("none"), x, targets, loss=lambda h, t, c=constant: (h - t).square().sum(1) + c)
        directions = np.random.default_rng(0).standard_normal((2, len(objective.theta)))
        ranges.append(measure_auto_range(Slice(objective, Plane(objective.theta, *directions))).value)
    assert ranges[1] == pytest.approx(ranges[0], rel=0.15)


def test_auto_range_reports_when_threshold_is_not_reached() -> None:
    subject = Slice(objective_from_function(lambda t: 0 * t.sum(1), np.zeros(2)), PLANE)
    found = measure_auto_range(subject)
    assert not found.reached
    assert found.value == MAX_RADIUS


def test_non_finite_loss_counts_as_above_threshold() -> None:
    lost = objective_from_function(lambda t: torch.where(t.abs() > 0.3, torch.nan, 0.0).sum(1), np.zeros(2))
    found = measure_auto_range(Slice(lost, PLANE))
    assert (
        0.15 * 0.99 <= found.value <= 0.3 * (1 + TOLERANCE)
    )  # d2 is twice as long, and the ring has only eight points


def test_ring_of_a_network_reaches_threshold() -> None:
    objective = Objective(network("batch"), *samples())
    directions = np.random.default_rng(0).standard_normal((2, len(objective.theta)))
    subject = Slice(objective, Plane(objective.theta, *directions))
    found = measure_auto_range(subject, multiple=3)
    threshold = 3 * (objective.loss(objective.theta).item() + LOSS_OFFSET)

    def mean(radius: float) -> float:
        angles = 2 * np.pi * np.arange(RING_POINTS) / RING_POINTS
        points = [subject.point(radius * np.cos(a), radius * np.sin(a)) for a in angles]
        return float(np.mean([objective.loss(point).item() for point in points]))

    assert mean(found.value) >= threshold
    assert mean(found.value / (1 + TOLERANCE)) <= threshold * 1.001


def test_shared_range_is_the_smallest() -> None:
    assert shared_range([AutoRange(2.0, True, 9), AutoRange(0.5, True, 9), AutoRange(64, False, 9)]) == 0.5


def test_invalid_arguments_and_stop_raise() -> None:
    subject = Slice(quadratic(np.eye(2), np.zeros(2)), PLANE)
    with pytest.raises(ValueError, match="multiple is 1"):
        measure_auto_range(subject, multiple=1)
    with pytest.raises(StoppedError):
        measure_auto_range(subject, stop=lambda: True)
    nowhere = Slice(objective_from_function(lambda t: t.sum(1) * torch.nan, np.zeros(2)), PLANE)
    with pytest.raises(ValueError, match="loss at the center is nan"):
        measure_auto_range(nowhere)
