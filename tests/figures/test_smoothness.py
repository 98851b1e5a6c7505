"""Bands along training: what is drawn are the results' own ranges, on one scale for all networks and seeds."""

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import band_figure, smoothness_figure
from normscape.landscape.smoothness import LineSamples, Smoothness


def probe(scale: float) -> LineSamples:
    distance = np.array([0.1, 0.2, 0.4])
    return LineSamples(distance, scale * np.array([1.0, 0.8, 1.1]), scale * distance**2)


def course(scale: float, steps: tuple[int, ...] = (0, 4, 9)) -> list[Smoothness]:
    return [
        Smoothness(step, np.array([0.1, 0.2, 0.4]), False, scale, 1.0, probe(scale * (k + 1)), probe(scale / 2))
        for k, step in enumerate(steps)
    ]


COURSES = {"one": [course(1.0), course(1.2)], "two": [course(0.1), course(0.2)], "three": [course(3.0), course(2.0)]}
COLORS = dict.fromkeys(COURSES, "#123456")


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
@pytest.mark.parametrize(("quantity", "attribute"), [("variation", "variation"), ("predictiveness", "predictiveness")])
def test_a_band_goes_from_the_smallest_to_the_largest_value_of_every_seed(
    labels: list[str], quantity: str, attribute: str
) -> None:
    figure = band_figure(Compared({label: COURSES[label] for label in labels}, colors=COLORS), quantity)
    assert len(figure.data) == 2 * 2 * len(labels)
    expected = np.array([getattr(found.along, attribute) for found in COURSES[labels[0]][0]])
    np.testing.assert_allclose(figure.data[0].y, expected[:, 0])
    np.testing.assert_allclose(figure.data[1].y, expected[:, 1])
    assert figure.data[1].fill == "tonexty"
    assert [trace.showlegend for trace in figure.data] == [False, True, False, False] * len(labels)
    low, high = (10**end for end in figure.layout.yaxis.range)
    drawn = np.concatenate([trace.y for trace in figure.data])
    assert low <= drawn.min()
    assert high >= drawn.max()


def test_smoothness_is_drawn_along_the_gradient_and_at_random_and_gaps_stay_gaps() -> None:
    lost = course(1.0)
    lost[1] = Smoothness(
        4, lost[1].eta, False, 1.0, 1.0, LineSamples(*(np.full(3, np.nan) for _ in range(3))), probe(0.5)
    )
    figure = smoothness_figure(Compared({"one": [lost]}, colors=COLORS))
    along, random, legend = figure.data
    assert [trace.showlegend for trace in figure.data] == [True, False, None]
    assert "random" in legend.name
    assert "lower is smoother" in figure.layout.title.text
    assert np.isnan(along.y[1])
    assert not along.connectgaps
    assert along.y[2] == pytest.approx(3 * 0.4)
    assert random.y[0] == pytest.approx(0.5 * 0.4)
    assert list(along.customdata) == [0, 4, 9]
    assert list(figure.layout.xaxis.ticktext) == ["0", "4", "9"]


def test_an_unknown_quantity_is_refused_and_nothing_is_said_where_there_is_nothing() -> None:
    with pytest.raises(ValueError, match="variation, predictiveness"):
        band_figure(Compared(COURSES, colors=COLORS), "loss")
    assert "Nothing" in band_figure(Compared({}, colors=COLORS), "variation").layout.annotations[0].text
