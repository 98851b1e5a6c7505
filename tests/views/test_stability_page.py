"""The page Learning rates: every rate is trained, and conclusions follow from the numbers."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from normscape.landscape.stability import RATES, TrainingOutcome
from normscape.views.stability.summary import conclusion, contrast, key_numbers
from tests.conftest import ROOT
from tests.views.formulas import left_plain
from tests.views.test_page import SMALL, settled

PAGE = """
import runpy
runpy.run_path({path!r})
"""


def opened(**query: str) -> AppTest:
    app = AppTest.from_string(PAGE.format(path=str(ROOT / "views" / "stability" / "page.py")), default_timeout=60)
    for key, value in (SMALL | query).items():
        app.query_params[key] = value
    return app.run()


def test_the_sweep_runs_on_request_and_trains_every_rate() -> None:
    app = opened()
    assert not app.exception
    assert any(f"{len(RATES) * 2 * 2} runs" in caption.value for caption in app.caption)
    assert not app.get("plotly_chart")
    next(control for control in app.segmented_control if control.label == "Seeds").set_value(1)
    next(toggle for toggle in app.toggle if toggle.label == "Run the sweep").set_value(True)
    settled(app.run())
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 2
    assert left_plain(app) == []
    cells = [str(value) for value in app.table[0].value["Batch norm"]]
    assert sum(int(value.split(" of ")[0]) for value in cells if f" of {len(RATES)}" in value) == len(RATES)


def test_a_comparison_of_learning_rates_is_refused() -> None:
    app = opened(compare="training.learning_rate", values="0.1,0.2")
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
            ("up to a learning rate of 0.1, 0.2 times", "0.2 to 0.5"),
        ),
        ({0.1: "stable", 1.0: "stable"}, {0: 0.5}, ("at least 1, 2 times",)),
        ({0.1: "diverged", 1.0: "diverged"}, {0: 0.5}, ("at no learning rate",)),
        ({0.1: "stable", 1.0: "diverged"}, {}, (r"no $2/\lambda_{\max}$ before training",)),
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


def test_further_networks_are_compared_with_the_first() -> None:
    assert contrast({"none": 0.1, "Batch norm": 1.0}).endswith("the others stood: batch norm 10 times.")
    assert contrast({"none": 0.0, "Batch norm": 1.0}) == ""
