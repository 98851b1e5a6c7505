"""Figures of curvature: what is drawn are the results' own numbers, on one scale for all networks (D10, D11, D14)."""

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.curvature import (
    curvature_maps,
    cuts_figures,
    density_figure,
    density_figures,
    edge_figure,
    over_seeds_figure,
)
from normscape.figures.curvature.cuts import HIGHEST, MODEL
from normscape.figures.curvature.density import Spectra
from normscape.figures.curvature.edge import missing_batch_sharpness
from normscape.landscape import Sharpness
from normscape.landscape.curvature.density import Density
from normscape.landscape.curvature.edge import EdgeSample
from normscape.landscape.curvature.eigenvalues import Eigenvalues
from normscape.landscape.surface.curvature_map import CurvaturePoint

COLORS = {"one": "#123456", "two": "#654321"}


def compared(**results: Any) -> Compared[Any]:
    return Compared(results, colors=COLORS)


def density(scale: float, dimensions: int = 50) -> Density:
    return Density(scale * np.array([[-0.1, 0.0, 1.0], [-0.2, 0.1, 0.9]]), np.full((2, 3), 1 / 3), dimensions)


def eigenvalues(*values: float, rise: float = 1.0) -> Eigenvalues:
    count, found = len(values), np.array(values)
    distance = np.outer(np.sqrt(2 / np.abs(found)), np.linspace(-1, 1, 5))
    loss = 0.2 + rise * 0.5 * found[:, None] * distance**2
    flags = np.ones(count, dtype=bool)
    return Eigenvalues(
        found, np.full(count, 1e-4), flags, 12, 50, ("a",), np.ones((count, 1)), distance, loss, np.zeros(count)
    )


def sample(step: int, value: float, batches: int = 4) -> EdgeSample:
    nothing: dict[str, Any] = {"layers": ("a",), "layer_norms": np.ones(1), "layer_invariant": np.zeros(1, dtype=bool)}
    return EdgeSample(step, 0.5, Sharpness(value, 0.0, 12, True), 0.8 * value, 0.1, batches, 2.0, False, **nothing)


def named(figure: go.Figure, name: str) -> Any:
    return next(trace for trace in figure.data if trace.name == name)


def test_densities_share_an_axis_and_a_width_and_their_marks_are_the_eigenvalues() -> None:
    figure = density_figure(compared(one=density(1.0), two=density(0.2)), {"one": [eigenvalues(1.0, 0.5)], "two": []})
    one, two, marks = figure.data
    np.testing.assert_array_equal(one.x, two.x)
    assert marks.x.tolist() == [1.0, 0.5]
    inside = one.y > one.y.min() * 1.01
    assert np.trapezoid(one.y[inside], one.x[inside]) == pytest.approx(1, abs=0.02)
    assert np.trapezoid(two.y, two.x) == pytest.approx(1, abs=0.02)
    low, high = figure.layout.xaxis.range
    assert low < -0.2 < 1.0 < high
    assert "sentence" in [note.name for note in density_figure(compared(), {}).layout.annotations]


def test_a_network_without_density_does_not_hide_the_marks_of_the_others() -> None:
    finished = compared(one=density(1.0), two=density(0.2))
    marks = {"one": [eigenvalues(1.0)], "two": [eigenvalues(0.5)]}
    before = density_figure(finished, marks)
    for third in ([], [eigenvalues(0.7)]):
        figure = density_figure(finished, marks | {"three": third})
        drawn = {trace.name: trace for trace in figure.data if trace.mode == "markers"}
        low, high = figure.layout.yaxis2.range
        assert list(drawn) == ["three", "two", "one"][0 if third else 1 :]
        assert all(low < height < high for trace in drawn.values() for height in trace.y)
        for trace in before.data[2:]:
            assert drawn[trace.name].marker.symbol == trace.marker.symbol
    alone = density_figure(finished.with_results({"two": density(0.2)}), {"two": [eigenvalues(0.5)]})
    assert alone.data[0].line.dash == before.data[1].line.dash  # whatever else is measured


def test_several_figures_of_densities_share_both_axes() -> None:
    groups = {
        "one": Spectra(compared(one=density(1.0)), {"one": [eigenvalues(1.0, 0.5)]}),
        "two": Spectra(compared(two=density(5.0)), {"two": [eigenvalues(7.0)]}),
    }
    figures = density_figures(groups, {"one": "#123456"})
    assert len({(tuple(own.layout.xaxis.range), tuple(own.layout.yaxis.range)) for own in figures.values()}) == 1
    assert figures["one"].layout.xaxis.range[1] > 7
    assert figures["one"].layout.title.font.color == "#123456"
    np.testing.assert_array_equal(figures["one"].data[0].x, figures["two"].data[0].x)


