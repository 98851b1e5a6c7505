from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from normscape.figures.comparison import Comparison
from normscape.figures.surface import (
    color_scale,
    comparison_figure,
    contour_figures,
    cut_figure,
    mark_maps,
    mark_surfaces,
    summary,
    surface_figures,
    values_at,
)
from tests.flat import changed

NAN = np.nan
COLORS = {"a": "#b84900", "b": "#0d6ca6"}


def traces(figure: go.Figure, kind: str) -> list:
    return [trace for trace in figure.data if trace.type == kind]


def said(figure: go.Figure) -> str:
    return " ".join(note.text.replace("<br>", " ") for note in figure.layout.annotations)


@pytest.fixture
def pair(make):
    return {"a": make([[4, 2, 4], [2, 1, 2], [5, 2, 4]]), "b": make([[40, 20, 4], [20, 0.1, 2], [NAN, 20, 100]])}


@pytest.mark.parametrize("draw", [surface_figures, contour_figures])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_label_has_a_titled_figure_with_the_shared_range(pair, draw, theme):
    figures = draw(Comparison(pair, "loss", "log", colors=COLORS, theme=theme))
    assert list(figures) == ["a", "b"]
    for label, figure in figures.items():
        assert (figure.layout.title.text, figure.layout.title.font.color) == (label, COLORS[label])
        kind, low, high = ("surface", "cmin", "cmax") if draw is surface_figures else ("heatmap", "zmin", "zmax")
        drawn = traces(figure, kind)[-1]
        assert (drawn[low], drawn[high]) == pytest.approx((-1, 2))
    heights = [figure.layout.scene.zaxis.range for figure in figures.values()]
    assert heights[0] == heights[1]


def test_pictures_side_by_side_are_equally_large(pair):
    for draw in (surface_figures, contour_figures):
        a, b = draw(Comparison(pair, "loss", "log", colors=COLORS)).values()
        assert (a.layout.height, a.layout.margin.b) == (b.layout.height, b.layout.margin.b)


def test_a_surface_shows_its_values_gaps_and_center(pair):
    figure = surface_figures(Comparison(pair, "loss", "linear", colors=COLORS))["b"]
    drawn = traces(figure, "surface")[0]
    np.testing.assert_array_equal(drawn.z, pair["b"].loss)
    assert drawn.hoverinfo == "none"  # the page shows every metric at the pointer
    kept = comparison_figure(Comparison(pair, "loss", "linear", colors=COLORS), caption="")
    assert traces(kept, "surface")[1].hovertext[0][1] == "α 0<br>β -1<br>loss 20"
    pin = traces(figure, "scatter3d")[0]
    assert (pin.x[0], pin.y[0], pin.z[0]) == (0, 0, 0.1)
    assert "1 of 9 points are not finite" in said(figure)


@pytest.mark.parametrize("draw", [surface_figures, contour_figures])
def test_on_a_linear_scale_heights_are_values_and_colors_their_logarithms(pair, draw):
    comparison = Comparison(pair, "loss", "linear", colors=COLORS)
    for label, figure in draw(comparison).items():
        drawn = figure.data[0] if draw is surface_figures else traces(figure, "heatmap")[-1]
        shades = drawn.surfacecolor if draw is surface_figures else drawn.z
        np.testing.assert_allclose(shades, np.log10(pair[label].loss))
        ends = (drawn.cmin, drawn.cmax) if draw is surface_figures else (drawn.zmin, drawn.zmax)
        assert ends == pytest.approx((-1, 2))
        heights = drawn.z if draw is surface_figures else traces(figure, "contour")[0].z
        np.testing.assert_array_equal(heights, pair[label].loss)
    ticks = [text for _, text in color_scale(comparison).ticks]
    assert ticks == [text for _, text in color_scale(Comparison(pair, "loss", "log")).ticks]


