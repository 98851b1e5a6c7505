"""Lines over layers: each network's order is kept, networks and numbers stay apart."""

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.layers import Line, layers_figure, merged
from normscape.figures.style.lines import DOTTED


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([["a", "b"], ["a", "x", "b", "y"]], ["a", "x", "b", "y"]),
        ([["b"], ["a", "b", "c"]], ["a", "b", "c"]),
        ([["a", "b"], ["b", "a"]], ["a", "b"]),  # no order keeps both
        ([], []),
    ],
)
def test_layers_of_different_networks_are_in_an_order_that_keeps_that_of_each_network(orders, expected) -> None:
    assert merged(orders) == expected


def test_networks_differ_by_color_and_symbol_and_their_numbers_by_dash() -> None:
    layers = ["a", "b"]
    lines = {label: [Line(name, layers, np.array([1.0, -2.0])) for name in ("x", "y")] for label in ("one", "two")}
    figure = layers_figure(Compared(lines, colors={"one": "#111111", "two": "#222222"}), title="", axis="")
    assert [trace.line.color for trace in figure.data] == ["#111111", "#111111", "#222222", "#222222"]
    assert len({trace.marker.symbol for trace in figure.data}) == 4
    assert [trace.line.dash for trace in figure.data] == ["solid", DOTTED, "solid", DOTTED]
    assert np.isnan(figure.data[0].y[1])  # nothing negative on a logarithmic axis
    linear = layers_figure(Compared(lines, theme="dark"), title="", axis="", scale="linear")
    assert list(linear.data[0].y) == [1.0, -2.0]
    assert list(figure.layout.xaxis.categoryarray) == layers
