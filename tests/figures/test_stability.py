"""Figures of a sweep show the outcome of every run, with all networks on one scale."""

import math

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, share_figure
from normscape.landscape.stability import TrainingOutcome


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


def test_shares_of_stable_seeds_are_drawn_with_the_predictions_beside_them() -> None:
    figure = share_figure(Compared(SWEEPS, colors=COLORS), {"one": 0.5, "two": math.nan})
    drawn = {trace.name: trace for trace in figure.data}
    assert set(drawn) == {"one", "two", "three", "2/λ<sub>max</sub>, one"}
    assert list(drawn["one"].x) == [0.1, 1.0]
    assert list(drawn["one"].y) == [1.0, 0.5]
    assert list(drawn["two"].y) == [0.0, 1.0]
    assert list(drawn["2/λ<sub>max</sub>, one"].x) == [0.5, 0.5]
    assert "seed 1: diverged" in drawn["one"].customdata[1]
    assert len({drawn[label].line.dash for label in SWEEPS}) == 3


@pytest.mark.parametrize("labels", [["one"], ["one", "two", "three"]])
def test_last_losses_are_drawn_per_seed_and_diverged_ones_are_not(labels: list[str]) -> None:
    figure = final_figure(Compared({label: SWEEPS[label] for label in labels}, colors=COLORS))
    own = [trace for trace in figure.data if trace.name == "one"]
    assert [list(trace.x) for trace in own] == [[0.1, 1.0], [0.1]]
    assert [trace.showlegend for trace in own] == [True, False]
    assert not [trace for trace in figure.data if trace.name == "three"]
    low, high = (10**end for end in figure.layout.yaxis.range)
    losses = np.concatenate([trace.y for trace in figure.data])
    assert low < losses.min()
    assert high > max(losses.max(), 2.3)
    assert figure.layout.shapes[0].y0 == 2.3


def test_where_everything_diverged_a_sentence_says_so() -> None:
    assert "Nothing" in final_figure(Compared({"three": SWEEPS["three"]}, colors=COLORS)).layout.annotations[0].text
    assert "Nothing" in share_figure(Compared({"one": []}, colors=COLORS), {}).layout.annotations[0].text
