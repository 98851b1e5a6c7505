"""Figures and verdicts of A14 and of the growth of gradients agree with the measurements."""

from dataclasses import replace

import numpy as np
import pytest

from normscape.figures.analysis.gradient_growth import growth_figure, size_figure
from normscape.figures.analysis.theorem import factor_figure, mean_share, shares_figure, smaller_figure
from normscape.figures.comparison import Compared
from normscape.landscape.analysis.gradient_growth import GradientGrowth
from normscape.landscape.analysis.theorem import NormLayer, Theorem
from normscape.views.analysis.steps import gradient_growth, theorem


def layer(name: str = "norm1", *, ratio: tuple[float, ...] = (0.5, 1.0), difference: float = 1e-9) -> NormLayer:
    taken = (np.array([0.3, 0.0]), np.array([0.2, 0.0]))
    sides = (np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([3.0, 1.0]))
    factor = np.array([0.5, 2.0])
    return NormLayer(name, 64, True, *sides, *taken, np.array(ratio), factor, np.full(2, difference))


@pytest.mark.parametrize("count", [1, 3])
def test_shares_are_means_over_units_by_their_gradient_and_factors_their_median_and_ends(count: int) -> None:
    found = {f"network {k}": Theorem((layer("norm1"), layer("norm2")), 1e-6) for k in range(count)}
    colors = dict.fromkeys(found, "#123456")
    figure = shares_figure(Compared(found, colors=colors))
    assert len(figure.data) == 2 * count
    assert mean_share(layer(), "ratio") == pytest.approx((3 * 0.5 + 1 * 1.0) / 4)
    assert list(figure.data[0].y) == pytest.approx([0.225, 0.225])
    factors = factor_figure(Compared(found, colors=colors, theme="dark"))
    assert [trace.y[0] for trace in factors.data[:3]] == [1.25, 0.5, 2.0]


def test_the_share_of_units_with_a_smaller_gradient_is_drawn_by_layer() -> None:
    found = {"one": Theorem((layer("norm1"), layer("norm2")), 1e-6), "none": Theorem((), 1e-6)}
    figure = smaller_figure(Compared(found), enough=theorem.REDUCED)
    assert [list(trace.y) for trace in figure.data] == [[0.5, 0.5]]
    assert figure.layout.shapes[0].y0 == theorem.REDUCED
    assert "shrinks at only 2 of 4 units" in theorem.verdict(found["one"])


def test_without_batch_norm_figure_and_verdict_say_so() -> None:
    found = {"none": Theorem((), 1e-6)}
    assert "batch-norm layer" in " ".join(shares_figure(Compared(found)).layout.annotations[0].text.split("<br>"))
    assert "no batch-norm layer" in theorem.verdict(found["none"])
    assert theorem.rows(found["none"]) == {"Batch-norm layers": "none"}


def test_the_verdict_on_the_theorem_follows_from_the_numbers() -> None:
    verdict = theorem.verdict(Theorem((layer(),), 1e-6))
    assert "but the gradient shrinks at only 1 of 2 units: the layer removes 25 % of its square" in verdict
    assert "enlarges the rest at 1 of 2 units" in verdict
    rows = theorem.rows(Theorem((layer(),), 1e-6))
    assert rows["Largest difference between the sides"] == "10⁻⁹"
    assert rows[r"Share of $\|g\|^2$ that remains, by unit"] == "0.5 to 1"
    assert rows["Median factor"] == "1.25"
    assert theorem.verdict(Theorem((layer("a"), layer("b", difference=0.1)), 1e-6)) == (
        "The theorem fails beyond rounding at 2 of 4 units (in b): the sides differ by up to 0.1, and the ratio "
        "reaches 1."
    )
    assert "at 1 of 2 units (in norm1)" in theorem.verdict(Theorem((layer(ratio=(0.5, 1.2)),), 1e-6))
    many = theorem.verdict(Theorem(tuple(layer(name, difference=0.1) for name in "abcdef"), 1e-6))
    assert "at 12 of 12 units (in a, b, c and 3 more layers)" in many


