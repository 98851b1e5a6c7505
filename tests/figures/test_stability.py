"""Figures of a sweep show the outcome of every run, with all networks on one scale."""

import math

import numpy as np
import pytest

from normscape.exports.drawings.traces import SYMBOLS
from normscape.figures.comparison import Compared
from normscape.figures.stability import ALL_DIVERGED, OUTCOME_MARKS, WAITING, final_figure, outcomes_figure
from normscape.figures.stability.final_loss import HEIGHT
from normscape.figures.style.template import NOTHING
from normscape.landscape.stability import OUTCOME_KINDS, TrainingOutcome, outcome_kind


def verdict(rate: float, seed: int, outcome: str, final: float = 0.1) -> TrainingOutcome:
    return TrainingOutcome(rate, seed, outcome, 2.3, 2.4, math.nan if outcome == "diverged" else final, 2.3)


SWEEPS = {
    "one": [
        verdict(0.1, 0, "stable"),
        verdict(0.1, 1, "stable"),
        verdict(1.0, 0, "stable"),
        verdict(1.0, 1, "diverged"),
    ],
    "two": [verdict(0.1, 0, "not learned", 2.3), verdict(1.0, 0, "stable", 0.01)],
    "three": [verdict(0.1, 0, "diverged"), verdict(1.0, 0, "diverged")],
}
COLORS = dict.fromkeys(SWEEPS, "#123456")


def test_every_training_has_a_mark_of_its_outcome_in_the_row_of_its_network() -> None:
    figure = outcomes_figure(
        Compared(SWEEPS, colors=COLORS), {"one": math.nan, "two": 0.5}, (0.1, 1.0, 10.0), r"$2(1+\mu)/\lambda_{\max}$"
    )
    drawn = {trace.name: trace for trace in figure.data}
    assert list(drawn) == ["predicted limit", "pending", *OUTCOME_KINDS]
    assert [trace.name for trace in figure.data if not trace.showlegend] == ["not learned"]
    assert list(zip(drawn["stable"].x, np.round(drawn["stable"].y), strict=True)) == [
        (0.1, 0),
        (0.1, 0),
        (1, 0),
        (1, 1),
    ]
    assert list(zip(drawn["too small"].x, np.round(drawn["too small"].y), strict=True)) == [(0.1, 1)]
    assert list(zip(drawn["diverged"].x, np.round(drawn["diverged"].y), strict=True)) == [(1, 0), (0.1, 2), (1, 2)]
    assert len(set(drawn["stable"].y[:2])) == 2  # two seeds do not hide each other
    assert list(drawn["pending"].x) == [10, 10, 10]
    threshold = drawn["predicted limit"]
    assert list(threshold.x) == [0.5, 0.5]
    assert threshold.showlegend  # also if the first network has none
    assert "2(1+μ)/λ<sub>max</sub>: " in threshold.hovertemplate
    without = outcomes_figure(Compared(SWEEPS, colors=COLORS), dict.fromkeys(SWEEPS, math.nan), (0.1, 1.0, 10.0))
    assert "predicted limit" not in [trace.name for trace in without.data]
    assert len({mark.symbol for mark in OUTCOME_MARKS.values()}) == len(OUTCOME_MARKS)


def test_rates_at_which_a_network_does_not_learn_are_too_small_or_too_large_where_that_is_known() -> None:
    rates = {0.01: "not learned", 0.1: "stable", 1.0: "not learned", 10.0: "stable", 100.0: "not learned"}
    own = [verdict(rate, 0, outcome) for rate, outcome in rates.items()]
    assert [outcome_kind(one, own) for one in own] == ["too small", "stable", "not learned", "stable", "too large"]
    assert [outcome_kind(one, own[:1]) for one in own[:1]] == ["not learned"]  # no rate is stable yet
    figure = outcomes_figure(Compared({"one": own}, colors=COLORS), {}, tuple(rates))
    symbols = {trace.name: trace.marker.symbol for trace in figure.data if trace.name in OUTCOME_KINDS and trace.x}
    assert len(set(symbols.values())) == len(symbols) == 4
    assert set(symbols.values()) <= set(SYMBOLS)  # files draw them, too


def test_trainings_under_way_are_marked() -> None:
    figure = outcomes_figure(Compared(SWEEPS, colors=COLORS), {}, (0.1, 1.0, 10.0), running={("two", 10.0, 0)})
    (pending,) = [trace for trace in figure.data if trace.name == "pending"]
    assert list(zip(pending.y, pending.marker.symbol, strict=True)) == [
        (0, "circle-open"),
        (1, "circle-open-dot"),
        (2, "circle-open"),
    ]


