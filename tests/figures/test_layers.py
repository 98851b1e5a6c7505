"""Lines over layers: each network's order is kept, networks and numbers stay apart."""

import numpy as np
import pytest

from normscape.figures.layers import Line, layers_figure, merged


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([["a", "b"], ["a", "x", "b", "y"]], ["a", "x", "b", "y"]),
        ([["b"], ["a", "b", "c"]], ["a", "b", "c"]),
        ([["a", "b"], ["b", "a"]], ["a", "b"]),  # no order keeps both
        ([], []),
    ],
)
def test_layers_of_different_networks_stand_in_an_order_that_is_each_networks_own(orders, expected) -> None:
    assert merged(orders) == expected


def test_networks_differ_by_colour_and_symbol_and_their_numbers_by_dash() -> None:
    layers = ["a", "b"]
    lines = [Line(label, name, layers, np.array([1.0, -2.0])) for label in ("one", "two") for name in ("x", "y")]
    figure = layers_figure(lines, title="", axis="", colours={"one": "#111111", "two": "#222222"}, dark=False)
    assert [trace.line.color for trace in figure.data] == ["#111111", "#111111", "#222222", "#222222"]
    assert len({trace.marker.symbol for trace in figure.data}) == 4
    assert [trace.line.dash for trace in figure.data] == ["solid", "dot", "solid", "dot"]
    assert np.isnan(figure.data[0].y[1])  # nothing negative on a logarithmic axis
    linear = layers_figure(lines, title="", axis="", colours={}, dark=True, scale="linear")
    assert list(linear.data[0].y) == [1.0, -2.0]
    assert list(figure.layout.xaxis.categoryarray) == layers