def test_units_that_nothing_comes_back_through_and_gradients_that_are_not_finite_do_not_count_as_agreement() -> None:
    idle = replace(layer(), ratio=np.array([0.5, np.nan]), difference=np.array([1e-9, np.nan]))
    assert "the layer removes 50 %" in theorem.verdict(Theorem((idle,), 1e-6))
    assert theorem.rows(Theorem((idle,), 1e-6))["Units where both sides are 0"] == "1"
    gone = np.full(2, np.nan)
    names = ("left", "right", "signal", "by_mean", "by_deviation", "ratio", "factor", "difference")
    lost = Theorem((replace(layer(), **dict.fromkeys(names, gone)),), 1e-6)
    assert theorem.verdict(lost) == ("The gradient is not finite at 2 of 2 units (in norm1).")
    assert theorem.rows(lost)["Largest difference between the sides"] == "n/a"
    assert "batch-norm layer" not in shares_figure(Compared({"lost": lost})).layout.annotations[0].text
    unread = replace(layer(), left=np.array([np.nan, 2.0]), difference=np.array([np.nan, 0.1]))
    verdict = theorem.verdict(Theorem((unread,), 1e-6))
    assert verdict.startswith("The gradient is not finite at 1 of 2 units")
    assert "fails beyond rounding at 1 of 2 units" in verdict


@pytest.mark.parametrize(
    ("smaller", "expected"), [(10, "holds"), (9, "holds"), (8, "loose"), (5, "loose"), (4, "fails")]
)
def test_the_step_holds_only_where_the_layer_shrinks_the_gradient_however_exact_the_identity(
    smaller: int, expected: str
) -> None:
    signal = np.ones(10)
    left = np.where(np.arange(10) < smaller, 0.5, 4.0)
    units = NormLayer("n", 64, True, left, left, signal, signal * 0, signal * 0, signal * 0.9, left, np.full(10, 1e-9))
    found = Theorem((units,), 1e-6)
    assert theorem.status(found) == expected
    only = "" if expected == "holds" else "only "
    assert theorem.brief(found) == f"the gradient shrinks at {only}{smaller} of 10 units"
    assert theorem.status(Theorem((replace(units, difference=np.full(10, 0.1)),), 1e-6)) == "fails"


def test_a_layer_that_no_gradient_reaches_is_not_judged() -> None:
    nothing = dict.fromkeys(("left", "right", "signal"), np.zeros(2)) | {"ratio": np.full(2, np.nan)}
    found = Theorem((replace(layer(), **nothing),), 1e-6)
    assert theorem.status(found) == "undefined"
    assert theorem.brief(found) == "the gradient is zero or not finite"


def test_numbers_of_values_are_written_out() -> None:
    layers = (layer("a"), replace(layer("b"), values=1438), replace(layer("c"), values=640))
    assert theorem.rows(Theorem(layers, 1e-6))["Values per unit"] == "64 to 1,438"
    assert theorem.rows(Theorem(layers[1:2], 1e-6))["Values per unit"] == "1,438"


def test_growth_is_drawn_per_layer_and_told_with_its_direction() -> None:
    found = GradientGrowth(("a", "b", "c", "d", "out"), np.array([16.0, 8.0, 4.0, 2.0, 4.0]), True)
    figure = growth_figure(Compared({"one": found, "two": found}))
    assert list(figure.data[0].x) == ["a", "b", "c", "d"]
    assert list(figure.data[1].y) == [2.0, 2.0, 2.0, 0.5]
    assert list(size_figure(Compared({"one": found})).data[0].y) == [16.0, 8.0, 4.0, 2.0, 4.0]
    assert gradient_growth.verdict(found) == (
        "From the last layer to the first, the gradient norm is multiplied by 4; 5 layers are too few to judge growth "
        "per layer."
    )
    assert "do not form a chain" in gradient_growth.verdict(GradientGrowth(found.layers, found.size, False))
    assert "No two layers" in gradient_growth.verdict(GradientGrowth(("a",), np.ones(1), True))


@pytest.mark.parametrize(
    ("factor", "sentence", "status"),
    [
        (1.0, "Gradients keep their norm: the factor per interior layer is 1.", "holds"),
        (1.1, "Gradients grow in the backward pass, by a factor of 1.1 per interior layer.", "loose"),
        (0.5, "Gradients shrink in the backward pass, by a factor of 0.5 per interior layer.", "fails"),
    ],
)
def test_in_deep_networks_growth_per_layer_is_judged(factor: float, sentence: str, status: str) -> None:
    sizes = factor ** -np.arange(7.0)
    deep = GradientGrowth((*"abcdef", "out"), sizes, True)
    assert gradient_growth.verdict(deep) == sentence
    assert gradient_growth.status(deep) == status