def test_the_near_view_ends_where_the_loss_leaves_its_parabola() -> None:
    far = compared(one=eigenvalues(4.0, 2.0, 1.0))
    (whole,), (near,) = (cuts_figures(far, 1, near=near).values() for near in (False, True))
    assert near.layout.xaxis.range == whole.layout.xaxis.range  # the loss is the parabola
    t = np.linspace(-2, 2, 81)[None]
    leaving = replace(eigenvalues(4.0), distance=t, loss=0.2 + 2.0 * t**2 * (1 + 3 * t**2))  # twice as high at √(1/3)
    (near,) = cuts_figures(compared(one=leaving), 1, near=True).values()
    assert near.layout.xaxis.range[1] / 1.03 == pytest.approx((1 / 3) ** 0.5, abs=0.05)  # a point of the grid
    assert near.layout.yaxis.range[1] == pytest.approx(0.2 + 1.5 * 2 / 3, rel=0.15)  # the parabola fills the plot


def test_one_mark_per_seed_and_network_and_equal_seeds_are_joined() -> None:
    figure = over_seeds_figure(compared(one=(4.0, 5.0, 6.0), two=(1.0, 7.0, 2.0)), 3)
    joined = [trace for trace in figure.data if trace.mode == "lines"]
    assert [tuple(trace.x) for trace in joined] == [(4.0, 1.0), (5.0, 7.0), (6.0, 2.0)]
    marks = [trace for trace in figure.data if trace.mode != "lines"]
    assert [(trace.name, tuple(trace.x), tuple(trace.customdata)) for trace in marks] == [
        ("one", (5.0, 6.0), (4, 5)),
        ("one", (4.0,), (3,)),
        ("two", (7.0, 2.0), (4, 5)),
        ("two", (1.0,), (3,)),
    ]
    assert [trace.text[0] for trace in marks if trace.text] == ["4.00", "1.00"]
    assert figure.layout.xaxis.range[0] == 0 < 7 < figure.layout.xaxis.range[1]
    assert list(figure.layout.yaxis.ticktext) == ["one", "two"]


def test_cuts_are_the_loss_and_its_parabola_on_one_scale_and_the_axis_ends_above_the_parabolas() -> None:
    own = {"one": eigenvalues(4.0, 2.0, 1.0), "two": eigenvalues(0.5, 0.4, 0.3, rise=40.0)}
    figures = cuts_figures(compared(**own))
    assert list(figures) == [r"\lambda_1", r"\lambda_2", r"\lambda_3"]
    for number, figure in enumerate(figures.values()):
        for k, found in enumerate(own.values()):
            model, line = figure.data[2 * k : 2 * k + 2]
            np.testing.assert_allclose(line.y, found.loss[number])
            np.testing.assert_allclose(model.y, found.quadratic(number))
            np.testing.assert_allclose(line.x, found.distance[number])
    axes = {(tuple(one.layout.xaxis.range), tuple(one.layout.yaxis.range)) for one in figures.values()}
    assert len(axes) == 1
    (_, (_, high)) = axes.pop()
    assert 1.2 < high < 1.1 * (0.2 + HIGHEST)
    assert [sum(bool(trace.showlegend) for trace in one.data) for one in figures.values()] == [3, 0, 0]
    assert [trace.name for trace in figures[r"\lambda_1"].data if trace.showlegend] == ["one", "two", MODEL]


def test_along_training_equal_thresholds_are_one_line_and_different_ones_are_named() -> None:
    courses = compared(one=[sample(0, 10.0), sample(5, 30.0)], two=[sample(0, 3.0), sample(5, -2.0)])
    equal = edge_figure(courses, {"one": [40.0, 40.0], "two": [40.0, 40.0]})
    np.testing.assert_allclose(named(equal, "one").y, [10, 30])
    np.testing.assert_allclose(named(equal, "one, batch sharpness").y, [8, 24])
    assert np.isnan(named(equal, "two").y[1])
    assert sum((trace.name or "").startswith("threshold") for trace in equal.data) == 1
    differ = edge_figure(courses, {"one": [40.0, 40.0], "two": [20.0, 20.0]})
    assert sum((trace.name or "").startswith("threshold") for trace in differ.data) == 2
    none = edge_figure(courses, {"one": [np.nan, np.nan], "two": [np.nan, np.nan]})
    assert not any((trace.name or "").startswith("threshold") for trace in none.data)


