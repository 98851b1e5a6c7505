"""Surface, gradient, ratios and center of a quadratic, against closed forms (science.md §0, D2, D5, D7)."""

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, Plane, bounds_from_center, measure_surface
from tests.landscape.networks import grid, objective_from_function, quadratic, symmetric_matrix

EIGENVALUES = [0.0, 0.5, 1.0, 2.0, 4.0, 9.0]
H, V = symmetric_matrix(EIGENVALUES)
THETA = np.array([0.3, -1.0, 2.0, 0.0, 0.7, -0.2])
SLOPE = np.array([1.0, 0.0, -2.0, 0.5, 0.1, 3.0])
SKEWED = np.random.default_rng(4).standard_normal((2, 6)) * [[3.0], [0.2]]  # neither orthogonal nor of unit norm


def center_value(surface) -> float:
    return surface.gradient_change_ratio[surface.center]


def expected_center(d1: np.ndarray, d2: np.ndarray, hessian: np.ndarray = H) -> float:
    """Return σ_max([Hd1 Hd2] R⁻¹) with the thin QR of D5."""
    columns = np.stack([d1, d2], axis=1)
    _, r = np.linalg.qr(columns)
    return np.linalg.norm(hessian @ columns @ np.linalg.inv(r), ord=2)


def test_loss_and_gradient_norm_match_closed_form_d2() -> None:
    d1, d2 = SKEWED
    surface = measure_surface(quadratic(H, THETA, slope=SLOPE), grid(5, 4), plane=Plane(THETA, d1, d2))
    for row, beta in enumerate(surface.beta):
        for column, alpha in enumerate(surface.alpha):
            point = THETA + alpha * d1 + beta * d2
            assert surface.loss[row, column] == pytest.approx(point @ H @ point / 2 + SLOPE @ point, rel=1e-12)
            assert surface.gradient_norm[row, column] == pytest.approx(np.linalg.norm(H @ point + SLOPE), rel=1e-12)
            assert surface.step[row, column] == pytest.approx(np.linalg.norm(point - THETA), rel=1e-12)


@pytest.mark.parametrize("which", range(6))
@pytest.mark.parametrize("length", [1.0, 0.01, 7.0])
def test_ratio_along_eigenvector_equals_eigenvalue_d5(which: int, length: float) -> None:
    plane = Plane(THETA, length * V[:, which], 0 * THETA)
    surface = measure_surface(quadratic(H, THETA, slope=SLOPE), grid(5, 1), plane=plane)
    assert surface.gradient_change_ratio == pytest.approx(np.full((1, 5), EIGENVALUES[which]), rel=1e-9, abs=1e-11)


def test_ratio_of_negative_curvature_is_its_magnitude_d5() -> None:
    hessian, vectors = symmetric_matrix([-3.0, 1.0, 2.0])
    surface = measure_surface(
        quadratic(hessian, np.ones(3)), grid(3, 1), plane=Plane(np.ones(3), vectors[:, 0], np.zeros(3))
    )
    assert surface.gradient_change_ratio == pytest.approx(np.full((1, 3), 3.0), rel=1e-12)


@pytest.mark.parametrize(("scale1", "scale2"), [(1.0, 1.0), (1e3, 1e-3), (1e-4, 5.0)])
def test_center_cell_is_maximum_over_directions_d5(scale1: float, scale2: float) -> None:
    d1, d2 = SKEWED * [[scale1], [scale2]]
    surface = measure_surface(quadratic(H, THETA), grid(3, 3), plane=Plane(THETA, d1, d2))
    assert center_value(surface) == pytest.approx(expected_center(d1, d2), rel=1e-12)


def test_center_cell_is_attained_by_a_unit_direction_d5() -> None:
    q, _ = np.linalg.qr(SKEWED.T)
    turned = [np.cos(t) * q[:, 0] + np.sin(t) * q[:, 1] for t in np.linspace(0, np.pi, 20001)]
    largest = max(np.linalg.norm(H @ u) for u in turned)
    surface = measure_surface(quadratic(H, THETA), grid(3, 3), plane=Plane(THETA, *SKEWED))
    assert center_value(surface) == pytest.approx(largest, rel=1e-7)
    # it differs from the largest curvature within the plane, QᵀHQ
    assert center_value(surface) > 1.01 * np.linalg.norm(q.T @ H @ q, ord=2)


