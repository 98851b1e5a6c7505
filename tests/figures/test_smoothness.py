"""Bands along training: what is drawn are the results' own ranges, on one scale for all networks and seeds."""

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import WAITING, band_figures, smoothness_figure
from normscape.landscape.smoothness import LineSamples, Smoothness


def probe(scale: float) -> LineSamples:
    distance = np.array([0.1, 0.2, 0.4])
    return LineSamples(distance, scale * np.array([1.0, 0.8, 1.1]), scale * distance**2)


def course(scale: float, steps: tuple[int, ...] = (0, 4, 9)) -> list[Smoothness]:
    return [
        Smoothness(step, np.array([0.1, 0.2, 0.4]), False, scale, 1.0, probe(scale * (k + 1)), probe(scale / 2))
        for k, step in enumerate(steps)
    ]


COURSES = {"one": [course(1.0), course(1.2)], "two": [course(0.1), course(0.2)], "three": [course(3.0), course(2.0)]}
COLORS = dict.fromkeys(COURSES, "#123456")


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
@pytest.mark.parametrize(("quantity", "attribute"), [("variation", "variation"), ("predictiveness", "predictiveness")])
def test_a_band_goes_from_the_smallest_to_the_largest_value_of_every_seed(
    labels: list[str], quantity: str, attribute: str
) -> None:
    compared = Compared({label: COURSES[label] for label in labels}, colors=COLORS)
    figures = band_figures(compared, quantity, every_seed=True)
    assert list(figures) == labels
    for label, figure in figures.items():
        *others, low, high, _, _ = figure.data
        assert [trace.name for trace in others] == [f"{other}, median" for other in labels if other != label]
        expected = np.array([getattr(found.along, attribute) for found in COURSES[label][0]])
        np.testing.assert_allclose(low.y, expected[:, 0])
        np.testing.assert_allclose(high.y, expected[:, 1])
        assert high.fill == "tonexty"
        assert high.fillcolor == "rgba(18,52,86,0.32)"
        assert not figure.layout.showlegend
    titled = band_figures(Compared({"one": COURSES["one"]}, colors=COLORS), "variation", titled=True)
    assert titled["one"].layout.title.text == "Loss: one"
    axes = {(tuple(figure.layout.xaxis.range), tuple(figure.layout.yaxis.range)) for figure in figures.values()}
    assert len(axes) == 1
    ends = [10**end for end in axes.pop()[1]]
    drawn = np.concatenate([trace.y for figure in figures.values() for trace in figure.data])
    assert ends[0] <= drawn.min()
    assert ends[1] >= drawn.max()


def test_several_seeds_are_one_line_and_one_band_in_the_range_of_all() -> None:
    compared = Compared({"one": [course(1.0), course(3.0), course(2.0)], "two": [course(0.1), [], []]}, colors=COLORS)
    figure = smoothness_figure(compared)
    low, high, median, single = figure.data[:4]
    np.testing.assert_allclose(median.y, 2.0 * np.array([1, 2, 3]) * 0.4)
    np.testing.assert_allclose(low.y, 1.0 * np.array([1, 2, 3]) * 0.4)
    np.testing.assert_allclose(high.y, 3.0 * np.array([1, 2, 3]) * 0.4)
    assert high.fill == "tonexty"
    assert low.line.width == 0
    assert median.text[0] == "median of 3 seeds: 0.4, 1.2, 0.8"  # each seed is a hover away
    assert "%{text}" in median.hovertemplate
    assert [trace.name for trace in figure.data if trace.showlegend] == ["one", "two"]
    np.testing.assert_allclose(single.y, 0.1 * np.array([1, 2, 3]) * 0.4)
    (note,) = [note.text for note in figure.layout.annotations if note.name == "notes"]
    assert note == "Line: median of 1 to 3 seeds. Shaded: their range."
    every = smoothness_figure(compared, every_seed=True)
    assert len([trace for trace in every.data if trace.name == "one"]) == 3
    assert not every.layout.annotations
    outer_low, outer_high, inner_low, inner_high = band_figures(compared, "variation")["one"].data[1:]
    np.testing.assert_allclose(outer_low.y, 1.0 * np.array([1, 2, 3]) * 0.8)
    np.testing.assert_allclose(outer_high.y, 3.0 * np.array([1, 2, 3]) * 1.1)
    np.testing.assert_allclose(inner_low.y, 2.0 * np.array([1, 2, 3]) * 0.8)
    np.testing.assert_allclose(inner_high.y, 2.0 * np.array([1, 2, 3]) * 1.1)


def test_the_place_of_the_note_on_seeds_is_reserved_while_they_are_missing() -> None:
    pending = Compared({"one": [course(1.0), [], []]}, colors=COLORS)
    complete = Compared({"one": [course(1.0), course(3.0), course(2.0)]}, colors=COLORS)
    layouts = [smoothness_figure(one, steps=(0, 4, 9), pending=True).layout for one in (pending, complete)]
    assert layouts[0].height == layouts[1].height
    assert layouts[0].margin.b == layouts[1].margin.b


def test_gray_is_the_median_over_seeds_and_step_lengths_of_another_network() -> None:
    figure = band_figures(Compared({label: COURSES[label] for label in ("one", "two")}, colors=COLORS), "variation")
    (gray,) = [trace for trace in figure["one"].data if trace.name == "two, median"]
    losses = [np.concatenate([seed[k].along.loss for seed in COURSES["two"]]) for k in range(3)]
    np.testing.assert_allclose(gray.y, np.median(losses, axis=1))


def test_the_axis_has_all_planned_checkpoints_before_they_are_measured() -> None:
    compared = Compared({"one": [course(1.0, (0, 4))], "two": [[]]}, colors=COLORS)
    for figure in (
        smoothness_figure(compared, steps=(0, 4, 9), pending=True),
        *band_figures(compared, "variation", steps=(0, 4, 9), pending=True, titled=True).values(),
    ):
        assert list(figure.layout.xaxis.ticktext) == ["0", "4", "9"]
    empty = smoothness_figure(Compared({"one": [[]]}, colors=COLORS), steps=(0, 4, 9), pending=True)
    assert empty.layout.annotations[0].text == WAITING
    assert list(empty.layout.xaxis.ticktext) == ["0", "4", "9"]
    assert empty.layout.height == smoothness_figure(compared).layout.height


def test_smoothness_is_drawn_along_the_gradient_and_at_random_and_gaps_stay_gaps() -> None:
    lost = course(1.0)
    lost[1] = Smoothness(
        4, lost[1].eta, False, 1.0, 1.0, LineSamples(*(np.full(3, np.nan) for _ in range(3))), probe(0.5)
    )
    compared = Compared({"one": [lost]}, colors=COLORS)
    (along,), (random,) = (smoothness_figure(compared, random=random).data for random in (False, True))
    figure = smoothness_figure(compared)
    assert along.showlegend
    assert np.isnan(along.y[1])
    assert not along.connectgaps
    assert along.y[2] == pytest.approx(3 * 0.4)
    assert random.y[0] == pytest.approx(0.5 * 0.4)
    assert list(along.customdata) == [0, 4, 9]
    assert list(figure.layout.xaxis.ticktext) == ["0", "4", "9"]


def test_an_unknown_quantity_is_refused_and_nothing_is_said_where_there_is_nothing() -> None:
    with pytest.raises(ValueError, match="predictiveness, variation"):
        band_figures(Compared(COURSES, colors=COLORS), "loss")
    nothing = band_figures(Compared({"one": [[]]}, colors=COLORS), "variation")["one"]
    assert "Nothing" in nothing.layout.annotations[0].text