def test_colors_of_accuracies_and_of_values_that_are_not_positive_are_linear(make):
    accuracy = Comparison({"a": make([[0.1, 0.2], [0.3, 0.4]])}, "accuracy", "linear").color_range
    assert (accuracy.scale, accuracy.ends) == ("linear", (0.0, 1.0))
    assert Comparison({"a": make([[0, -1], [0, 0]])}, "loss", "linear").color_range.scale == "linear"


def test_hovering_shows_true_values_where_heights_are_raised(make):
    figure = comparison_figure(Comparison({"a": make([[0, 0.1], [1, 10]])}, "loss", "log"), caption="")
    drawn = traces(figure, "surface")[0]
    assert drawn.z[0][0] == pytest.approx(-1)
    assert drawn.hovertext[0][0].endswith("loss 0")
    assert "Values below 0.1 are drawn at that height." in said(figure)


def test_a_note_on_raised_values_is_only_where_some_are(make):
    figures = surface_figures(Comparison({"a": make([[0, 1], [1, 1]]), "b": make([[1, 1], [1, 2]])}, "loss", "log"))
    assert "drawn at that height" in said(figures["a"])
    assert "drawn at that height" not in said(figures["b"])


def test_a_map_marks_what_is_missing_and_why(make):
    mask = np.array([[True, True, True], [True, True, False]])
    figure = contour_figures(Comparison({"a": make([[NAN, 2, 3], [4, 5, 6]], evaluated=mask)}, "loss", "linear"))["a"]
    gray, shown = traces(figure, "heatmap")
    np.testing.assert_array_equal(np.isfinite(gray.z), ~np.isfinite(shown.z))
    assert (gray.text[0][0], gray.text[1][2]) == ("not finite", "not evaluated yet")
    crosses = next(trace for trace in figure.data if trace.name == "not finite")
    assert (tuple(crosses.x), tuple(crosses.y)) == ((-1,), (-1,))
    assert said(figure) == "1 of 6 points are not finite, 1 of 6 points are not evaluated yet."
    assert figure.layout.yaxis.scaleanchor == "x"


@pytest.mark.parametrize("draw", [surface_figures, contour_figures])
def test_nothing_finite_gives_a_sentence(make, draw):
    surfaces = {"a": make([[NAN, NAN], [NAN, NAN]]), "b": make([[1, 2], [3, 4]])}
    for shown in (surfaces, {"a": surfaces["a"]}):
        figure = draw(Comparison(shown, "loss", "log"))["a"]
        assert not figure.data
        assert "No finite value: 4 of 4 points are not finite." in said(figure)
    figure = draw(Comparison({"c": make([[1, 2], [3, 4]], accuracy=False)}, "accuracy", "log"))["c"]
    assert "no accuracy" in said(figure)


def test_nothing_evaluated_gives_a_sentence(make):
    nothing = make([[1, 2], [3, 4]], evaluated=np.zeros((2, 2), dtype=bool))
    assert "No point is evaluated yet." in said(surface_figures(Comparison({"a": nothing}, "loss", "log"))["a"])


@pytest.mark.parametrize("draw", [surface_figures, contour_figures])
@pytest.mark.parametrize(
    ("loss", "axis"),
    [([[1, 2, 3]], "α (in units of 1 = ‖d<sub>1</sub>‖)"), ([[1], [2], [3]], "β (in units of 2 = ‖d<sub>2</sub>‖)")],
)
def test_a_surface_of_one_dimension_is_a_line(make, draw, loss, axis):
    figure = draw(Comparison({"a": make(loss)}, "loss", "linear"))["a"]
    assert [trace.type for trace in figure.data] == ["scatter"]
    assert tuple(figure.data[0].y) == (1, 2, 3)
    assert figure.layout.xaxis.title.text == axis
    assert figure.layout.title.text == "a"


def test_a_cut_runs_along_d1_at_the_beta_nearest_to_0(pair):
    figure = cut_figure(Comparison(pair, "loss", "linear", colors=COLORS))
    assert figure.layout.title.text == "Cut along d<sub>1</sub> at β = 0"
    assert [trace.name for trace in figure.data] == ["a", "b"]
    for trace, one in zip(figure.data, pair.values(), strict=True):
        np.testing.assert_array_equal(trace.y, one.loss[1])
    assert len({(trace.line.dash, trace.marker.symbol) for trace in figure.data}) == 2
    assert "b: 1 of 9 points are not finite." in said(figure)


