"""The automatic range: where the loss on a ring reaches its level, known in closed form for a quadratic."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, Plane, StoppedError
from normscape.landscape.surface import Slice
from normscape.landscape.surface.auto_range import (
    ACCURACY,
    DIRECTIONS,
    FLOOR,
    LARGEST,
    AutoRange,
    measure_auto_range,
    shared_range,
)
from tests.landscape.networks import network, objective_from_function, quadratic, samples

PLANE = Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 2.0]))


@pytest.mark.parametrize("curvature", [1e-2, 1.0, 50.0, 1e6])
@pytest.mark.parametrize("multiple", [2.0, 10.0])
def test_on_a_quadratic_it_is_the_root_of_the_level(curvature: float, multiple: float) -> None:
    # ½c(α² + 4β²) has the mean ½c·r²·5/2 on a ring of radius r
    subject = Slice(quadratic(curvature * np.eye(2), np.zeros(2)), PLANE)
    found = measure_auto_range(subject, multiple=multiple)
    expected = np.sqrt(multiple * FLOOR / (1.25 * curvature))
    assert found.reached
    assert expected <= found.value <= expected * (1 + ACCURACY) * (1 + 1e-9)
    assert found.evaluations < 20 * DIRECTIONS


def test_a_loss_that_never_rises_ends_the_search_and_says_so() -> None:
    subject = Slice(objective_from_function(lambda t: 0 * t.sum(1), np.zeros(2)), PLANE)
    found = measure_auto_range(subject)
    assert not found.reached
    assert found.value == LARGEST


def test_what_is_not_finite_counts_as_beyond() -> None:
    lost = objective_from_function(lambda t: torch.where(t.abs() > 0.3, torch.nan, 0.0).sum(1), np.zeros(2))
    found = measure_auto_range(Slice(lost, PLANE))
    assert 0.15 * 0.99 <= found.value <= 0.3 * (1 + ACCURACY)  # d2 is twice as long, and eight directions are few


def test_a_real_network_s_ring_reaches_the_level() -> None:
    objective = Objective(network("batch"), *samples())
    directions = np.random.default_rng(0).standard_normal((2, len(objective.theta)))
    subject = Slice(objective, Plane(objective.theta, *directions))
    found = measure_auto_range(subject, multiple=3)
    level = 3 * (objective.loss(objective.theta).item() + FLOOR)

    def mean(radius: float) -> float:
        angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
        points = [subject.point(radius * np.cos(a), radius * np.sin(a)) for a in angles]
        return float(np.mean([objective.loss(point).item() for point in points]))

    assert mean(found.value) >= level
    assert mean(found.value / (1 + ACCURACY)) <= level * 1.001


def test_compared_networks_share_the_smallest() -> None:
    assert shared_range([AutoRange(2.0, True, 9), AutoRange(0.5, True, 9), AutoRange(64, False, 9)]) == 0.5


def test_misuse_is_refused_and_stop_stops() -> None:
    subject = Slice(quadratic(np.eye(2), np.zeros(2)), PLANE)
    with pytest.raises(ValueError, match="multiple is 1"):
        measure_auto_range(subject, multiple=1)
    with pytest.raises(StoppedError):
        measure_auto_range(subject, stop=lambda: True)
    nowhere = Slice(objective_from_function(lambda t: t.sum(1) * torch.nan, np.zeros(2)), PLANE)
    with pytest.raises(ValueError, match="loss at the centre is nan"):
        measure_auto_range(nowhere)
