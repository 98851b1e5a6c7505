"""The page Learning rates: every rate is trained, and conclusions follow from the numbers."""

import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from normscape.landscape.stability import RATES, TrainingOutcome
from normscape.views.stability.summary import conclusion, headline, key_numbers
from normscape.views.widgets.numbers import duration
from tests.views.formulas import left_plain
from tests.views.pages import page_alone
from tests.views.test_page import settled


def test_the_sweep_starts_by_itself_and_trains_every_rate() -> None:
    app = settled(page_alone("stability"))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 2
    assert left_plain(app) == []
    cells = [str(value) for value in app.table[0].value["Batch norm"]]
    assert sum(int(value.split(" of ")[0]) for value in cells if f" of {len(RATES)}" in value) == len(RATES)


def test_a_long_sweep_waits_for_a_button_that_states_its_time() -> None:
    app = page_alone("stability", **{"training.steps": "100000", "model.width": "256"})
    assert not app.exception
    assert not app.get("progress")
    (button,) = [button for button in app.button if button.label.startswith("Run the sweep")]
    assert re.fullmatch(r"Run the sweep \(about \S+ (s|min|h)\)", button.label)


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (12.4, "12 s"), (200, "3 min"), (9000, "2.5 h")])
def test_an_estimated_time_is_written_in_a_suitable_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_comparison_of_learning_rates_is_refused() -> None:
    app = page_alone("stability", compare="training.learning_rate", values="0.1,0.2")
    assert not app.exception
    assert any("Compare another field" in info.value for info in app.info)


def verdict(rate: float, outcome: str) -> TrainingOutcome:
    return TrainingOutcome(rate, 0, outcome, 2.3, 2.4, math.nan if outcome == "diverged" else 0.1, 2.3)


@pytest.mark.parametrize(
    ("outcomes", "predicted", "phrases"),
    [
        (
            {0.1: "stable", 1.0: "diverged"},
            {0: 0.5, 10: 0.2},
            ("learning rates up to 0.1 (1 seed), 0.2×", "0.2 to 0.5"),
        ),
        ({0.1: "stable", 1.0: "stable"}, {0: 0.5}, ("at least 1 (1 seed), 2×",)),
        ({0.1: "diverged", 1.0: "diverged"}, {0: 0.5}, ("no learning rate of the sweep",)),
        ({0.1: "stable", 1.0: "diverged"}, {}, (r"at initialization is not available",)),
    ],
)
def test_the_conclusion_of_a_sweep_follows_from_the_numbers(
    outcomes: dict[float, str], predicted: dict[int, float], phrases: tuple[str, ...]
) -> None:
    verdicts = [verdict(rate, outcome) for rate, outcome in outcomes.items()]
    sentence = conclusion("Batch norm", verdicts, predicted, 0.9)
    for phrase in phrases:
        assert phrase in sentence
    assert ("0.9" in sentence) == (0 in predicted and "stable" in outcomes.values())
    assert key_numbers(verdicts, predicted)["Trainings: diverged"].startswith(
        str(list(outcomes.values()).count("diverged"))
    )


def test_a_sweep_that_was_stopped_has_no_verdict() -> None:
    app = AppTest.from_function(_stopped_sweep).run()
    assert not app.exception
    (sentence,) = [one.value for one in app.markdown]
    assert sentence == f"**No verdict: {2 * len(RATES) - 1} of {2 * len(RATES)} trainings are missing.**"


def _stopped_sweep() -> None:
    from normscape.landscape.stability import TrainingOutcome
    from normscape.specs import Display, Experiment
    from normscape.views.stability import charts

    outcome = TrainingOutcome(0.1, 0, "stable", 2.3, 2.4, 0.1, 2.3)
    charts.section(
        Experiment(), Display(), {"No normalization": (outcome,), "Batch norm": ()}, {}, seeds=1, finished=True
    )


def test_the_headline_compares_the_largest_stable_rates_with_the_first_network() -> None:
    sentence = headline(
        {"No normalization": 0.1, "Batch norm": 1.0, "Layer norm": 0.0}, {"Batch norm": 0.87, "x": math.nan}
    )
    assert sentence.startswith(
        "**Batch norm trains at rates up to 1 (10× higher); without normalization, up to 0.1; Layer norm trains at "
        "none.**"
    )
    assert sentence.endswith("predicts 0.87 for Batch norm.")
    order = "the opposite order."
    assert headline({"a": 0.1, "b": 1.0}, {"a": 4.3, "b": 0.87}).endswith(order)
    assert order not in headline({"a": 0.1, "b": 1.0}, {"a": 0.87, "b": 4.3})
    assert order not in headline({"a": 0.1, "b": 0.1}, {"a": 0.87, "b": 4.3})
    assert "(2× lower)" in headline({"a": 0.2, "b": 0.1}, {})
    assert headline({"a": 0.2, "b": 0.2}, {}) == "**b trains at rates up to 0.2; a, up to 0.2.**"
    assert headline({"a": 0.2}, {}) == "**a trains at rates up to 0.2.**"
    assert headline({"a": 0.2, "b": 0.0}, {}) == "**a trains at rates up to 0.2; b trains at none.**"