def test_missing_seeds_are_pending_also_where_another_seed_is_finished() -> None:
    sweeps = {"one": [verdict(0.1, 4, "stable"), verdict(0.1, 6, "diverged"), verdict(1.0, 4, "stable")], "two": []}
    seeds = {"one": (4, 5, 6), "two": (0, 1, 2)}
    compared = Compared(sweeps, colors=dict.fromkeys(sweeps, "#123456"))
    figure = outcomes_figure(compared, {}, (0.1, 1.0), seeds=seeds, running={("one", 1.0, 6), ("two", 0.1, 0)})
    drawn = {trace.name: trace for trace in figure.data}
    pending = drawn["pending"]
    one, two = ([k for k, y in enumerate(pending.y) if round(y) == row] for row in (0, 1))
    assert [pending.x[k] for k in one] == [0.1, 1.0, 1.0]
    assert [pending.x[k] for k in two] == [0.1] * 3 + [1.0] * 3
    assert [pending.y[k] for k in one] == pytest.approx([0, 0, 0.22])  # each in the place of its seed
    assert list(drawn["stable"].y) == pytest.approx([-0.22, -0.22])
    under_way = [k for k, symbol in enumerate(pending.marker.symbol) if symbol == "circle-open-dot"]
    assert under_way == [one[2], two[0]]


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
def test_last_losses_are_drawn_per_seed_and_diverged_ones_are_not(labels: list[str]) -> None:
    figure = final_figure(Compared({label: SWEEPS[label] for label in labels}, colors=COLORS), every_seed=True)
    own = [trace for trace in figure.data if trace.name == "one"]
    assert [list(trace.x) for trace in own] == [[0.1, 1.0], [0.1]]
    assert [trace.showlegend for trace in own] == [True, False]
    assert not [trace for trace in figure.data if trace.name == "three"]
    low, high = (10**end for end in figure.layout.yaxis.range)
    losses = np.concatenate([trace.y for trace in figure.data])
    assert low < losses.min()
    assert high > max(losses.max(), 2.3)
    assert figure.layout.shapes[0].y0 == 2.3


def test_several_seeds_are_one_line_of_final_losses_in_their_range() -> None:
    sweep = [verdict(0.1, seed, "stable", loss) for seed, loss in enumerate((0.1, 0.4, 0.2))]
    sweep += [verdict(1.0, 0, "stable", 0.3), *(verdict(1.0, seed, "diverged") for seed in (1, 2))]
    figure = final_figure(Compared({"one": sweep}, colors=COLORS))
    low, high, median = figure.data
    assert [list(trace.y) for trace in (low, high, median)] == [[0.1, 0.3], [0.4, 0.3], [0.2, 0.3]]
    assert list(median.text) == ["median of 3 seeds: 0.1, 0.4, 0.2", "1 seed: 0.3"]
    (notes,) = [note.text for note in figure.layout.annotations if note.name == "notes"]
    assert notes.startswith("Line: median of 1 to 3 seeds. Shaded: their<br>range.")


def test_a_bar_is_the_range_of_stable_rates_of_a_complete_sweep() -> None:
    compared = Compared(SWEEPS, colors=COLORS)
    figure = outcomes_figure(compared, {}, (0.1, 1.0), complete=True, legend=False)
    bars = {trace.name: trace.customdata for trace in figure.data if "range" in trace.name}
    assert bars == {"one, range of stable rates": (0.1, 0.1), "two, range of stable rates": (1.0, 1.0)}
    assert [text.split("<br>")[1] for text in figure.layout.yaxis.ticktext] == [
        "largest stable: 0.1",
        "largest stable: 1",
        "never stable",
    ]
    assert not figure.layout.showlegend
    running = outcomes_figure(compared, {}, (0.1, 1.0))
    assert not [trace for trace in running.data if "range" in trace.name]
    assert not any("stable" in text for text in running.layout.yaxis.ticktext)


def test_a_loss_far_above_the_best_constant_is_off_the_axis_and_a_note_counts_it() -> None:
    sweep = [verdict(0.1, 0, "stable", 0.01), verdict(1.0, 0, "overshot", 1e8)]
    figure = final_figure(Compared({"one": sweep}, colors=COLORS))
    assert 10 ** figure.layout.yaxis.range[1] < 100
    (notes,) = [note.text for note in figure.layout.annotations if note.name == "notes"]
    diverged = final_figure(Compared({"one": [*sweep, verdict(100.0, 0, "diverged")]}, colors=COLORS))
    assert 10 ** diverged.layout.xaxis.range[1] > 100  # the axis has the rates without a loss, too
    assert "1 of 2 losses, above 23, are off the axis." in notes


def test_equal_rates_are_below_each_other_in_all_figures_of_a_sweep() -> None:
    compared, limits = Compared(SWEEPS, colors=COLORS), {"one": 300.0, "two": math.nan}
    outcomes = outcomes_figure(compared, limits, (0.1, 1.0), complete=True)
    figures = [outcomes, final_figure(compared, limits), final_figure(Compared({**SWEEPS, "three": []}, colors=COLORS))]
    waiting = final_figure(Compared({label: [] for label in SWEEPS}, colors=COLORS), limits, pending=True)
    assert len({tuple(one.layout.xaxis.range) for one in (*figures[:2], waiting)}) == 1
    assert len({one.layout.margin.l for one in (*figures, waiting)}) == 1
    assert 10 ** outcomes.layout.xaxis.range[1] > 300
    assert 10 ** figures[2].layout.xaxis.range[1] < 300


def test_where_everything_diverged_a_sentence_says_so() -> None:
    figures = {
        ALL_DIVERGED: final_figure(Compared({"three": SWEEPS["three"]}, colors=COLORS)),
        NOTHING: final_figure(Compared({"three": []}, colors=COLORS)),
        WAITING: final_figure(Compared({"three": []}, colors=COLORS), pending=True),
    }
    for sentence, figure in figures.items():
        assert figure.layout.annotations[0].text.replace("<br>", " ") == sentence
    waiting = figures[WAITING].layout  # has the axes of the first losses already
    assert (waiting.height, waiting.xaxis.title.text) == (HEIGHT, "learning rate")
