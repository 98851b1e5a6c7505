"""Figures and verdicts of A6, A7 and A8 agree with the measurements."""

import numpy as np
import pytest

from normscape.figures.analysis.cauchy_schwarz import rate_figure, tightness_figure
from normscape.figures.analysis.centering import both_figure, rates_figure, weight_figure
from normscape.figures.analysis.second_moments import SHARES, moments_figure, parabola_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.cauchy_schwarz import BoundedChange, CauchySchwarz
from normscape.landscape.analysis.centering import Centering, Reparametrized
from normscape.landscape.analysis.second_moments import LayerMoments, SecondMoments
from normscape.views.analysis.steps import cauchy_schwarz, centering, second_moments


def inputs(name: str, mean: float, weighted: float = float("nan")) -> LayerMoments:
    return LayerMoments(name, 2, 1, np.array([mean, 0.0]), np.array([mean**2 + 1, 3.0]), 2.0, weighted)


RESULTS = SecondMoments((inputs("a", 4.0), inputs("b", 0.0, 0.25)))


@pytest.mark.parametrize("count", [1, 3])
def test_moments_and_the_parabola_are_drawn_for_every_network(count: int) -> None:
    found = {f"network {k}": RESULTS for k in range(count)}
    figure = moments_figure(Compared(found))
    assert len(figure.data) == 3 * count
    assert list(figure.data[0].y) == [20.0, 4.0]
    assert list(figure.data[1].y) == [4.0, 4.0]
    curve = parabola_figure(Compared(found, theme="dark")).data[0]
    assert SHARES[np.argmin(curve.y)] == pytest.approx(1.0)
    assert curve.y[np.argmin(np.abs(SHARES))] == pytest.approx(1.0)  # nothing subtracted: the raw moment
    assert min(curve.y) == pytest.approx(8 / 24)


def test_the_verdict_on_moments_names_where_centring_takes_most_and_least() -> None:
    verdict = second_moments.verdict(RESULTS)
    assert "leaves 20 % of the second moment in a, and 100 % in b" in verdict
    assert "$E[ax]/E[a]$ lies 0.25 lengths" in verdict
    assert second_moments.rows(RESULTS)["Inputs of a weight"] == "2"
    assert "no linear layer" in second_moments.verdict(SecondMoments(()))


def change(name: str, left: float, step: float = 0.1) -> BoundedChange:
    sides = (np.array([left, 0.0]), np.array([1.0, 0.0]), np.array([left / 2, 0.0]), np.array([0.8, 0.0]))
    return BoundedChange(name, 3, step, *sides, np.array([0.5, 0.0]))


def test_tightness_and_rates_are_drawn_and_told_and_a_failure_is_named() -> None:
    found = CauchySchwarz((change("a", 0.5), change("b", 0.9, 0.01)), 1e-6)
    figure = tightness_figure(Compared({"one": found}))
    assert list(figure.data[0].y) == [0.5, 0.9]
    assert list(figure.data[1].y) == pytest.approx([0.25 / 0.8, 0.45 / 0.8])
    assert list(rate_figure(Compared({"one": found, "two": found})).data[1].y) == pytest.approx([5.0, 50.0])
    verdict = cauchy_schwarz.verdict(found)
    assert "Holds at all 4 units; at the median 0.7 of it is used, at most 0.9" in verdict
    assert "5 to 50 between layers: 10 times apart" in verdict
    assert "Fails at 1 of 4 units, in b" in cauchy_schwarz.verdict(
        CauchySchwarz((found.layers[0], change("b", 1.1)), 1e-6)
    )
    assert cauchy_schwarz.rows(found)["Positions $T$"] == "3"
    assert "nothing moves" in cauchy_schwarz.verdict(CauchySchwarz((), 1e-6))


def test_centring_is_drawn_three_ways_and_layers_where_the_curvature_rises_are_named() -> None:
    layers = (
        Reparametrized("a", False, (4.0, 2.0, 1.0), (2.0, 1.0, 0.5), (9.0, 3.0, 2.0), (1.0, 0.5, 2.0), 1e-9),
        Reparametrized("b", True, (1.0, 3.0, 2.0), (1.0, 1.0, 0.5), (9.0, 3.0, 2.0), (4.0, 4.0, 1.0), 1e-8),
    )
    found = Centering(layers)
    figure = both_figure(Compared({"one": found}))
    assert [list(trace.y) for trace in figure.data] == [[4.0, 1.0], [2.0, 3.0], [1.0, 2.0]]
    assert list(weight_figure(Compared({"one": found})).data[0].y) == [2.0, 1.0]
    verdict = centering.verdict(found)
    assert "of weight and bias in 1 of 2 layers, raises it in 1 (b); it becomes 0.5 to 3 times what it was" in verdict
    assert "of the weight alone in 1 of 2 layers; it becomes 0.5 to 1 times" in verdict
    assert "rate, which the argument takes for a constant, becomes 0.5 to 1 times what it was, and 0.25 to 2" in verdict
    assert [list(trace.y) for trace in rates_figure(Compared({"one": found})).data][1] == [0.5, 4.0]
    assert centering.rows(found)["Layers given a bias of 0"] == "1 of 2"
