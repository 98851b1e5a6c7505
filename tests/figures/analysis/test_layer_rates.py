"""What is drawn of A8 is what was measured."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.figures.analysis.layer_rates import in_step_figure, inputs_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.layer_rates import LayerRate, LayerRates
from normscape.views.analysis.steps import layer_rates


def of(bias: float = 2.0) -> LayerRates:
    layers = (LayerRate("layer1", 2.0, 3.0, 4.0), LayerRate("layer2", 1.0, 0.5, 8.0))
    return LayerRates(layers, "layer1", np.array([0.5, 1.0, 4.0]), np.array([1.0, 2.0, 10.0]), bias)


@pytest.mark.parametrize("count", [1, 3])
def test_points_are_second_moments_and_ratios_over_the_bias_and_lines_are_layers(count: int) -> None:
    found = {f"network {k}": of() for k in range(count)}
    colors = dict.fromkeys(found, "#123456")
    figure = inputs_figure(Compared(found, colors=colors))
    assert len(figure.data) == count + 1
    assert list(figure.data[0].x) == [0.5, 1.0, 4.0]
    assert list(figure.data[0].y) == [0.5, 1.0, 5.0]
    layered = in_step_figure(Compared(found, colors=colors, theme="dark"))
    assert len(layered.data) == 2 * count
    assert list(layered.data[0].y) == [12.0, 0.5]
    assert list(layered.data[1].y) == [2.0, 8.0]


def test_with_equal_second_moments_the_ratios_are_in_increasing_order() -> None:
    equal = replace(of(), second_moment=np.full(3, 2.0), ratio=np.array([8.0, 2.0, 4.0]))
    figure = inputs_figure(Compared({"one": equal}))
    assert list(figure.data[0].x) == [1, 2, 3]
    assert list(figure.data[0].y) == [0.5, 1.0, 2.0]
    assert "order" in figure.layout.xaxis.title.text


def test_a_bias_without_effect_leaves_a_sentence_and_the_verdict_says_so() -> None:
    silent = of(bias=0.0)
    assert "No bias" in inputs_figure(Compared({"a": silent})).layout.annotations[0].text
    assert "has no effect" in layer_rates.verdict(silent)
    assert layer_rates.rows(silent)["Ratio of an input's weight to the bias"] == "n/a"


def test_the_verdict_gives_the_largest_factor_and_the_table_the_spreads() -> None:
    assert "within a factor of 1.2." in layer_rates.verdict(of())  # 5 measured, 4 predicted
    assert layer_rates.status(of()) == "holds"
    rows = layer_rates.rows(of())
    assert rows["Ratio of an input's weight to the bias"] == "0.5 to 5"
    assert rows["The same over $E[x^2]$, median"] == "1"
    assert rows["Scale-free curvature, largest over smallest layer"] == "24"
    assert rows["Relative step, largest over smallest layer"] == "4"
    for bias, status, words in ((0.5, "loose", "only within a factor of 5"), (0.1, "fails", "by a factor of up to 25")):
        assert layer_rates.status(of(bias)) == status
        assert words in layer_rates.verdict(of(bias))
