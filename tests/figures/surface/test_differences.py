"""Differences of compared surfaces: exact values, one symmetric range, gaps where one of both has none (D4)."""

import numpy as np
import pytest

from normscape.figures.comparison import Comparison
from normscape.figures.surface import difference_figures

A, B, C = [[1.0, 2.0], [3.0, 4.0]], [[2.0, 2.0], [1.0, 14.0]], [[1.0, np.nan], [3.0, 0.0]]


def cells(figure):
    return figure.data[0]


def test_each_further_surface_minus_the_first_with_one_symmetric_range(make) -> None:
    figures = difference_figures(Comparison({"a": make(A), "b": make(B), "c": make(C)}, "loss", "linear"))
    assert list(figures) == ["b − a", "c − a"]
    assert cells(figures["b − a"]).z.tolist() == [[1, 0], [-2, 10]]
    np.testing.assert_array_equal(cells(figures["c − a"]).z, [[0, np.nan], [0, -4]])
    assert {(cells(figure).zmin, cells(figure).zmax) for figure in figures.values()} == {(-10, 10)}


def test_on_a_logarithmic_scale_it_is_the_logarithm_of_the_quotient(make) -> None:
    figures = difference_figures(Comparison({"a": make(A), "b": make([[10.0, 2.0], [0.3, 0.0]])}, "loss", "log"))
    found = cells(figures["b − a"]).z
    assert found[:, 0].tolist() == pytest.approx([1, -1])
    assert found[0, 1] == 0
    assert np.isnan(found[1, 1])


def test_equal_surfaces_are_white_everywhere(make) -> None:
    figures = difference_figures(Comparison({"a": make(A), "b": make(A)}, "layer-ratio:second", "linear"))
    assert not cells(figures["b − a"]).z.any()
    assert cells(figures["b − a"]).zmax == 1


@pytest.mark.parametrize(("metric", "other"), [("accuracy", A), ("layer-ratio:third", A), ("loss", [[1.0, 2.0]])])
def test_without_a_common_value_it_says_so(make, metric: str, other) -> None:
    figures = difference_figures(Comparison({"a": make(A, accuracy=False), "b": make(other)}, metric, "linear"))
    assert figures["b − a"].layout.annotations[0].text == "No point has a value for both."


def test_one_surface_alone_has_no_difference(make) -> None:
    assert difference_figures(Comparison({"a": make(A)}, "loss", "linear")) == {}
    assert difference_figures(Comparison({}, "loss", "linear")) == {}
