"""The picture of A12 draws every channel of every layer."""

import numpy as np
import pytest

from normscape.figures.analysis.running_averages import averages_figure, loss_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.running_averages import LayerAverages, RunningAverages
from normscape.views.analysis.steps import running_averages


def result(scale: float) -> RunningAverages:
    layers = tuple(
        LayerAverages(f"layer{k}", scale * np.array([0.1, np.nan, 0.3]), np.array([1.1, np.nan, 0.9])) for k in (1, 2)
    )
    return RunningAverages(layers, 0.5, 0.4)


RESULTS = {"one": result(1.0), "two": result(2.0), "three": RunningAverages((), 0.4, 0.4)}
COLORS = dict.fromkeys(RESULTS, "#123456")


@pytest.mark.parametrize(("labels", "drawn"), [(["one"], ["one"]), (["one", "two", "three"], ["one", "two"])])
def test_every_channel_is_a_point_and_networks_without_averages_have_none(labels: list[str], drawn: list[str]) -> None:
    figure = averages_figure(Compared({label: RESULTS[label] for label in labels}, colors=COLORS))
    assert [trace.name for trace in figure.data] == drawn
    np.testing.assert_array_equal(figure.data[0].x, [0.1, np.nan, 0.3] * 2)
    np.testing.assert_array_equal(figure.data[0].y, [1.1, np.nan, 0.9] * 2)
    assert list(figure.data[0].customdata) == ["layer1"] * 3 + ["layer2"] * 3
    assert len({trace.marker.symbol for trace in figure.data}) == len(drawn)


def test_the_change_of_the_loss_is_drawn_that_the_verdict_states() -> None:
    found = {"one": RunningAverages(result(1.0).layers, 0.412, 0.4), "three": RESULTS["three"]}
    figure = loss_figure(Compared(found, colors=COLORS), small=running_averages.SMALL)
    bar, end = figure.data
    assert list(bar.x) == [0.0, pytest.approx(3.0)]
    assert list(end.text) == ["+3 %"]
    assert list(figure.layout.yaxis.ticktext) == ["one"]
    assert [shape.x0 for shape in figure.layout.shapes] == [0, -5, 5]
    alone = loss_figure(Compared({"three": RESULTS["three"]}), small=0.05)
    assert "No compared network" in alone.layout.annotations[0].text


def test_without_any_averages_a_sentence_says_so() -> None:
    assert (
        "No compared network"
        in averages_figure(Compared({"three": RESULTS["three"]}, colors=COLORS)).layout.annotations[0].text
    )


@pytest.mark.parametrize(
    ("running", "sentence", "status"),
    [
        (0.4, "leaves the loss unchanged", "holds"),
        (0.412, "raises the loss by 3 % (0.4 to 0.412)", "holds"),
        (0.5, "raises the loss by 25 % (0.4 to 0.5)", "loose"),
        (0.1, "lowers the loss by 75 % (0.4 to 0.1)", "fails"),
    ],
)
def test_the_verdict_states_what_the_stored_averages_do_to_the_loss(running: float, sentence: str, status: str) -> None:
    measured = RunningAverages(result(1.0).layers, running, 0.4)
    assert sentence in running_averages.verdict(measured)
    assert running_averages.status(measured) == status
    assert running_averages.status(RESULTS["three"]) == "absent"
    assert "stores no averages" in running_averages.verdict(RESULTS["three"])
