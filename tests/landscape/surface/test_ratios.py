"""Per-layer, local and in-plane ratios, against closed forms and invariances (D5, D6, D8)."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from normscape.landscape import Objective, Plane, measure_surface
from normscape.landscape.objective.layers import layers_of
from normscape.landscape.surface import axes, evaluate, pieces
from normscape.landscape.surface import slice as slices
from tests.flat import assembled, changed, sliced, surface_spec
from tests.landscape.networks import grid, network, objective_from_function, quadratic, samples, symmetric_matrix

HESSIAN, _ = symmetric_matrix([5.0, 2.0, 1.0, -0.5, 0.1])
THETA, D1, D2 = (np.random.default_rng(seed).standard_normal(5) for seed in (1, 2, 3))


def parabola(points: tuple[int, int] = (5, 3)):
    return measure_surface(quadratic(HESSIAN, THETA), grid(*points), plane=Plane(THETA, D1, D2))


def test_local_ratio_matches_closed_form_for_quadratic_d6() -> None:
    surface = parabola()
    first, second = (np.linalg.norm(HESSIAN @ d) / np.linalg.norm(d) for d in (D1, D2))
    assert surface.across == pytest.approx(np.full((3, 4), first), rel=1e-10)
    assert surface.along == pytest.approx(np.full((2, 5), second), rel=1e-10)
    assert surface.local_ratio == pytest.approx(np.full((3, 5), max(first, second)), rel=1e-10)
    assert surface.spacing == pytest.approx((0.5 * np.linalg.norm(D1), 1.0 * np.linalg.norm(D2)))


@pytest.mark.parametrize("points", [(5, 1), (1, 4), (1, 1)])
def test_grid_line_has_neighbors_along_one_axis_d6(points: tuple[int, int]) -> None:
    surface = parabola(points)
    assert surface.across.shape == (points[1], points[0] - 1)
    assert surface.along.shape == (points[1] - 1, points[0])
    assert np.isfinite(surface.local_ratio).all() == (points != (1, 1))


def test_local_ratio_is_largest_over_neighbors_d6() -> None:
    objective = objective_from_function(lambda t: (t**4).sum(1), THETA)
    surface = measure_surface(objective, grid(6, 5), plane=Plane(THETA, D1, D2))

    def gradient(i: int, j: int) -> np.ndarray:
        return 4 * surface.plane.point(surface.alpha[j], surface.beta[i]) ** 3

    for i in range(5):
        for j in range(6):
            near = [(i + a, j + b) for a, b in ((0, 1), (0, -1), (1, 0), (-1, 0)) if 0 <= i + a < 5 and 0 <= j + b < 6]
            ratios = [
                np.linalg.norm(gradient(i, j) - gradient(*other))
                / np.linalg.norm(
                    surface.plane.point(surface.alpha[j], surface.beta[i])
                    - surface.plane.point(surface.alpha[other[1]], surface.beta[other[0]])
                )
                for other in near
            ]
            assert surface.local_ratio[i, j] == pytest.approx(max(ratios), rel=1e-9)


def test_local_ratios_do_not_depend_on_pieces_d6() -> None:
    spec = grid(11, 7)
    objective = Objective(network(), *samples())
    whole, parts = measure_surface(objective, spec), pieces(spec.grid, size=10)
    assert len(parts) == 9
    found = {}
    for piece in reversed(parts):  # each on a new slice, with an empty cache
        subject = sliced(objective, spec)
        found[piece] = evaluate(subject, spec.grid, piece)
    cut = assembled(spec, found, subject)
    for name in ("loss", "gradient_change_ratio", "layer_ratio", "across", "along"):
        assert np.array_equal(getattr(cut, name), getattr(whole, name), equal_nan=True), name


def test_finer_grid_reuses_cached_points_with_equal_results_d6() -> None:
    objective = Objective(network(), *samples())
    fine = grid(9, 5, range_alpha=(-0.7, 0.7), range_beta=(-0.3, 0.5))
    coarse = changed(fine, points_alpha=5, points_beta=3)
    subject = sliced(objective, coarse)
    first = [evaluate(subject, coarse.grid, piece) for piece in pieces(coarse.grid)[1:]]
    assert len(subject.cache) == 15
    second = {piece: evaluate(subject, fine.grid, piece) for piece in pieces(fine.grid)}
    assert len(subject.cache) == 45  # only the new points of the nested grid
    np.testing.assert_array_equal(
        np.concatenate([part["loss"] for part in first]).reshape(3, 5),
        assembled(fine, second, subject).loss[::2, ::2],
    )
    alone = measure_surface(objective, fine)
    assert np.array_equal(assembled(fine, second, subject).across, alone.across)


@pytest.mark.parametrize("first", [-1.0, -0.7, -1 / 3, 0.1])
def test_grids_of_all_levels_nest_exactly_d2(first: float) -> None:
    for last in (-first, 0.9):
        if last > first:
            sides = [axes(grid(side, 1, range_alpha=(first, last)).grid)[0] for side in (3, 5, 9, 17, 33, 65)]
            for coarse, fine in pairwise(sides):
                np.testing.assert_array_equal(fine[::2], coarse)


def test_cache_holds_two_rows_of_large_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "CACHE_BYTES", 0)
    objective = Objective(network(), *samples())
    spec = grid(6, 9)
    subject = sliced(objective, spec)
    for piece in pieces(spec.grid, size=7)[1:]:
        evaluate(subject, spec.grid, piece)
    assert len(subject.cache) == 2 * 6 + 2


LINE = Plane(np.zeros(1), np.ones(1), np.zeros(1))


def test_non_finite_points_have_no_local_ratio_d6() -> None:
    objective = objective_from_function(lambda t: torch.where(t > 1.5, torch.nan, t**2).sum(1), np.zeros(1))
    surface = measure_surface(objective, grid(5, 1, range_alpha=(-2, 2)), plane=LINE)
    assert np.isnan(surface.across[0]).tolist() == [False, False, False, True]
    assert surface.local_ratio[0, 3] == pytest.approx(2)
    assert np.isnan(surface.local_ratio[0, 4])


@pytest.mark.parametrize("points", [(5, 5), (4, 4)])
def test_in_plane_ratio_matches_projected_hessian_for_quadratic_d8(points: tuple[int, int]) -> None:
    surface = parabola(points)
    seen = np.array([[p @ HESSIAN @ q for q in (D1, D2)] for p in (D1, D2)])
    for i, b in enumerate(surface.beta):
        for j, a in enumerate(surface.alpha):
            at = np.array([a, b])
            expected = np.linalg.norm(seen @ at) / np.linalg.norm(at) if at.any() else np.linalg.norm(seen, ord=2)
            assert surface.in_plane_ratio[i, j] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "weight"])
def test_squared_row_ratios_sum_to_squared_ratio_d5(norm: str) -> None:
    surface = measure_surface(Objective(network(norm), *samples()), grid(5, 3))
    away = surface.step > 0
    total = np.square(surface.layer_ratio).sum(axis=0)
    assert total[away] == pytest.approx(np.square(surface.gradient_change_ratio[away]), rel=1e-10)
    assert (surface.layer_ratio[:, ~away] <= surface.gradient_change_ratio[~away] * (1 + 1e-12)).all()
    assert surface.layers == tuple(layers_of(Objective(network(norm), *samples()).layout))


def test_row_ratio_matches_hessian_rows_for_quadratic_d5() -> None:
    # a quadratic with two parameters: rows 0 to 2 and rows 3 to 4
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Parameter(torch.tensor(THETA[:3]))
            self.b = nn.Parameter(torch.tensor(THETA[3:]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat([self.a, self.b]).expand(len(x), -1)

    matrix = torch.tensor(HESSIAN)
    objective = Objective(
        Two(), np.zeros((1, 1)), np.zeros(1), loss=lambda outputs, _: 0.5 * ((outputs @ matrix) * outputs).sum(1)
    )
    surface = measure_surface(objective, grid(3, 3), plane=Plane(THETA, D1, D2))
    assert surface.layers == ("a", "b")
    delta = -D1 + D2
    for layer, rows in enumerate((slice(0, 3), slice(3, 5))):
        expected = np.linalg.norm((HESSIAN @ delta)[rows]) / np.linalg.norm(delta)
        assert surface.layer_ratio[layer, 2, 0] == pytest.approx(expected, rel=1e-10)
        basis, _ = np.linalg.qr(np.stack([D1, D2], axis=1))
        largest = np.linalg.norm((HESSIAN @ basis)[rows], ord=2)
        assert surface.layer_ratio[layer, 1, 1] == pytest.approx(largest, rel=1e-10)


def rescaled(factor: float) -> Objective:
    """Return a network whose first weight is rescaled before a batch norm with ε ≈ 0, which leaves the function
    unchanged.
    """
    module = network("batch")
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.eps = 1e-300  # torch does not allow 0; this is negligible against any variance
    module.layer1.linear.weight.data *= factor
    return Objective(module, *samples())


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_only_in_plane_ratio_is_invariant_under_rescaling_d8(factor: float) -> None:
    spec = surface_spec(points_alpha=5, points_beta=5, orthogonal=False)
    one, other = (measure_surface(rescaled(f), spec) for f in (1.0, factor))
    assert one.scale_free
    assert other.loss == pytest.approx(one.loss, rel=1e-8)
    assert other.in_plane_ratio == pytest.approx(one.in_plane_ratio, rel=1e-8)
    first = one.layers.index("layer1.linear")
    rest = [layer for layer in range(len(one.layers)) if layer != first]
    # along d1 the change of the first layer's gradient is ∝ 1/factor; distances change, too, so compare both
    assert other.layer_ratio[first] * other.step == pytest.approx(one.layer_ratio[first] * one.step / factor, rel=1e-7)
    assert other.layer_ratio[rest] * other.step == pytest.approx(one.layer_ratio[rest] * one.step, rel=1e-7)
    assert not np.allclose(other.gradient_change_ratio, one.gradient_change_ratio, rtol=0.05)


def test_scale_free_requires_filter_scaling_without_orthogonalization_d8() -> None:
    objective = Objective(network(), *samples())
    for spec, free in (
        (surface_spec(points_alpha=3, points_beta=3, orthogonal=True), False),
        (surface_spec(points_alpha=3, points_beta=3, orthogonal=False), True),
        (surface_spec(points_alpha=3, points_beta=3, orthogonal=False, scaling="none"), False),
    ):
        assert measure_surface(objective, spec).scale_free is free


def test_local_ratio_at_a_kink_grows_like_inverse_spacing_d7() -> None:
    # the gradient of f = |θ| jumps by 2 at 0
    found = {}
    for points in (10, 20, 40):
        objective = objective_from_function(lambda t: t.abs().sum(1), np.zeros(1))
        surface = measure_surface(objective, grid(points, 1), plane=LINE)
        found[surface.spacing[0]] = np.nanmax(surface.local_ratio)
    for spacing, ratio in found.items():
        assert ratio == pytest.approx(2 / spacing)
    assert math.isnan(measure_surface(objective, grid(1, 1), plane=LINE).spacing[0])
