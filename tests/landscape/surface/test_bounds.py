"""L̂ compares equal pairs at equal spacing, and grows with finer spacing at kinks (D7)."""

import numpy as np
import pytest
import torch

from normscape.landscape import Objective, Plane, StoppedError, measure_surface
from normscape.landscape.surface import Slice
from normscape.landscape.surface.bounds import bounds_between_neighbors, bounds_from_center
from normscape.landscape.surface.spacing import measure_ratio_by_spacing
from tests.landscape.networks import grid, network, objective_from_function, quadratic, samples

THETA, D1, D2 = np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 2.0])
PLANE = Plane(THETA, D1, D2)


def nan_beyond(limit: float):
    """Return ½‖θ‖² if θ_1 ≤ limit, else nan."""
    return objective_from_function(lambda t: torch.where(t[:, 0] > limit, torch.nan, 0.5 * t.square().sum(1)), THETA)


def test_bounds_report_largest_ratio_pairs_and_smallest_step_d7() -> None:
    surface = measure_surface(quadratic(np.diag([3.0, 1.0]), THETA), grid(5, 5), plane=PLANE)
    bound = bounds_from_center({"a": surface})["a"]
    assert (bound.value, bound.pairs, bound.smallest_step) == pytest.approx((3, 24, 0.5))
    near = bounds_between_neighbors({"a": surface})["a"]
    assert (near.value, near.pairs, near.smallest_step) == pytest.approx((3, 40, 0.5))


def test_compared_surfaces_use_the_same_pairs_d7() -> None:
    whole = measure_surface(quadratic(np.diag([1.0, 1.0]), THETA), grid(5, 5), plane=PLANE)
    partly = measure_surface(nan_beyond(0.7), grid(5, 5), plane=PLANE)
    for bounds, pairs in ((bounds_from_center, 19), (bounds_between_neighbors, 31)):
        found = bounds({"whole": whole, "partly": partly})
        assert found["whole"].pairs == found["partly"].pairs == pairs
        assert found["whole"].value == pytest.approx(1)


def test_pairs_missing_in_one_network_are_left_out_for_all_d7() -> None:
    steep = objective_from_function(lambda t: torch.where(t > 0.7, 50.0, 0.5).mul(t.square()).sum(1), THETA)
    one = measure_surface(steep, grid(5, 5), plane=PLANE)
    other = measure_surface(nan_beyond(0.7), grid(5, 5, range_beta=(-0.3, 0.3)), plane=PLANE)
    one = measure_surface(steep, grid(5, 5, range_beta=(-0.3, 0.3)), plane=PLANE)
    assert bounds_from_center({"one": one})["one"].value > 10
    assert bounds_from_center({"one": one, "other": other})["one"].value == pytest.approx(1)


def test_bound_is_nan_without_common_pairs() -> None:
    lost = measure_surface(nan_beyond(-9), grid(3, 3), plane=PLANE)
    found = bounds_from_center({"a": lost})["a"]
    assert found.pairs == 0
    assert np.isnan([found.value, found.smallest_step]).all()
    assert bounds_from_center({}) == {}


def test_grids_of_different_shapes_raise() -> None:
    surfaces = {str(n): measure_surface(nan_beyond(9), grid(n, 3), plane=PLANE) for n in (3, 5)}
    with pytest.raises(ValueError, match="one shape"):
        bounds_between_neighbors(surfaces)


ENDS = (-1.0, 1.0)


@pytest.mark.parametrize(("power", "grows"), [(1, True), (2, False)])
def test_ratio_doubles_per_halving_at_a_kink_and_is_constant_otherwise_d7(power: int, grows: bool) -> None:
    objective = objective_from_function(lambda t: (t[:, 0] - 0.1).abs() ** power, THETA)
    found = measure_ratio_by_spacing(Slice(objective, PLANE), ENDS, levels=6)
    assert found.spacing == pytest.approx(2 / 2 ** np.arange(1, 7))
    assert found.pairs.tolist() == [2, 4, 8, 16, 32, 64]
    expected = 2 / found.spacing if grows else np.full(6, 2.0)
    assert found.bound == pytest.approx(expected)


def test_ratio_converges_for_smooth_network_and_grows_for_relu_d7() -> None:
    found = {}
    for activation in ("relu", "tanh"):
        objective = Objective(network("none", width=16, activation=activation), *samples(60))
        plane = measure_surface(objective, grid(3, 3)).plane
        found[activation] = measure_ratio_by_spacing(Slice(objective, plane), ENDS, levels=9).bound
    assert found["tanh"][-1] == pytest.approx(found["tanh"][-3], rel=0.02)
    assert found["relu"][-1] > 1.5 * found["relu"][-3]


def test_ratio_by_spacing_stops_and_reports_progress() -> None:
    subject = Slice(quadratic(np.eye(2), THETA), PLANE)
    seen: list[tuple[int, int]] = []
    measure_ratio_by_spacing(subject, ENDS, levels=2, on_progress=lambda *counts: seen.append(counts))
    assert seen == [(done, 5) for done in range(5)]
    with pytest.raises(StoppedError):
        measure_ratio_by_spacing(subject, ENDS, stop=lambda: True)
    with pytest.raises(ValueError, match="levels is 0"):
        measure_ratio_by_spacing(subject, ENDS, levels=0)
