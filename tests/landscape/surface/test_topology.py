"""Minima and their persistence against a library and by hand (D15)."""

import gudhi
import numpy as np
import pytest

from normscape.landscape.surface.topology import sublevel_minima


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
