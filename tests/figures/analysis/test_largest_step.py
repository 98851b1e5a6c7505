"""The picture of the largest steps draws the result's own losses, and marks where they stop to fall."""

import numpy as np
import pytest

from normscape.figures.analysis.largest_step import MOST_NUMBERED, NO_DESCENT, largest_step_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.descent import Descent, Segment


def descent(scale: float, *, start: float = 1.0) -> Descent:
    s = 2 * np.linspace(0, 1, 9) ** 2 / scale
    loss = start * (1 - s * scale + (s * scale) ** 2 / 1.5)
    ratio = np.full(9, 2.0 * scale)
    return Descent((Segment("gradient", s, 1.0, -scale, loss, ratio, ratio * s, 1e-12),))


RESULTS = {"one": descent(1.0), "two": descent(3.0, start=5.0)}
COLORS = {"one": "#123456", "two": "#654321"}


def test_losses_are_relative_and_the_largest_rates_are_marked_on_the_curves() -> None:
    figure = largest_step_figure(Compared(RESULTS, colors=COLORS))
    for label, one in RESULTS.items():
        curve, measured, bound = [trace for trace in figure.data if str(trace.name).startswith(label)]
        np.testing.assert_allclose(curve.y, (one.along_gradient.loss / one.along_gradient.loss[0])[1:])
        assert list(measured.x) == [one.measured_largest_step]
        assert list(bound.x) == [one.estimated_largest_step]
        assert measured.y[0] < 1 <= curve.y[list(curve.x).index(measured.x[0]) + 1]
        assert measured.marker.symbol != bound.marker.symbol
        assert float(measured.text[0]) == pytest.approx(one.measured_largest_step, rel=1e-2)
    low, high = figure.layout.yaxis.range
    assert low < min(trace.y.min() for trace in figure.data if trace.mode == "lines") < 1 < high
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == list(RESULTS)


def test_many_networks_have_marks_without_numbers_and_an_open_end_says_so() -> None:
    many = {str(k): descent(1.0 + k) for k in range(MOST_NUMBERED + 1)}
    assert {trace.text[0] for trace in largest_step_figure(Compared(many)).data if trace.text} == {""}
    s = np.linspace(0, 1, 5)
    falling = Descent((Segment("gradient", s, 1.0, -1.0, 1 - 0.5 * s, np.ones(5), s, 1e-12),))
    texts = [trace.text[0] for trace in largest_step_figure(Compared({"one": falling})).data if trace.text]
    assert texts[0] == "≥ 1"


@pytest.mark.parametrize("loss", [np.full(3, np.nan), np.array([0.0, 1.0, 2.0]), np.array([1.0, np.nan, np.nan])])
def test_without_a_loss_to_compare_with_a_sentence_says_so(loss: np.ndarray) -> None:
    lost = Descent((Segment("gradient", np.arange(3.0), 1.0, -1.0, loss, np.ones(3), np.zeros(3), 0.0),))
    figure = largest_step_figure(Compared({"one": lost}))
    assert not figure.data
    assert "Nothing to show" in figure.layout.annotations[0].text


def test_where_no_step_lowers_the_loss_a_sentence_says_so() -> None:
    s = np.arange(3.0)
    rising = Descent((Segment("gradient", s, 1.0, -1.0, 1 + s, np.full(3, 9.0), s, 1e-9),))
    figure = largest_step_figure(Compared({"one": rising}))
    assert not figure.data
    assert figure.layout.annotations[0].text.replace("<br>", " ") == NO_DESCENT