def test_a_cut_says_which_beta_it_took(make):
    figure = cut_figure(Comparison({"a": make([[1, 2, 3], [4, 5, 6]])}, "loss", "linear"))
    assert figure.layout.title.text == "Cut along d<sub>1</sub> at β = -1"


@pytest.mark.parametrize("count", [1, 2, 4, 5, 8])
def test_a_comparison_has_a_subplot_for_each_and_one_range(make, count):
    surfaces = {f"network {k}": make([[k + 1, 2], [3, 4]]) for k in range(count)}
    figure = comparison_figure(Comparison(surfaces, "loss", "linear"), caption="how it was measured")
    names, top = [trace.scene for trace in traces(figure, "surface")], max(4, count)
    assert len(set(names)) == count
    subplots = {(figure.layout[name].domain.x, figure.layout[name].domain.y) for name in names}
    assert len(subplots) == count
    assert {trace.coloraxis for trace in traces(figure, "surface")} == {"coloraxis"}
    assert (figure.layout.coloraxis.cmin, 10**figure.layout.coloraxis.cmax) == pytest.approx((0, max(4, count)))
    assert {tuple(figure.layout[name].zaxis.range) for name in names} == {
        (1 - 0.03 * (top - 1), top + 0.03 * (top - 1))
    }
    for words in ("how it was measured", *surfaces):
        assert words in said(figure)


def test_a_comparison_leaves_out_no_label(make):
    surfaces = {"dead": make([[NAN, NAN], [NAN, NAN]]), "alive": make([[1, 2], [3, 4]])}
    figure = comparison_figure(Comparison(surfaces, "loss", "log"), caption="")
    assert "dead" in said(figure)
    assert "No finite value" in said(figure)
    lines = {"a": make([[1, 2, 3]]), "b": make([[2, 3, 4]])}
    figure = comparison_figure(Comparison(lines, "loss", "log"), caption="the caption")
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert "the caption" in said(figure)


def test_no_surface_gives_a_sentence():
    assert surface_figures(Comparison({}, "loss", "log")) == {}
    assert contour_figures(Comparison({}, "loss", "log")) == {}
    for figure in (
        cut_figure(Comparison({}, "loss", "log")),
        comparison_figure(Comparison({}, "loss", "log"), caption=""),
    ):
        assert said(figure) == "Nothing to show yet."


def test_no_figure_offers_to_upload_itself(pair):
    for figure in (
        *surface_figures(Comparison(pair, "loss", "log")).values(),
        cut_figure(Comparison(pair, "loss", "log")),
    ):
        assert "sendChartToCloud" in figure.layout.modebar.remove


def test_checkpoints_in_the_plane_are_marked_where_they_are(make):
    surface = make([[1, 2], [3, 4]])
    marked = replace(surface, plane=replace(surface.plane, marks=((0, 1.0, 0.0), (5, -0.5, 1.0))))
    figure = contour_figures(Comparison({"a": marked}, "loss", "linear"))["a"]
    dots = [trace for trace in traces(figure, "scatter") if trace.mode == "markers+text"]
    assert [(list(trace.text), list(trace.x), list(trace.y)) for trace in dots] == [
        (["step 0", "step 5"], [1.0, -0.5], [0.0, 1.0])
    ]
    plain = contour_figures(Comparison({"a": surface}, "loss", "linear"))["a"]
    assert not [trace for trace in plain.data if getattr(trace, "mode", "") == "markers+text"]


