"""Figures and verdicts of A6, A7 and A8 agree with the measurements."""

import numpy as np
import pytest

from normscape.figures.analysis.cauchy_schwarz import rate_figure, tightness_figure, units_figure
from normscape.figures.analysis.centering import both_figure, rates_figure, weight_figure
from normscape.figures.analysis.centering import relative_figure as relative_curvature_figure
from normscape.figures.analysis.second_moments import SHARES, moments_figure, parabola_figure, relative_figure
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
    relative = relative_figure(Compared(found))
    assert len(relative.data) == 2 * count
    assert list(relative.data[0].y) == pytest.approx([0.2, 1.0])
    curve = parabola_figure(Compared(found, theme="dark")).data[0]
    assert SHARES[np.argmin(curve.y)] == pytest.approx(1.0)
    assert curve.y[np.argmin(np.abs(SHARES))] == pytest.approx(1.0)  # nothing subtracted: the raw moment
    assert min(curve.y) == pytest.approx(8 / 24)


def test_the_verdict_on_moments_names_where_centering_removes_most() -> None:
    verdict = second_moments.verdict(RESULTS)
    assert verdict == "Centering removes up to 80 % of the second moment (in a), and 40 % in the median layer."
    centered = SecondMoments((inputs("b", 0.0),))
    assert "centering removes at most 0 %" in second_moments.verdict(centered)
    assert (second_moments.status(RESULTS), second_moments.status(centered)) == ("holds", "loose")
    assert second_moments.rows(RESULTS)[r"Last layer: $\|E[ax]/E[a]-E[x]\|/\|E[x]\|$"] == "0.25"
    assert second_moments.rows(RESULTS)["Inputs of a weight"] == "2"
    raised = SecondMoments(
        (inputs("a", 4.0), LayerMoments("c", 2, 1, np.array([0.3, 0.0]), np.array([0.2, 0.3]), 2.0, float("nan")))
    )
    assert second_moments.status(raised) == "loose"
    assert second_moments.verdict(raised).endswith("Dividing then raises it above the raw value in 1 of 2 layers.")
    assert second_moments.brief(raised) == (
        "centering removes 49 % of the second moment, and dividing raises it in 1 of 2 layers"
    )
    assert "no linear or convolution layer" in second_moments.verdict(SecondMoments(()))


def change(name: str, left: float, step: float = 0.1) -> BoundedChange:
    sides = (np.array([left, 0.0]), np.array([1.0, 0.0]), np.array([left / 2, 0.0]), np.array([0.8, 0.0]))
    return BoundedChange(name, 3, step, *sides, np.array([0.5, 0.0]))


def test_tightness_and_rates_are_drawn_and_told_and_a_failure_is_named() -> None:
    found = CauchySchwarz((change("a", 0.5), change("b", 0.9, 0.01)), 1e-6)
    figure = tightness_figure(Compared({"one": found}))
    assert list(figure.data[0].y) == [0.5, 0.9]
    assert list(figure.data[1].y) == pytest.approx([0.25 / 0.8, 0.45 / 0.8])
    assert list(units_figure(Compared({"one": found}), useful=0.25).data[0].y) == [0.5, 0.9]
    assert list(rate_figure(Compared({"one": found, "two": found})).data[1].y) == pytest.approx([5.0, 50.0])
    verdict = cauchy_schwarz.verdict(found)
    assert "holds at every unit; the median unit reaches 70 % of it" in verdict
    assert cauchy_schwarz.status(found) == "holds"
    wide = CauchySchwarz((change("a", 0.1), change("b", 0.2)), 1e-6)
    assert "at every unit, but the gradient of the median unit changes 6.7× less than it" in cauchy_schwarz.verdict(
        wide
    )
    assert cauchy_schwarz.status(wide) == "loose"  # an inequality that always holds is not a tight one
    assert cauchy_schwarz.brief(wide) == "the gradient stays 6.7× below the limit"
    useless = CauchySchwarz((change("a", 0.03), change("b", 0.05)), 1e-6)
    assert cauchy_schwarz.status(useless) == "fails"  # an order of magnitude below, the limit explains nothing
    assert "varies 10× between layers" in verdict
    assert cauchy_schwarz.rows(found)[r"$\sqrt{E[\lambda^2]}/\|\Delta w\|$, by layer"] == "5 to 50"
    assert "exceeded beyond rounding at 1 of 4 units, in b" in cauchy_schwarz.verdict(
        CauchySchwarz((found.layers[0], change("b", 1.1)), 1e-6)
    )
    assert cauchy_schwarz.rows(found)["Positions $T$"] == "3"
    assert "zero gradient" in cauchy_schwarz.verdict(CauchySchwarz((), 1e-6))


def test_centring_is_drawn_three_ways_and_layers_where_the_curvature_rises_are_named() -> None:
    layers = (
        Reparametrized("a", False, (4.0, 2.0, 1.0), (2.0, 1.0, 0.5), (9.0, 3.0, 2.0), (1.0, 0.5, 2.0), 1e-9),
        Reparametrized("b", True, (1.0, 3.0, 2.0), (1.0, 1.0, 0.5), (9.0, 3.0, 2.0), (4.0, 4.0, 1.0), 1e-8),
    )
    found = Centering(layers)
    figure = both_figure(Compared({"one": found}))
    assert [list(trace.y) for trace in figure.data] == [[4.0, 1.0], [2.0, 3.0], [1.0, 2.0]]
    relative = relative_curvature_figure(Compared({"one": found}))
    assert [list(trace.y) for trace in relative.data] == [[0.5, 3.0], [0.25, 2.0]]  # above 1 it rises
    assert list(weight_figure(Compared({"one": found})).data[0].y) == [2.0, 1.0]
    verdict = centering.verdict(found)
    assert verdict == (
        r"$\lambda_{\max}$ falls in 1 and rises in 1 of 2 layers with centered inputs; with standardized inputs it "
        "falls in 1 and rises in 1: the curvature does not follow the bound."
    )
    assert centering.status(found) == "fails"  # raised as often as lowered
    assert centering.status(Centering((layers[0], layers[0], layers[1]))) == "loose"
    rows = centering.rows(found)
    assert rows[r"$\lambda_{\max}$ of weight and bias, centered over raw"] == "0.5 to 3"
    assert rows[r"$\lambda_{\max}$ of weight alone, centered over raw"] == "0.5 to 1"
    assert rows[r"$\sqrt{E[\lambda^2]}/\|\Delta W\|$, centered over raw"] == "0.5 to 1"
    assert rows[r"$\sqrt{E[\lambda^2]}/\|\Delta W\|$, standardized over raw"] == "0.25 to 2"
    follows, opposes = (Centering(layers[k : k + 1]) for k in (0, 1))
    assert centering.verdict(follows).endswith(
        "falls in 1 of 1 layer with centered inputs; with standardized inputs it falls in 1: the curvature follows "
        "the bound."
    )
    assert "does not follow" in centering.verdict(opposes)
    assert [list(trace.y) for trace in rates_figure(Compared({"one": found})).data][1] == [0.5, 4.0]
    assert centering.rows(found)["Layers given a bias of 0"] == "1 of 2"
