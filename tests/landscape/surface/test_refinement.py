"""Interpolation between grid points, and its measured error, against known functions."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.landscape import Objective, measure_surface
from normscape.landscape.surface import axes, evaluate, interpolate_surface, levels, pieces, with_filled_center
from normscape.landscape.surface.refinement import interpolated, interpolation_errors, relative_errors
from tests.flat import assembled, sliced, surface_spec
from tests.landscape.networks import grid, network, samples


def wave(beta: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.sin(1.3 * alpha)[None, :] * np.cos(0.9 * beta)[:, None] + 0.2 * alpha[None, :]


def cubic(beta: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return (alpha**3 - alpha)[None, :] * (1 + beta**2)[:, None] + beta[:, None] ** 3


def test_interpolation_is_exact_for_cubics() -> None:
    beta, alpha = np.linspace(-1, 2, 5), np.linspace(-1, 1, 9)
    finer_beta, finer_alpha = np.linspace(-1, 2, 33), np.linspace(-1, 1, 41)
    found = interpolated(cubic(beta, alpha), beta, alpha, finer_beta, finer_alpha)
    np.testing.assert_allclose(found, cubic(finer_beta, finer_alpha), atol=1e-12)


def test_interpolation_error_is_of_fourth_order() -> None:
    fine = np.linspace(-1, 1, 129)
    worst = []
    for side in (9, 17, 33):
        axis = np.linspace(-1, 1, side)
        worst.append(np.abs(interpolated(wave(axis, axis), axis, axis, fine, fine) - wave(fine, fine)).max())
    orders = np.log2(np.array(worst[:-1]) / np.array(worst[1:]))
    assert (orders > 3.6).all()


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (3, 9), (1, 3), (1, 1), (2, 2)])
def test_interpolation_of_small_grids_passes_through_points(shape: tuple[int, int]) -> None:
    beta, alpha = (np.linspace(-1, 1, size) if size > 1 else np.zeros(1) for size in shape)
    values = wave(beta, alpha)
    np.testing.assert_allclose(interpolated(values, beta, alpha, beta, alpha), values, atol=1e-12)


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_cells_at_a_hole_are_missing_and_distant_cells_unchanged(hole: float) -> None:
    axis, fine = np.linspace(-1, 1, 17), np.linspace(-1, 1, 65)
    values = wave(axis, axis)
    values[4, 10] = hole
    found = interpolated(values, axis, axis, fine, fine)
    inside = np.abs(np.arange(65) - 16) < 4, np.abs(np.arange(65) - 40) < 4
    touching = np.logical_and.outer(*inside)
    assert np.isnan(found[touching]).all()
    far = np.logical_or.outer(np.abs(np.arange(65) - 16) > 4 * 4, np.abs(np.arange(65) - 40) > 4 * 4)
    assert np.isfinite(found[far]).all()
    assert np.abs(found - wave(fine, fine))[far].max() < 0.01
    near = ~touching & ~far
    finite = near & np.isfinite(found)
    # only cells that touch the hole are missing
    assert (~np.isfinite(found)).sum() <= 81
    assert np.abs(found - wave(fine, fine))[finite].max() < 0.01


def test_interpolation_error_is_measured_at_new_points() -> None:
    first, second = levels(grid(5, 5).grid)[-2:]
    assert (first.points, second.points) == ((3, 3), (5, 5))
    values = {}
    for spec in (first, second):
        alpha, beta = axes(spec)
        table = wave(beta, alpha).ravel()
        values[spec] = dict.fromkeys(("loss", "accuracy", "gradient_norm", "ratio", "in_plane_ratio"), table)
    found = interpolation_errors(first, values[first], second, values[second])
    alpha, beta = axes(second)
    expected = wave(beta, alpha)
    interpolation = interpolated(expected[::2, ::2], beta[::2], alpha[::2], beta, alpha)
    assert found["loss"] == (pytest.approx(np.abs(interpolation - expected).max()), expected.min(), expected.max())
    relative = relative_errors([found, {"loss": (0.0, expected.min() - 1, expected.max())}])
    assert relative["loss"] == pytest.approx(found["loss"][0] / (expected.max() - expected.min() + 1))


def test_ratio_errors_near_the_center_are_not_counted() -> None:
    first, second = levels(grid(9, 9).grid)[-2:]
    values = {}
    for spec in (first, second):
        alpha, beta = axes(spec)
        angle = np.arctan2(beta[:, None], alpha[None, :])
        radius = np.hypot(beta[:, None], alpha[None, :])
        table = np.where(radius < 0.4, np.cos(2 * angle), 0.5).ravel()
        values[spec] = dict.fromkeys(("loss", "accuracy", "gradient_norm", "ratio", "in_plane_ratio"), table)
    found = interpolation_errors(first, values[first], second, values[second])
    assert found["ratio"][0] < 0.5 * found["loss"][0]


def test_loss_over_decades_is_interpolated_in_logarithm() -> None:
    spec = grid(9, 9)
    subject = sliced(Objective(network(), *samples()), spec)
    found = {piece: evaluate(subject, spec.grid, piece) for piece in pieces(spec.grid)}
    surface = assembled(spec, found, subject)
    alpha, beta = surface.alpha, surface.beta
    steep = np.exp(4 * alpha[None, :] + 3 * beta[:, None] ** 2)
    drawn = interpolate_surface(type(surface)(**{**vars(surface), "loss": steep}))
    expected = np.exp(4 * drawn.alpha[None, :] + 3 * drawn.beta[:, None] ** 2)
    np.testing.assert_allclose(drawn.loss, expected, rtol=1e-9)


def test_interpolated_surface_keeps_measured_points() -> None:
    surface = measure_surface(Objective(network(), *samples()), grid(9, 5))
    drawn = interpolate_surface(surface)
    assert drawn.loss.shape == (65, 65)
    rows, columns = np.ix_(range(0, 65, 16), range(0, 65, 8))
    for name in ("loss", "gradient_norm", "gradient_change_ratio", "in_plane_ratio", "evaluated"):
        np.testing.assert_array_equal(getattr(drawn, name)[rows, columns], getattr(surface, name))
    np.testing.assert_array_equal(drawn.layer_ratio[:, rows, columns], surface.layer_ratio)
    assert drawn.complete
    np.testing.assert_allclose(drawn.alpha[::8], surface.alpha, atol=1e-15)
    assert not np.isfinite(drawn.local_ratio).any()  # local ratios depend on the spacing


@pytest.mark.parametrize("side", [3, 9])
def test_a_center_that_is_not_measured_yet_is_no_gap_in_the_drawn_ratios(side: int) -> None:
    surface = measure_surface(Objective(network(), *samples()), grid(side, side))
    assert surface.center is not None
    row, column = surface.center
    pending = surface.gradient_change_ratio.copy()
    pending[row, column] = np.nan
    unfinished = replace(surface, gradient_change_ratio=pending)
    assert not np.isfinite(interpolate_surface(unfinished).gradient_change_ratio).all()
    filled = with_filled_center(unfinished)
    assert np.isfinite(interpolate_surface(filled).gradient_change_ratio).all()
    around = [pending[row - 1, column], pending[row + 1, column], pending[row, column - 1], pending[row, column + 1]]
    assert filled.gradient_change_ratio[row, column] == pytest.approx(np.mean(around))
    assert with_filled_center(surface) is surface  # a measured center stays


def test_17_points_per_side_are_within_one_percent_of_33() -> None:
    objective = Objective(network("batch", activation="tanh"), *samples())
    spec = surface_spec(range_alpha=(-0.5, 0.5), range_beta=(-0.5, 0.5))
    subject = sliced(objective, spec)
    coarse, fine = levels(spec.grid)[-2:]
    values = []
    for level in (coarse, fine):
        runs = [evaluate(subject, level, piece) for piece in pieces(level)[1:]]
        values.append({name: np.concatenate([run[name] for run in runs]) for name in runs[0]})
    found = relative_errors([interpolation_errors(coarse, values[0], fine, values[1])])
    assert found["loss"] < 0.01
