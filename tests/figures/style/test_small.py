"""Small charts keep their data and name each network once."""

import plotly.graph_objects as go

from normscape.figures.style.small import AXIS, ROW, TICKS, small_chart


def lines(*names: str, title: str = "Both") -> go.Figure:
    figure = go.Figure([go.Scatter(x=[1], y=[2], name=name) for name in names])
    return figure.update_layout(title=title, showlegend=True, height=400, legend_y=-0.2)


def test_the_legend_names_each_network_and_each_number_once_and_keeps_lines_of_no_network() -> None:
    figure = lines("a, raw", "a, centered", "b, raw", "b, centered", "equal")
    small = small_chart(figure, ["a", "b"], 280)
    named = [trace.name for trace in small.data if trace.showlegend is not False]
    assert named == ["a", "b", "equal", "raw", "centered"]  # what the dashes mean is in the legend, too
    assert all(trace.x == (None,) for trace in small.data[-2:])
    assert small.layout.height == 280
    assert small.layout.margin.b == TICKS + 3 * ROW
    titled = small_chart(figure.update_xaxes(title_text="layer"), ["a", "b"], 280)
    assert titled.layout.margin.b == AXIS + 3 * ROW
    assert (small.layout.legend.yref, small.layout.legend.yanchor) == ("container", "bottom")
    assert [trace.name for trace in figure.data][:2] == ["a, raw", "a, centered"]  # files keep the names of lines


def test_a_logarithmic_axis_is_longer_so_that_marks_at_its_ends_are_whole() -> None:
    figure = lines("a").update_yaxes(type="log", range=[-2.0, 0.0])
    low, high = small_chart(figure, ["a"], 200).layout.yaxis.range
    assert low < -2.1 < 0.1 < high
    assert tuple(figure.layout.yaxis.range) == (-2.0, 0.0)
    linear = lines("a").update_yaxes(range=[0.0, 1.0])
    assert tuple(small_chart(linear, ["a"], 200).layout.yaxis.range) == (0.0, 1.0)


def test_a_chart_of_one_network_has_no_legend() -> None:
    assert small_chart(lines("loss", "tangent", title="a"), ["a", "b"], 280).layout.showlegend is False
    assert small_chart(go.Figure(), ["a"], 280).layout.height == 280