def test_missing_points_of_batch_sharpness_have_a_reason_below_the_plot() -> None:
    def note(*course: Any) -> str:
        figure = edge_figure(compared(one=list(course)), {"one": [40.0] * len(course)})
        return " ".join(one.text for one in figure.layout.annotations if one.name == "notes").replace("<br>", " ")

    whole = sample(0, 10.0), sample(5, 30.0)
    assert note(*whole) == ""
    negative = [replace(sample(step, 30.0), batch_sharpness=-0.5) for step in (7, 9)]
    words = "one: no point at steps 7 and 9, where its batch sharpness is negative and a log axis cannot show it"
    assert note(*whole, *negative) == f"{words}."
    undefined = replace(sample(20, 30.0), batch_sharpness=np.nan)
    zero = "at step 20, where a gradient is 0 and its batch sharpness is not defined"
    assert note(*whole, *negative, undefined) == f"{words} and {zero}."
    courses = {"one": [*whole, *negative], "two": whole, "three": [undefined]}
    assert missing_batch_sharpness(courses) == [f"{words}.", f"three: no point {zero}."]
    assert note(*whole, replace(undefined, batches=1)) == ""  # which has no line
    tall = edge_figure(compared(one=[*whole, undefined]), {"one": [40.0] * 3})
    assert tall.layout.height > edge_figure(compared(one=list(whole)), {"one": [40.0] * 2}).layout.height
    beside = edge_figure(compared(one=[*whole, *negative]), {"one": [40.0] * 4}, notes=False)
    assert not [one for one in beside.layout.annotations if one.name == "notes"]


def test_the_threshold_has_its_value_at_the_end_of_its_line() -> None:
    course = [sample(0, 10.0), sample(5, 30.0)]
    lines = edge_figure(compared(one=course, two=course), {"one": [40.0, 37.987], "two": [np.nan, np.nan]}).data
    (dashed,) = [trace for trace in lines if (trace.name or "").startswith("threshold")]
    assert list(dashed.text) == ["", "threshold 38"]
    assert "text" in dashed.mode


def test_a_single_scale_invariant_group_has_its_sharpness_and_threshold_on_the_sphere() -> None:
    one_group: dict[str, Any] = {"invariant": True, "layer_invariant": np.ones(1, dtype=bool)}
    growing = [replace(sample(step, 10.0), norm=norm, **one_group) for step, norm in ((0, 2.0), (5, 3.0))]
    figure = edge_figure(
        compared(one=growing, two=[sample(0, 3.0), sample(5, 2.0)]), {"one": [40.0] * 2, "two": [40.0] * 2}
    )
    np.testing.assert_allclose(named(figure, "one, ‖θ‖²λ<sub>max</sub>").y, [40, 90])
    limits = [trace for trace in figure.data if (trace.name or "").startswith("one, ‖θ‖") and trace.line.dash == "dash"]
    np.testing.assert_allclose(limits[0].y, [160, 360])
    assert not any((trace.name or "").startswith("two, ‖θ‖") for trace in figure.data)


def test_one_batch_has_no_line_of_its_own() -> None:
    figure = edge_figure(compared(one=[sample(0, 10.0, batches=1)]), {"one": [40.0]})
    assert [trace.name for trace in figure.data if "batch" in (trace.name or "")] == []


@pytest.mark.parametrize("quantity", ["largest", "ratio"])
def test_maps_have_their_points_in_place_and_one_range_of_colors(quantity: str) -> None:
    places = [(a, b) for a in (-1.0, 0.0, 1.0) for b in (-2.0, 2.0)]
    points = {
        label: {
            place: CurvaturePoint(scale * (3 + place[0]), -0.5, 0.0, 0.0, 9, True) for place in places if place != hole
        }
        for label, scale, hole in (("one", 1.0, (1.0, 2.0)), ("two", 10.0, None))
    }
    figures = curvature_maps(compared(**points), quantity)
    ranges = set()
    for label, figure in figures.items():
        heatmap = figure.data[0]
        ranges.add((heatmap.zmin, heatmap.zmax))
        for (a, b), point in points[label].items():
            drawn = heatmap.customdata[list(heatmap.y).index(b)][list(heatmap.x).index(a)]
            assert drawn == pytest.approx(getattr(point, quantity))
    assert len(ranges) == 1
    assert np.isnan(figures["one"].data[0].customdata[1][2])
