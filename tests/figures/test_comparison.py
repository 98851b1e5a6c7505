"""One object has the results, the shared range, the colors and the theme of a comparison."""

from dataclasses import FrozenInstanceError, replace

import pytest

from normscape.figures.comparison import Compared, Comparison
from normscape.figures.style.palette import DASHES, SYMBOLS, THEMES
from normscape.figures.style.scales import shared_range


def test_the_range_is_computed_once_and_is_that_of_all_surfaces(make, monkeypatch) -> None:
    calls = []

    def counted(*args):
        calls.append(args)
        return shared_range(*args)

    monkeypatch.setattr("normscape.figures.comparison.shared_range", counted)
    comparison = Comparison({"a": make([[1, 2]]), "b": make([[0.5, 8]])}, "loss", "log")
    assert comparison.value_range is comparison.value_range
    assert len(calls) == 1
    assert (comparison.value_range.low, comparison.value_range.high) == (0.5, 8)
    other = replace(comparison, metric="gradient-norm")
    assert (other.value_range.low, other.value_range.high) == (1.5, 24)


def test_networks_differ_by_symbol_and_dash_in_the_order_of_comparison_and_repeat_after_the_last() -> None:
    labels = [str(k) for k in range(len(SYMBOLS) + 1)]
    compared = Compared(dict.fromkeys(labels))
    assert [compared.symbol(label) for label in labels] == [*SYMBOLS, SYMBOLS[0]]
    assert [compared.dash(label) for label in labels] == [*DASHES, DASHES[0]]


def test_other_results_keep_colors_and_theme(make) -> None:
    comparison = Comparison({"a": make([[1, 2]])}, "loss", "log", colors={"a": "#112233"}, theme="dark")
    lengths = comparison.map(lambda surface: surface.loss.size)
    assert lengths.results == {"a": 2}
    assert (lengths.color("a"), lengths.color("b")) == ("#112233", None)
    assert lengths.theme_colors == THEMES["dark"]
    assert Compared({}).theme_colors == THEMES["light"]
    with pytest.raises(FrozenInstanceError):
        comparison.metric = "accuracy"