@pytest.mark.parametrize("factor", [0.0, 1.0, -2.5, 1e-9])
@pytest.mark.parametrize("swapped", [False, True])
def test_center_cell_of_rank_one_plane_d5(factor: float, swapped: bool) -> None:
    d = SKEWED[0]
    pair = (factor * d, d) if swapped else (d, factor * d)
    surface = measure_surface(quadratic(H, THETA), grid(3, 3), plane=Plane(THETA, *pair))
    assert center_value(surface) == pytest.approx(np.linalg.norm(H @ d) / np.linalg.norm(d), rel=1e-9)


def test_center_cell_for_nearly_parallel_directions_d5() -> None:
    d1, extra = SKEWED[0], SKEWED[1]
    surface = measure_surface(quadratic(H, THETA), grid(3, 3), plane=Plane(THETA, d1, d1 + 1e-6 * extra))
    assert center_value(surface) == pytest.approx(expected_center(d1, extra), rel=1e-6)


def test_points_with_zero_step_have_the_center_value_d5() -> None:
    surface = measure_surface(quadratic(H, THETA), grid(3, 5), plane=Plane(THETA, SKEWED[0], 0 * THETA))
    column = surface.gradient_change_ratio[:, 1]
    assert (surface.step[:, 1] == 0).all()
    assert column == pytest.approx(np.full(5, expected_norm(SKEWED[0])), rel=1e-12)
    assert surface.pairs == 10  # the five cells are not pairs


def expected_norm(d: np.ndarray) -> float:
    return np.linalg.norm(H @ d) / np.linalg.norm(d)


def test_center_cell_is_largest_for_quadratic_and_no_pair_of_the_bound_d7() -> None:
    surface = measure_surface(quadratic(H, THETA), grid(9, 9), plane=Plane(THETA, *SKEWED))
    assert surface.gradient_change_ratio.max() <= center_value(surface) * (1 + 1e-12)
    outside = np.where(surface.step > 0, surface.gradient_change_ratio, -np.inf)
    assert surface.lipschitz_bound == outside.max() < center_value(surface)
    assert surface.lipschitz_bound == bounds_from_center({"quadratic": surface})["quadratic"].value
    assert surface.lipschitz_bound <= max(EIGENVALUES)
    assert surface.pairs == 80
    assert surface.smallest_step == pytest.approx(surface.step[surface.step > 0].min())


def test_bound_without_center_uses_pairs_only_d7() -> None:
    surface = measure_surface(quadratic(H, THETA), grid(4, 4), plane=Plane(THETA, *SKEWED))
    assert surface.center is None
    assert surface.pairs == 16
    ratios = [np.linalg.norm(H @ (a * SKEWED[0] + b * SKEWED[1])) for b in surface.beta for a in surface.alpha]
    steps = [np.linalg.norm(a * SKEWED[0] + b * SKEWED[1]) for b in surface.beta for a in surface.alpha]
    assert surface.lipschitz_bound == pytest.approx(max(np.divide(ratios, steps)), rel=1e-12)


def test_ratio_is_anchored_at_center_of_plane_d2() -> None:
    def quartic(t):
        return (t**4).sum(1)

    elsewhere, d = np.array([2.0, 1.0]), np.array([1.0, 0.0])
    surface = measure_surface(
        objective_from_function(quartic, np.zeros(2)), grid(3, 1), plane=Plane(elsewhere, d, 0 * d)
    )
    assert surface.loss[0] == pytest.approx([2.0, 17.0, 82.0])
    # f' = 4t³ is 4, 32, 108 at 1, 2, 3; f''(2) = 48
    assert surface.gradient_change_ratio[0] == pytest.approx([28.0, 48.0, 76.0])


def test_linear_layer_with_squared_error_matches_quadratic() -> None:
    generator = np.random.default_rng(0)
    x, y, w, d = (generator.standard_normal(shape) for shape in ((11, 3), (11, 1), 4, 4))
    module = nn.Linear(3, 1).double()
    nn.utils.vector_to_parameters(torch.from_numpy(w), module.parameters())
    surface = measure_surface(Objective(module, x, y, loss="squared-error"), grid(5, 1), plane=Plane(w, d, 0 * d))
    design = np.concatenate([x, np.ones((11, 1))], axis=1)
    losses = [np.mean((design @ (w + a * d) - y[:, 0]) ** 2) for a in surface.alpha]
    assert surface.loss[0] == pytest.approx(losses, rel=1e-12)
    assert surface.gradient_change_ratio[0] == pytest.approx(
        np.full(5, np.linalg.norm(2 / 11 * design.T @ design @ d) / np.linalg.norm(d)), rel=1e-9
    )
    assert surface.accuracy is None
