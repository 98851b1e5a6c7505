"""The cut over seeds: exact means and ends, one range for all, and values that are not finite left out."""

import numpy as np
import pytest

from normscape.figures.comparison import Comparison
from normscape.figures.surface import seeds_figure

COLORS = {"a": "#b84900", "b": "#0d6ca6"}


def drawn(surfaces: dict, **options):
    """The figure of networks with several surfaces each, one per seed."""
    seeds = {label: [f"{label} {k}" for k in range(len(own))] for label, own in surfaces.items()}
    results = {name: one for label, own in surfaces.items() for name, one in zip(seeds[label], own, strict=True)}
    colors = {name: COLORS[label] for label, names in seeds.items() for name in names}
    return seeds_figure(Comparison(results, "loss", "linear", colors=colors, **options), seeds)


def lines(figure, label: str):
    low, high, mean = (trace for trace in figure.data if trace.legendgroup == label)
    return low, high, mean


def test_the_band_goes_from_the_smallest_to_the_largest_and_the_line_is_the_mean(make) -> None:
    one, two = make([[1, 2, 3], [4, 5, 6], [1, 1, 1]]), make([[9, 9, 9], [8, 3, 0], [9, 9, 9]])
    figure = drawn({"a": [one, two]})
    low, high, mean = lines(figure, "a")
    assert low.y.tolist() == [4, 3, 0]
    assert high.y.tolist() == [8, 5, 6]
    assert mean.y.tolist() == [6, 4, 3]
    assert mean.line.color == COLORS["a"]
    assert high.fillcolor == "rgba(184,73,0,0.22)"
    assert "2 pairs" in figure.layout.annotations[0].text


def test_all_networks_share_the_range_of_all_their_seeds(make) -> None:
    figure = drawn({"a": [make([[1, 2]])], "b": [make([[3, 40]]), make([[5, 6]])]})
    low, high = figure.layout.yaxis.range
    assert low < 1
    assert high > 40


@pytest.mark.filterwarnings("error")
def test_a_seed_without_a_value_is_left_out_of_mean_and_band(make) -> None:
    figure = drawn({"a": [make([[1, np.nan, np.nan]]), make([[3, 5, np.nan]])]})
    low, high, mean = lines(figure, "a")
    np.testing.assert_array_equal(mean.y, [2, 5, np.nan])
    np.testing.assert_array_equal(low.y, [1, 5, np.nan])
    np.testing.assert_array_equal(high.y, [3, 5, np.nan])


def test_without_any_surface_it_says_so() -> None:
    for nothing in ({}, {"a": []}):
        assert drawn(nothing).layout.annotations[0].name == "sentence"