def test_a_figure_that_is_taken_away_is_seen_from_the_camera_of_the_page(make) -> None:
    pair = {"a": make([[0, 1], [1, 1]]), "b": make([[1, 1], [1, 2]])}
    figure = comparison_figure(Comparison(pair, "loss", "linear"), caption="", camera=(1.0, 2.0, 3.0, 0.0, 0.5, 0.0))
    for scene in (figure.layout.scene, figure.layout.scene2):
        assert (scene.camera.eye.x, scene.camera.eye.y, scene.camera.eye.z) == (1, 2, 3)
        assert (scene.camera.center.x, scene.camera.center.y, scene.camera.center.z) == (0, 0.5, 0)


def test_a_summary_says_the_range_the_center_and_what_is_missing(make) -> None:
    surface = make([[0, 1, 2], [3, 0.25, 4], [5, 6, float("inf")]])
    said = summary("Batch norm", surface, "loss")
    assert said.startswith("Batch norm: loss over α from ")
    assert "is 0 to 6, 0.25 at the center." in said
    assert said.endswith("1 of 9 points are not finite.")


def test_a_summary_of_nothing_says_why(make) -> None:
    assert summary("a", make([[float("nan")] * 2] * 2), "loss").startswith("a: No finite value")


def test_a_chosen_point_is_marked_at_the_nearest_point_of_every_picture(make):
    surfaces = {"a": make([[0, 1, 2], [3, 4, 5], [6, 7, 8]]), "b": make([[9, 8, 7], [6, 5, 4], [3, 2, 1]])}
    step = surfaces["a"].alpha[1] - surfaces["a"].alpha[0]
    point = (surfaces["a"].alpha[2] - 0.4 * step, surfaces["a"].beta[0] + 0.4 * step)
    comparison = Comparison(surfaces, "loss", "linear")
    landscapes = surface_figures(comparison)
    mark_surfaces(landscapes, comparison, point)
    maps = contour_figures(comparison)
    mark_maps(maps, comparison, point)
    for label, height in (("a", 2), ("b", 7)):
        (ball,) = landscapes[label].select_traces({"name": "chosen point"})
        assert (ball.x[0], ball.y[0]) == (surfaces[label].alpha[2], surfaces[label].beta[0])
        assert ball.z[0] == height
        (dot,) = maps[label].select_traces({"name": "chosen point"})
        assert (dot.x[0], dot.y[0]) == (ball.x[0], ball.y[0])
        assert values_at(surfaces[label], point)["loss"] == height


def test_a_point_without_a_value_gets_no_ball(make):
    surfaces = {"a": make([[NAN, 1], [2, 3]])}
    point = (surfaces["a"].alpha[0], surfaces["a"].beta[0])
    comparison = Comparison(surfaces, "loss", "linear")
    figures = surface_figures(comparison)
    mark_surfaces(figures, comparison, point)
    assert not list(figures["a"].select_traces({"name": "chosen point"}))
    assert math.isnan(values_at(surfaces["a"], point)["loss"])


