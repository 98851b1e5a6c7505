"""The pictures of A4 and A5 draw the result's own shares and ratios, on one scale."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.figures.analysis.derivatives import (
    LARGEST,
    SMALLEST,
    growth_figure,
    signal_figures,
    signals_along_figures,
    steadiness_figure,
)
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.derivatives import (
    BIN_EDGES,
    Derivatives,
    Signal,
    SignalHistory,
    WeightBiasRatios,
)
from normscape.views.analysis.steps import derivatives


def result(scale: float, layers: int = 3) -> Derivatives:
    shares = np.zeros(len(BIN_EDGES) - 1)
    shares[[10, 20]] = 0.5 * scale, 0.2 * scale
    signals = tuple(Signal(f"layer{k}", shares, 0.0, 1.0, 0.1, 0.0) for k in range(layers))
    steady = tuple(
        WeightBiasRatios(f"layer{k}", scale * (k + 1), np.nan if k == 1 else 0.5, 2.0) for k in range(layers)
    )
    return Derivatives(signals, steady, True, 1.2, 5.0)


RESULTS = {"one": result(1.0), "two": result(0.5), "three": result(0.1)}
COLORS = dict.fromkeys(RESULTS, "#123456")


def test_signals_are_drawn_with_one_range_of_colors_over_the_histograms_own_axis() -> None:
    figures = signal_figures(Compared(RESULTS, colors=COLORS))
    assert (BIN_EDGES[0], BIN_EDGES[-1]) == (SMALLEST, LARGEST)
    for label, figure in figures.items():
        (heat,) = figure.data
        assert (heat.zmin, heat.zmax) == (0, 0.5)
        np.testing.assert_array_equal(heat.z[0], RESULTS[label].signals[0].shares)
        np.testing.assert_allclose(heat.x, (BIN_EDGES[1:] + BIN_EDGES[:-1]) / 2)


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
def test_ratios_of_weights_and_biases_are_drawn_and_missing_ones_leave_gaps(labels: list[str]) -> None:
    figure = steadiness_figure(Compared({label: RESULTS[label] for label in labels}, colors=COLORS))
    assert [trace.name for trace in figure.data] == [
        f"{label}, {name}" for label in labels for name in ("weight", "bias")
    ]
    np.testing.assert_array_equal(figure.data[0].y, [1.0, 2.0, 3.0])
    assert np.isnan(figure.data[1].y[1])
    assert not figure.data[1].connectgaps


def test_without_layers_a_sentence_says_so() -> None:
    empty = Derivatives((), (), True, 0.0, 0.0)
    assert "Nothing" in steadiness_figure(Compared({"one": empty}, colors=COLORS)).layout.annotations[0].text
    assert "Nothing" in signal_figures(Compared({"one": empty}, colors=COLORS))["one"].layout.annotations[0].text


def test_signals_along_training_are_drawn_step_by_step_and_their_change_is_told() -> None:
    shares = np.zeros((2, len(BIN_EDGES) - 1))
    shares[0, 30] = shares[1, 10] = 0.5
    sizes = np.array([[1.0, 1.0], [0.1, 0.1]])
    found = SignalHistory(np.array([0, 100]), ("a", "b"), shares, sizes, np.array([[2.0, 3.0], [1.0, 0.5]]))
    figure = signals_along_figures(Compared({"one": found}))["one"]
    assert figure.data[0].zmax == 0.5
    assert list(figure.layout.yaxis.ticktext) == ["step 0", "step 100"]
    assert figure.data[0].z[1][10] == 0.5
    growth = growth_figure(Compared({"one": found}), bounded=derivatives.BOUNDED)
    assert [list(trace.y) for trace in growth.data] == [[1.0, pytest.approx(1 / 3)], [1.0, pytest.approx(0.1)]]
    verdict = derivatives.verdict_along(found)
    assert "shrinks to 0.1× its initial size; no signal ever exceeds the largest initial one." in verdict
    grown = replace(found, root_mean_square=sizes[::-1], largest=np.array([[2.0, 3.0], [1.0, 7.5]]))
    assert derivatives.verdict_along(grown).endswith(
        "grows to 10× its initial size; the largest signal, at step 100, is 2.5× the largest initial one."
    )
    assert derivatives.rows_along(found) == {
        r"Root mean square of $\delta$, step 0, by layer": "1",
        r"Root mean square of $\delta$, step 100, by layer": "0.1",
        r"Largest $|\delta|$ of all steps": "3",
    }
    single = SignalHistory(np.array([0]), ("a",), shares[:1], sizes[:1, :1], sizes[:1, :1])
    assert "Only one checkpoint" in derivatives.verdict_along(single)


def test_the_verdict_on_steadiness_follows_from_the_numbers() -> None:
    steady = result(1.0)
    assert derivatives.verdict(steady) == (
        "The weight gradient changes faster than the bias gradient in all 2 layers: 4× at the median. The bias is "
        "missing in 1 of 3 layers."
    )
    assert derivatives.status(steady) == "loose"  # it is compared in some layers only
    assert derivatives.brief(steady) == ("weight gradients change 4× as fast in the 2 layers whose bias has an effect")
    everywhere = replace(steady, layers=steady.layers[::2])
    assert derivatives.status(everywhere) == "holds"
    assert derivatives.verdict(everywhere).endswith("in all 2 layers: 4× at the median.")
    idle = replace(steady, layers=(WeightBiasRatios("a", 1.0, 1e-9, 2.0), WeightBiasRatios("b", 1.0, 0.5, 2.0)))
    assert derivatives.verdict(idle).endswith(
        "in the one layer whose bias has an effect: 2×. The bias has no effect (gradient 0) in 1 of 2 layers."
    )
    mixed = replace(steady, layers=(WeightBiasRatios("a", 1.0, 2.0, 2.0), WeightBiasRatios("b", 1.0, 0.5, 2.0)))
    assert "in 1 of 2 layers" in derivatives.verdict(mixed)
    assert derivatives.status(mixed) == "loose"
    unbounded = replace(steady, classifies=False)
    assert "does not bound the output derivative" in derivatives.verdict(unbounded)
    assert derivatives.status(unbounded) == "fails"


def test_without_a_bias_that_has_an_effect_nothing_is_judged() -> None:
    idle = replace(result(1.0), layers=(WeightBiasRatios("a", 1.0, 1e-9, 2.0), WeightBiasRatios("b", 1.0, np.nan, 2.0)))
    assert derivatives.status(idle) == "undefined"
    assert derivatives.verdict(idle) == (
        "No bias gradient to compare with. The bias has no effect (gradient 0) in 1 and is missing in 1 of 2 layers."
    )


def test_rounding_errors_of_a_bias_without_effect_are_not_drawn() -> None:
    layers = (WeightBiasRatios("a", 1.0, 1e-17, 2.0), WeightBiasRatios("b", 1.0, 0.5, 2.0))
    figure = steadiness_figure(Compared({"one": replace(result(1.0), layers=layers)}, colors=COLORS))
    weight, bias = figure.data
    np.testing.assert_array_equal(weight.y, [1.0, 1.0])
    np.testing.assert_array_equal(bias.y, [np.nan, 0.5])
    assert figure.layout.yaxis.range[0] > -3
    assert "one: bias without effect (gradient 0) in 1 of 2 layers" in [note.text for note in figure.layout.annotations]
    plain = steadiness_figure(Compared({"one": RESULTS["one"]}, colors=COLORS))
    assert not [note for note in plain.layout.annotations if "without effect" in str(note.text)]
