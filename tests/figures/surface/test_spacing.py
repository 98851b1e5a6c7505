"""The growth of L̂ with refinement: every level is drawn, and the slope of 1/spacing beside it (D7)."""

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.surface import refinement_figure
from normscape.landscape import RatioBySpacing

SPACING = np.array([1.0, 0.5, 0.25])


def test_lines_hold_the_numbers_and_the_guide_has_the_slope_of_one_over_spacing() -> None:
    found = {
        "a": RatioBySpacing(SPACING, np.array([1.0, 2.0, 4.0]), np.array([2, 4, 8])),
        "b": RatioBySpacing(SPACING, np.array([3.0, np.nan, 3.0]), np.array([2, 0, 8])),
    }
    figure = refinement_figure(Compared(found, colors={"a": "#112233", "b": "#445566"}))
    guide, a, b = figure.data
    assert (a.name, b.name) == ("a", "b")
    np.testing.assert_array_equal(a.x, SPACING)
    np.testing.assert_array_equal(b.y, [3, np.nan, 3])
    assert a.line.color == "#112233"
    assert guide.y[1] / guide.y[0] == pytest.approx(guide.x[0] / guide.x[1])
    assert guide.y[1] == 4
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_without_a_finite_value_it_says_so() -> None:
    nothing = RatioBySpacing(SPACING, np.full(3, np.nan), np.zeros(3, dtype=int))
    assert refinement_figure(Compared({"a": nothing})).layout.annotations[0].name == "sentence"
    assert refinement_figure(Compared({})).layout.annotations[0].name == "sentence"
