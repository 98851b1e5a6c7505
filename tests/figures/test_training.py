from __future__ import annotations

import numpy as np
import pytest

from normscape.figures.comparison import Compared
from normscape.figures.training import MOST_BATCHES, Training, live_training_figures, training_figure
from normscape.landscape import History, Run
from normscape.specs import RunSpec


def run(losses, diverged_at=None):
    values = np.array(losses, dtype=float)
    return Run(
        RunSpec(), (), History(np.arange(len(values)), values, values / 10, 2 * values, values / 20), diverged_at
    )


def test_training_is_solid_and_held_out_dashed():
    train, held_out = training_figure(Compared({"a": run([4, 2, 1])}, colors={"a": "#b84900"})).data
    assert (train.line.dash, held_out.line.dash) == ("solid", "dash")
    assert (tuple(train.y), tuple(held_out.y)) == ((4, 2, 1), (8, 4, 2))
    assert {train.line.color, held_out.line.color} == {"#b84900"}
    assert train.showlegend
    assert not held_out.showlegend


def test_the_loss_axis_is_logarithmic_and_holds_all_finite_values():
    axis = training_figure(Compared({"a": run([4, 0, np.inf, 1])})).layout.yaxis
    assert axis.type == "log"
    assert axis.range[0] < 0 < np.log10(8) < axis.range[1]


def test_accuracy_spans_0_to_1():
    figure = training_figure(Compared({"a": run([1, 2])}), "accuracy")
    assert tuple(figure.data[0].y) == (0.1, 0.2)
    assert figure.layout.yaxis.range == (-0.02, 1.02)


def test_divergence_is_marked_and_said():
    figure = training_figure(Compared({"a": run([4, 5, np.nan], diverged_at=2)}))
    cross = figure.data[-1]
    assert (cross.marker.symbol, tuple(cross.x), tuple(cross.y)) == ("x", (2,), (5,))
    assert cross.text[0].strip() == "diverged at step 2"
    assert "a diverged at step 2" in figure.layout.annotations[0].text


def test_training_that_runs_has_every_batch_on_one_axis_in_a_figure_of_each_network():
    trainings = {"a": Training(np.array([4.0, 2, np.inf, 1]), 10), "b": Training(np.array([0.01, 0]), 20)}
    figures = live_training_figures(
        Compared(trainings, colors={"a": "#b84900"}), {"a": "Training: step 4 of 10.", "b": "…"}, height=300
    )
    (line,) = figures["a"].data
    assert line.x.tolist() == [1, 2, 3, 4]
    assert line.y[:2].tolist() == [4, 2]
    assert np.isnan(line.y[2])  # a loss that the axis cannot show is a gap
    assert np.isnan(figures["b"].data[0].y[1])
    low, high = figures["a"].layout.yaxis.range
    assert low < np.log10(0.01) < np.log10(4) < high
    assert figures["b"].layout.yaxis.range == figures["a"].layout.yaxis.range
    assert figures["b"].layout.xaxis.range == figures["a"].layout.xaxis.range == (0, 20)
    assert "step 4 of 10" in figures["a"].layout.annotations[0].text


def test_a_training_that_has_not_begun_has_the_axes_of_its_curve():
    training = {"a": Training(np.zeros(0), 150)}
    figure = live_training_figures(Compared(training), {"a": "Training starts."}, height=300)["a"]
    assert figure.layout.xaxis.range == (0, 150)
    assert figure.layout.yaxis.title.text == "loss of each mini-batch"
    assert figure.layout.yaxis.showticklabels is False
    assert len(figure.data[0].x) == 0


def test_a_long_curve_is_thinned_to_its_steps():
    losses = np.linspace(2, 1, 10 * MOST_BATCHES)
    (line,) = live_training_figures(Compared({"a": Training(losses, 20_000)}), {"a": ""}, height=300)["a"].data
    assert len(line.x) <= MOST_BATCHES
    np.testing.assert_array_equal(line.y, losses[np.asarray(line.x) - 1])


def test_nothing_and_the_wrong_quantity():
    assert training_figure(Compared({})).layout.annotations[0].text == "Nothing to show yet."
    with pytest.raises(ValueError, match="accuracy"):
        training_figure(Compared({}), "speed")
