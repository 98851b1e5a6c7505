"""Figures and verdicts of A11 and A13 agree with the measurements."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.figures.analysis.batch_statistics import mean_error_figure, variance_error_figure
from normscape.figures.analysis.distributions import distribution_figures, shift_figure, units_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.batch_statistics import BatchStatistics, LayerStatistics
from normscape.landscape.analysis.distributions import (
    BIN_EDGES,
    ActivationInputs,
    CovariateShift,
    Distribution,
    Distributions,
)
from normscape.views.analysis.steps import batch_statistics, distributions


def distribution(name: str, within: float) -> Distribution:
    shares = np.zeros(len(BIN_EDGES) - 1)
    shares[[3, 30]] = 0.25, 0.75
    return Distribution(name, shares, 0.1, 1.0, 0.5, -1.2, within)


RESULTS = Distributions(
    (distribution("a", 0.3), distribution("b", 0.9)),
    (
        ActivationInputs(distribution("a.activation", 0.6), 0.2, 0.1),
        ActivationInputs(distribution("b.activation", 0.8), 0.0, 0.5),
    ),
    (CovariateShift("a", 0.0, 2.0, 1.0), CovariateShift("b", 1.0, 4.0, 0.9), CovariateShift("c", 3.0, 2.0, -0.2)),
)


@pytest.mark.parametrize("count", [1, 3])
def test_distributions_share_one_range_of_colors_and_units_and_shifts_are_drawn(count: int) -> None:
    found = {f"network {k}": RESULTS for k in range(count)}
    drawn = distribution_figures(Compared(found))
    assert set(drawn) == set(found)
    assert {figure.data[0].zmax for figure in drawn.values()} == {0.75}
    assert drawn["network 0"].data[0].x[30] == pytest.approx((BIN_EDGES[30] + BIN_EDGES[31]) / 2)
    units = units_figure(Compared(found, theme="dark"))
    assert [list(trace.y) for trace in units.data[:3]] == [[0.6, 0.8], [0.2, 0.0], [0.1, 0.5]]
    shifts = shift_figure(Compared(found))
    assert list(shifts.data[0].y) == [0.25, 1.5]
    assert list(shifts.data[1].y) == pytest.approx([0.1, 1.2])


def test_the_verdict_on_other_explanations_follows_from_the_numbers() -> None:
    verdict = distributions.verdict(RESULTS)
    assert verdict == (
        "One step of the earlier layers changes the median layer's gradient by 88 %; 70 % of the activation inputs lie "
        "in [−1, 1]."
    )
    rows = distributions.rows(RESULTS)
    assert rows["Excess kurtosis of layer inputs"] == "−1.2"
    assert (rows["Dead units"], rows["Linear units"]) == ("0 to 0.2", "0.1 to 0.5")
    assert rows["Cosine of $G$ and $G'$"] == "−0.2 to 0.9"
    smooth = Distributions(
        RESULTS.layers, (ActivationInputs(distribution("a", 0.5), np.nan, np.nan),), RESULTS.shifts[:1]
    )
    assert distributions.rows(smooth)["Dead units"] == "n/a"
    assert "could shift" in distributions.verdict(smooth)


def layer(name: str, positions: int = 1) -> LayerStatistics:
    law = np.array([0.7, 0.35, 0.0])
    measured = np.array([0.77, 0.35, 0.0])
    return LayerStatistics(name, positions, 1.0 * positions / 2, measured, law, law, -(law**2), -(law**2), 2 * law)


def test_errors_are_drawn_over_batch_sizes_beside_their_law_and_told() -> None:
    found = BatchStatistics(np.array([2, 8, 100]), 100, True, (layer("a"), layer("b", 16)))
    figure = mean_error_figure(Compared({"one": found, "two": found}, colors={"one": "#112233", "two": "#445566"}))
    points = next(trace for trace in figure.data if trace.name == "one")
    assert list(points.x) == [2, 8, 100]
    assert list(points.y)[:2] == pytest.approx([0.77, 0.35])
    assert np.isnan(points.y[2])
    other = next(trace for trace in figure.data if trace.name == "two")
    assert (other.x > points.x).all()  # no mark covers that of another network
    assert list(other.customdata) == [2, 8, 100]
    assert [trace.name for trace in figure.data].count("theory") == 1
    assert "theory" in " ".join(trace.name or "" for trace in variance_error_figure(Compared({"one": found})).data)
    verdict = batch_statistics.verdict(found)
    assert r"batch of 100 is off by 0 $\sigma$" in verdict  # the size nearest to 32 on a logarithmic scale
    assert "match sampling theory within 10 %" in verdict
    assert batch_statistics.status(found) == "holds"
    assert batch_statistics.status(replace(found, norms=False)) == "absent"  # it trains without batch statistics
    assert batch_statistics.brief(replace(found, norms=False)) == "no batch statistics are used"
    rows = batch_statistics.rows(found)
    assert (rows["Independent values per sample"], rows["Positions per sample"]) == ("0.5 to 8", "1 to 16")
    assert rows["Error of the mean, batches of 2"] == r"0.77 $\sigma$ (theory 0.7)"
    assert rows["Bias of the variance, batches of 8"] == "12.2 % (theory 12.2 %)"


def test_a_layer_and_its_normalization_have_places_of_their_own_among_the_shifts() -> None:
    shifts = tuple(
        replace(RESULTS.shifts[-1], layer=name) for name in ("layer1.linear", "layer2.linear", "layer2.norm")
    )
    figure = shift_figure(Compared({"one": replace(RESULTS, shifts=shifts)}))
    assert list(figure.data[0].x) == ["layer 2", "layer 2 norm"]
