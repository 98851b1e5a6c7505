"""The pictures of A1 and A2 draw the result's own numbers, on one scale for all networks."""

import numpy as np
import pytest

from normscape.figures.analysis.descent import decrease_figure, inequality_figures
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.descent import Descent, Segment


def descent(scale: float, *, lost: bool = False) -> Descent:
    s = np.linspace(0, 2, 9) ** 2
    loss = scale * (1 - s + s**2)
    ratio = np.full(9, 2 * scale)
    ratio[0] = np.nan
    if lost:
        loss[-2:] = np.nan
        ratio[-2:] = np.nan
    return Descent((Segment("gradient", s, 1.0, -scale, loss, ratio, 2 * scale * s, 1e-12),))


RESULTS = {"one": descent(1.0), "two": descent(3.0, lost=True), "three": descent(0.5)}
COLORS = dict.fromkeys(RESULTS, "#123456")


def test_the_inequality_is_drawn_for_every_network_with_one_range() -> None:
    figures = inequality_figures(Compared(RESULTS, colors=COLORS))
    assert list(figures) == list(RESULTS)
    assert len({tuple(figure.layout.yaxis.range) for figure in figures.values()}) == 1
    for label, figure in figures.items():
        line = RESULTS[label].along_gradient
        np.testing.assert_array_equal(figure.data[0].y, line.loss)
        np.testing.assert_array_equal(figure.data[1].y, line.tangent)
        np.testing.assert_array_equal(figure.data[2].y, line.bound)
        assert not figure.data[0].connectgaps
        marks = {trace.name: trace.x[0] for trace in figure.data if trace.mode == "markers"}
        assert marks["largest step"] == RESULTS[label].measured_largest_step  # what the verdict states
        assert marks["predicted"] == RESULTS[label].estimated_largest_step


def test_points_that_exceed_the_bound_are_marked() -> None:
    s = np.array([0.0, 1.0, 2.0])
    failing = Segment("gradient", s, 1.0, -1.0, np.array([1.0, 0.5, 1.5]), np.array([np.nan, 0.5, 0.5]), s / 2, 1e-9)
    figure = inequality_figures(Compared({"one": Descent((failing,))}, colors=COLORS))["one"]
    (marked,) = [trace for trace in figure.data if trace.name == "exceeds the bound"]
    assert list(marked.x) == [1.0, 2.0]


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
def test_the_decrease_is_drawn_measured_and_by_the_bound(labels: list[str]) -> None:
    figure = decrease_figure(Compared({label: RESULTS[label] for label in labels}, colors=COLORS))
    assert [trace.name for trace in figure.data] == [
        f"{label}, {name}" for label in labels for name in ("measured", "predicted")
    ]
    np.testing.assert_array_equal(figure.data[0].y, RESULTS[labels[0]].measured_decrease[1:])
    np.testing.assert_array_equal(figure.data[1].y, RESULTS[labels[0]].estimated_decrease[1:])
    assert figure.layout.xaxis.type == "log"
    assert len({figure.data[k].marker.symbol for k in range(0, len(figure.data), 2)}) == len(labels)


def test_without_a_finite_loss_a_sentence_says_so() -> None:
    lost = Segment("gradient", np.arange(3.0), 1.0, -1.0, np.full(3, np.nan), np.full(3, np.nan), np.zeros(3), 0.0)
    for figure in (
        decrease_figure(Compared({"one": Descent((lost,))}, colors=COLORS)),
        inequality_figures(Compared({"one": Descent((lost,))}, colors=COLORS))["one"],
    ):
        assert not figure.data
        assert "Nothing to show" in figure.layout.annotations[0].text
