"""Minima and their persistence against a library and by hand (D15)."""

import gc
import weakref

import gudhi
import numpy as np
import pytest

from normscape.landscape import Plane, Surface
from normscape.landscape.surface.from_values import surface_of_values
from normscape.landscape.surface.refinement import METRICS, interpolate_surface, interpolation_errors
from normscape.landscape.surface.topology import interpolation_error, minima_of, sublevel_minima
from normscape.specs import GridSpec, SurfaceSpec


def pairs_by_gudhi(values: np.ndarray) -> np.ndarray:
    complex_ = gudhi.CubicalComplex(vertices=np.where(np.isfinite(values), values, np.inf))
    complex_.compute_persistence(min_persistence=-1)
    found = complex_.persistence_intervals_in_dimension(0)
    return np.array(sorted((birth, death) for birth, death in found if np.isfinite(birth) and birth < death))


def pairs(values: np.ndarray) -> np.ndarray:
    found = sublevel_minima(values)
    return np.array(sorted(pair for pair in zip(found.value, found.death, strict=True) if pair[0] < pair[1]))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("levels", [None, 4])
def test_random_surfaces_agree_with_a_library(seed: int, levels: int | None) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((13, 17)) if levels is None else rng.integers(0, levels, (13, 17)).astype(float)
    np.testing.assert_array_equal(pairs(values), pairs_by_gudhi(values))


@pytest.mark.parametrize("seed", range(5))
def test_holes_never_enter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((11, 9))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[0, 0] = np.inf
    np.testing.assert_array_equal(pairs(values), pairs_by_gudhi(values))


def test_two_basins_by_hand() -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 41), np.linspace(-1, 1, 21))
    values = (x**2 - 1) ** 2 + 0.3 * x + y**2
    found = sublevel_minima(values)
    assert len(found) == 2
    assert np.argmin(values) == found.row[0] * 41 + found.column[0]
    assert np.isinf(found.death[0])
    barrier = values[10, 10:31].max()  # along y = 0, between the basins
    assert found.death[1] == pytest.approx(barrier)
    assert found.persistence[1] == pytest.approx(barrier - values[10, 28:33].min())
    assert not found.border.any()


def test_a_bowl_has_one_minimum_and_a_slope_one_on_the_border() -> None:
    x, y = np.meshgrid(np.arange(5.0), np.arange(7.0))
    bowl, slope = sublevel_minima((x - 2) ** 2 + (y - 3) ** 2), sublevel_minima(x + y)
    assert (len(bowl), bowl.row[0], bowl.column[0], bool(bowl.border[0])) == (1, 3, 2, False)
    assert (len(slope), slope.row[0], slope.column[0], bool(slope.border[0])) == (1, 0, 0, True)


def test_a_plateau_is_one_minimum_at_its_first_point() -> None:
    found = sublevel_minima(np.zeros((4, 5)))
    assert (len(found), found.row[0], found.column[0]) == (1, 0, 0)


def test_separate_regions_each_keep_their_lowest() -> None:
    values = np.array([[1.0, np.nan, 2.0], [0.5, np.nan, 3.0]])
    found = sublevel_minima(values).above(100.0)
    assert found.value.tolist() == [0.5, 2.0]
    assert found.border.all()


def test_nothing_finite_has_no_minimum() -> None:
    assert len(sublevel_minima(np.full((3, 3), np.nan))) == 0


def test_small_ripples_are_left_out_by_their_persistence() -> None:
    values = np.array([[0.0, 1.0, 0.9, 2.0, 0.2, 3.0]])
    found = sublevel_minima(values)
    assert found.persistence[1:] == pytest.approx([1.8, 0.1])
    assert found.above(0.5).column.tolist() == [0, 4]


def surface_of(loss: np.ndarray) -> Surface:
    grid = GridSpec(loss.shape[::-1], ((-1.0, 1.0), (-1.0, 1.0)))
    alpha, beta = np.linspace(-1, 1, loss.shape[1]), np.linspace(-1, 1, loss.shape[0])
    nothing = np.full(loss.shape, np.nan)
    return Surface(
        *(SurfaceSpec(grid=grid), Plane(np.ones(2), np.eye(2)[0], np.eye(2)[1]), alpha, beta, loss, None),
        *(nothing, nothing, np.zeros((0, *loss.shape)), nothing, nothing[:, 1:], nothing[1:]),
        *(np.hypot(*np.meshgrid(alpha, beta)), np.isfinite(loss), ~np.isfinite(loss), ()),
    )


def basins(side: int, dents: float = 0.0, floor: float = 0.05) -> np.ndarray:
    """Two basins; `dents` is the depth of single points that every second point of the grid does not show."""
    x, y = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    values: np.ndarray = floor + (4 * x**2 - 1) ** 2 / 4 + 0.05 * x + y**2
    values[3::6, 3::6] -= dents
    return values


@pytest.mark.parametrize("floor", [0.05, 1.0])  # the logarithm of the loss is interpolated, or the loss
def test_the_error_is_the_one_that_refinement_measures(floor: float) -> None:
    ranges = ((-1.0, 1.0), (-1.0, 1.0))
    loss = basins(9, 0.04, floor)
    levels = [GridSpec((side, side), ranges) for side in (5, 9)]
    arrays = [dict.fromkeys(METRICS, values.ravel()) for values in (loss[::2, ::2], loss)]
    expected, *_ = interpolation_errors(levels[0], arrays[0], levels[1], arrays[1])["loss"]
    axis = np.linspace(-1, 1, 9)
    assert interpolation_error(loss, axis, axis) == pytest.approx(expected, rel=1e-12)
    assert expected > 0.01


@pytest.mark.parametrize("floor", [0.05, 1.0])
def test_minima_that_the_coarser_grid_does_not_show_are_below_the_error_and_do_not_count(floor: float) -> None:
    loss = basins(33, 0.02, floor)
    assert len(sublevel_minima(loss)) == 3
    found = minima_of(surface_of(loss))
    assert len(found) == len(minima_of(surface_of(basins(33, floor=floor)))) == 2


def test_an_interpolated_surface_has_the_minima_of_its_measured_points() -> None:
    measured = surface_of(basins(17))
    drawn = interpolate_surface(measured)
    one, other = minima_of(measured), minima_of(drawn)
    assert len(one) >= 2
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(measured.alpha[one.column], drawn.alpha[other.column])
    np.testing.assert_array_equal(measured.beta[one.row], drawn.beta[other.row])
    np.testing.assert_array_equal(one.border, other.border)


def test_coarse_grids_and_lines_have_an_error_only_if_a_coarser_one_exists() -> None:
    three, line = np.linspace(-1, 1, 3), np.linspace(-1, 1, 9)
    assert interpolation_error(np.eye(3), three, three) == 0
    assert interpolation_error(2 + line[None] ** 2, np.zeros(1), line) == pytest.approx(0, abs=1e-12)
    assert interpolation_error(np.abs(line - 0.25)[None], np.zeros(1), line) > 0.01
    assert interpolation_error(np.ones((1, 1)), np.zeros(1), np.zeros(1)) == 0


def test_minima_are_found_once_for_a_surface_and_forgotten_with_it() -> None:
    axis = np.linspace(-1, 1, 5)
    loss = np.add.outer(axis**2, axis**2)
    surface = surface_of_values(axis, axis, loss, None, np.ones_like(loss, dtype=bool))
    assert minima_of(surface) is minima_of(surface)
    kept = weakref.ref(surface)
    del surface
    gc.collect()
    assert kept() is None
