"""Figures of paths: checkpoints in their place, on one scale for all networks (D12, D13)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from normscape.exports.path_player import steps_of
from normscape.figures.comparison import Compared
from normscape.figures.paths import (
    PATH,
    PathMap,
    connectivity_figures,
    path_comparison_figures,
    path_losses_figure,
    path_maps,
    path_surfaces,
)
from normscape.landscape.paths.connectivity import Connectivity
from normscape.landscape.paths.trajectory import Path, Trajectory

COLORS = {"one": "#123456", "two": "#654321"}


def compared(**results: Any) -> Compared[Any]:
    return Compared(results, colors=COLORS)


def trajectory(scale: float) -> Trajectory:
    places = scale * np.array([[3.0, 1.0], [1.0, -1.0], [0.0, 0.0]])
    loss = scale * np.array([2.0, 0.5, 0.01])
    path = Path(np.array([0, 5, 20]), places, np.array([0.1, 0.2, 0.0]), loss, 0.9 * loss)
    shares = np.array([0.9, 0.08])
    return Trajectory((path,), shares, shares, shares, shares, 3.2 * scale)


def path_map(scale: float, loss: np.ndarray | None) -> PathMap:
    return PathMap(trajectory(scale), ("one",), np.linspace(-1, 4, 3), np.linspace(-2, 2, 2), loss)


def test_a_path_is_drawn_where_it_is_and_colors_share_one_scale() -> None:
    loss = np.array([[0.1, 1.0, 5.0], [0.2, np.nan, 4.0]])
    figures = path_maps(compared(one=path_map(1.0, loss), two=path_map(2.0, None)))
    heatmap, contour, _, line = figures["one"].data
    np.testing.assert_allclose(heatmap.z, np.log10(loss))
    assert (heatmap.zmin, heatmap.zmax) == (contour.contours.start, contour.contours.end)
    assert heatmap.zmin == pytest.approx(np.log10(0.01))
    assert heatmap.zmax == pytest.approx(np.log10(5.0))
    np.testing.assert_allclose(np.stack([line.x, line.y], 1), trajectory(1.0).paths[0].coordinates)
    assert [text.replace("\N{NO-BREAK SPACE}", "-") for text in line.text] == ["step 0<br>-", "", "step 20<br>-"]
    assert line.textposition[0] == "top center"  # the next checkpoint is below
    assert line.textposition[2] == "top center"
    assert "90 %" in figures["one"].layout.xaxis.title.text
    assert [trace.type for trace in figures["two"].data] == ["scatter", "scatter"]


def test_paths_in_one_plane_have_the_colors_and_names_of_their_networks() -> None:
    both = replace(trajectory(1.0), paths=(*trajectory(1.0).paths, *trajectory(2.0).paths))
    one = PathMap(both, ("one", "two"), np.linspace(-1, 4, 3), np.linspace(-2, 2, 2), None)
    (figure,) = path_maps(compared(one=one)).values()
    named = [trace for trace in figure.data if trace.showlegend]
    assert [(trace.name, trace.line.color) for trace in named] == list(COLORS.items())
    np.testing.assert_allclose(named[1].x, trajectory(2.0).paths[0].coordinates[:, 0])


def test_a_path_in_3d_is_at_the_loss_of_its_projections_on_one_scale_for_all_networks() -> None:
    loss = np.array([[0.1, 1.0, 5.0], [0.2, np.nan, 4.0]])
    figures = path_surfaces(compared(one=path_map(1.0, loss), two=path_map(2.0, None), three=path_map(1.0, 2 * loss)))
    assert list(figures) == ["one", "three"]  # the loss of the other is not measured yet
    surface, line = figures["one"].data
    np.testing.assert_allclose(surface.z, np.log10(loss))
    np.testing.assert_allclose(np.stack([line.x, line.y], 1), trajectory(1.0).paths[0].coordinates)
    expected = np.log10(trajectory(1.0).paths[0].plane_loss)
    assert np.all(line.z - expected > 0)
    np.testing.assert_allclose(np.diff(line.z[:2]), np.diff(expected[:2]))
    assert [note.text for note in figures["one"].layout.scene.annotations] == ["step 0"]
    ranges = {(one.data[0].cmin, one.data[0].cmax, tuple(one.layout.scene.zaxis.range)) for one in figures.values()}
    assert len(ranges) == 1


@pytest.mark.parametrize("draw", [path_maps, path_surfaces])
def test_paths_are_marked_and_carry_their_steps(draw: Any) -> None:
    (figure,) = draw(compared(one=path_map(1.0, np.ones((2, 3))))).values()
    marked = [trace for trace in figure.data if trace.meta == PATH]
    assert marked
    for trace in marked:
        assert [row[0] for row in trace.customdata] == [0, 5, 20]
    assert steps_of([figure]) == [0, 5, 20]


def test_losses_are_those_of_checkpoints_and_of_the_plane() -> None:
    figure = path_losses_figure(compared(one=trajectory(1.0), two=trajectory(3.0)))
    for number, scale in enumerate((1.0, 3.0)):
        own, plane = figure.data[2 * number : 2 * number + 2]
        np.testing.assert_allclose(own.y, trajectory(scale).paths[0].loss)
        np.testing.assert_allclose(plane.y, trajectory(scale).paths[0].plane_loss)
        np.testing.assert_allclose(own.x, [1, 6, 21])
    assert figure.layout.xaxis.ticktext == ("0", "5", "20")
    waiting = path_losses_figure(compared())
    assert "sentence" in [note.name for note in waiting.layout.annotations]


@pytest.mark.parametrize("quantity", ["loss", "error"])
def test_segments_have_a_line_for_each_kind_of_statistics_on_one_scale(quantity: str) -> None:
    t = np.linspace(0, 1, 5)

    def segment(*modes: str) -> Connectivity:
        values = {mode: (k + 1) * t * (1 - t) for k, mode in enumerate(modes)}
        return Connectivity(t, values, {mode: 0.1 * one for mode, one in values.items()}, 4.0)

    own = {"one": segment("population"), "two": segment("interpolated", "re-estimated", "population", "batch")}
    figures = connectivity_figures(compared(**own), quantity)
    assert {label: len(figure.data) for label, figure in figures.items()} == {"one": 1, "two": 4}
    for label, figure in figures.items():
        for trace, values in zip(figure.data, getattr(own[label], quantity).values(), strict=True):
            np.testing.assert_allclose(trace.y, values)
    assert len({figure.layout.yaxis.range for figure in figures.values()}) == 1
    styles = {(trace.mode, trace.line.width, trace.line.dash) for trace in figures["two"].data}
    assert len(styles) == 4  # lines that coincide are told apart


def test_paths_of_a_network_have_a_line_each_in_one_kind_of_statistics_and_name_their_barrier() -> None:
    t = np.linspace(0, 1, 5)

    def path(scale: float, *modes: str, **names: str) -> Connectivity:
        loss = {mode: 0.1 + scale * (k + 1) * 4 * t * (1 - t) for k, mode in enumerate(modes)}
        return Connectivity(t, loss, {mode: 0.1 * one for mode, one in loss.items()}, 4.0, **names)

    one = path(1.0, "population"), path(0.25, "population", matching="weights")
    two = (
        path(2.0, "interpolated", "population"),
        path(0.5, "interpolated", "population", matching="weights"),
        path(0.1, "re-estimated", "population", matching="weights", curve="bezier"),
    )
    figures = path_comparison_figures(compared(one=one, two=two), "population")
    assert [trace.name for trace in figures["one"].data] == [
        "segment: barrier 1",
        "segment, units matched: barrier 0.25",
    ]
    assert [trace.name.partition(":")[0] for trace in figures["two"].data][2] == "Bézier curve, units matched"
    for trace, own in zip(figures["two"].data, two, strict=True):
        np.testing.assert_allclose(trace.y, own.loss["population"])
    assert len({trace.line.dash for trace in figures["two"].data}) == 3
    assert len({figure.layout.yaxis.range for figure in figures.values()}) == 1
    interpolated = path_comparison_figures(compared(one=one, two=two), "interpolated")
    assert {label: len(figure.data) for label, figure in interpolated.items()} == {"one": 2, "two": 2}
    np.testing.assert_allclose(interpolated["two"].data[1].y, two[1].loss["interpolated"])
    np.testing.assert_allclose(interpolated["one"].data[1].y, one[1].loss["population"])