def test_checkpoints_are_on_the_surface_in_the_order_of_their_steps(make):
    surface = make([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    plane = replace(surface.plane, kind="checkpoints", marks=((20, 1.0, 0.0), (5, 0.0, 1.0), (80, 9.0, 0.0)))
    surface = replace(surface, plane=plane, spec=changed(surface.spec, checkpoint=40))
    figure = surface_figures(Comparison({"a": surface}, "loss", "linear"))["a"]
    drawn = next(trace for trace in traces(figure, "scatter3d") if trace.name == "checkpoints")
    assert list(zip(drawn.x, drawn.y, drawn.z, strict=True)) == [(0, 1, 8), (1, 0, 6), (0, 0, 5)]  # 80 lies outside
    labels = {(one.x, one.y): one.text for one in figure.layout.scene.annotations}
    assert {place: labels[place] for place in ((0, 1), (1, 0))} == {(0, 1): "step 5", (1, 0): "step 20"}


def test_a_plane_of_random_directions_has_no_checkpoints(make):
    figure = surface_figures(Comparison({"a": make([[1, 2], [3, 4]])}, "loss", "linear"))["a"]
    assert all(trace.name != "checkpoints" for trace in figure.data)


@pytest.mark.parametrize(
    ("changes", "alpha", "beta"),
    [
        ({"scaling": "filter"}, "α (filter-normalized)", "β (filter-normalized)"),
        ({"scaling": "layer"}, "α (layer-normalized)", "β (layer-normalized)"),
        ({"scaling": "unit"}, "α (in units of ‖θ*‖)", "β (in units of ‖θ*‖)"),
        ({}, "α (in units of 1 = ‖d<sub>1</sub>‖)", "β (in units of 2 = ‖d<sub>2</sub>‖)"),
        (
            {"kind": "gradient", "scaling": "filter"},
            "α (along -∇f, in units of 1 = ‖d<sub>1</sub>‖)",
            "β (filter-normalized)",
        ),
        (
            {"kind": "checkpoints", "scaling": "filter", "marks": ((20, 1.0, 0.0),)},
            "α (step 20 at 1)",
            "β (filter-normalized)",
        ),
        (
            {"kind": "checkpoints", "scaling": "filter", "marks": ((20, 1.0, 0.0), (5, 0.0, 1.0))},
            "α (step 20 at 1)",
            "β (step 5 at 1)",
        ),
    ],
)
def test_axes_say_what_a_step_along_them_is(make, changes, alpha, beta):
    surface = make([[1, 2], [3, 4]])
    surface = replace(surface, plane=replace(surface.plane, **changes))
    scene = surface_figures(Comparison({"a": surface}, "loss", "linear"))["a"].layout.scene
    assert (scene.xaxis.title.text, scene.yaxis.title.text) == (alpha, beta)
    layout = contour_figures(Comparison({"a": surface}, "loss", "linear"))["a"].layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == (alpha, beta)


def test_a_cut_of_networks_with_other_units_names_the_axis_alone(make):
    one, other = make([[1, 2], [3, 4]]), make([[1, 2], [3, 4]])
    other = replace(other, plane=replace(other.plane, d1=np.array([3.0, 0, 0])))
    assert (
        cut_figure(Comparison({"a": one}, "loss", "linear")).layout.xaxis.title.text
        == "α (in units of 1 = ‖d<sub>1</sub>‖)"
    )
    assert cut_figure(Comparison({"a": one, "b": other}, "loss", "linear")).layout.xaxis.title.text == "α"


@pytest.mark.parametrize(("step", "name"), [(0, "initial weights"), (18, "weights at step 18")])
def test_a_center_is_named_by_its_step_unless_it_is_the_end_of_training(pair, step, name):
    surfaces = {label: replace(one, spec=changed(one.spec, checkpoint=step)) for label, one in pair.items()}
    comparison = Comparison(surfaces, "loss", "log", trained=frozenset({"b"}))
    figures = surface_figures(comparison)
    texts = {label: figure.layout.scene.annotations[0].text for label, figure in figures.items()}
    assert texts == {"a": name, "b": "trained weights"}
    assert comparison.title == "Loss around the weights"
    assert replace(comparison, trained=frozenset()).title == f"Loss around the {name}"
    assert replace(comparison, trained=frozenset({"a", "b"})).title == "Loss around the trained weights"


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_cut_fills_its_height_where_the_surfaces_reach_further(make, scale):
    figure = cut_figure(Comparison({"a": make([[1, 2, 1.5], [50, 400, 90]])}, "loss", scale))
    heights = np.concatenate([np.asarray(trace.y, dtype=float) for trace in figure.data])
    low, high = figure.layout.yaxis.range
    assert np.nanmax(heights) - np.nanmin(heights) == pytest.approx((high - low) / 1.08)
    assert all(low <= tick <= high for tick in figure.layout.yaxis.tickvals)


def test_many_surfaces_have_pins_without_labels(pair):
    for count, text in ((4, "given weights"), (5, " ")):
        figures = surface_figures(Comparison({f"n{k}": pair["a"] for k in range(count)}, "loss", "log"))
        assert {figure.layout.scene.annotations[0].text for figure in figures.values()} == {text}
