"""The page Learning rates: every rate is trained, and conclusions follow from the numbers."""

import math
import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from normscape.figures.stability import OUTCOME_MARKS
from normscape.jobs import Job
from normscape.jobs.questions.stability import trainings_by_rate
from normscape.landscape.stability import OUTCOME_KINDS, RATES, TrainingOutcome, stability_threshold, sweep
from normscape.specs import ModelSpec, RunSpec, TrainingSpec
from normscape.views.stability import thresholds
from normscape.views.stability.misses import misses
from normscape.views.stability.summary import gaps, grid, headline, in_seeds, key_numbers, so_far
from normscape.views.texts.verdicts import missing_verdict
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
    (detail,) = [one for one in app.segmented_control if one.label == "Detail"]
    assert not [option for option in detail.options if "·" in option]  # the time of a surface is not that of a sweep
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
    ("outcomes", "predicted", "largest", "ratio", "along"),
    [
        ({0.1: "stable", 1.0: "diverged"}, {0: 0.5, 10: 0.2}, "0.1", "0.2×", "0.2 to 0.5"),
        ({0.1: "stable", 1.0: "stable"}, {0: 0.5}, "at least 1", "2×", "0.5"),
        ({0.1: "diverged", 1.0: "diverged"}, {0: 0.5}, "none", "n/a", "0.5"),
        ({0.1: "stable", 1.0: "diverged"}, {}, "0.1", "n/a", "n/a"),
    ],
)
def test_the_key_numbers_of_a_sweep_follow_from_the_numbers(
    outcomes: dict[float, str], predicted: dict[int, float], largest: str, ratio: str, along: str
) -> None:
    numbers = key_numbers([verdict(rate, outcome) for rate, outcome in outcomes.items()], predicted, SGD)
    assert numbers["Largest stable learning rate"] == largest
    assert numbers["Largest stable rate relative to that limit"] == ratio
    assert numbers["Limit predicted along training"] == along
    assert numbers["Trainings: diverged"].startswith(str(list(outcomes.values()).count("diverged")))


SGD = TrainingSpec()
APART = "Tested rates are 3.2× apart, so the true factor is"
PLAIN = replace(SGD, momentum=0.0)
ADAM = replace(SGD, optimizer="adam")


def test_the_threshold_is_that_of_the_optimizer() -> None:
    assert stability_threshold(PLAIN, 4.0) == 0.5
    assert stability_threshold(SGD, 4.0) == pytest.approx(2 * 1.9 / 4)
    assert math.isnan(stability_threshold(ADAM, 4.0))
    assert math.isnan(stability_threshold(SGD, -1.0))
    heavy, plain = r"$2(1+\mu)/\lambda_{\max}$", r"$2/\lambda_{\max}$"
    assert thresholds.formula({"a": SGD, "b": SGD}) == heavy
    assert thresholds.formula({"a": PLAIN}) == plain
    assert thresholds.formula({"a": SGD, "b": PLAIN}) == ""
    assert thresholds.formula({"a": ADAM}) == ""


def test_the_legend_defines_every_outcome_in_its_color_and_has_the_formula_of_the_threshold() -> None:
    legend = thresholds.legend({"a": SGD, "b": SGD}, {"a": 8.1, "b": 1.65}, "light")
    assert tuple(thresholds.OUTCOMES) == tuple(OUTCOME_MARKS) == OUTCOME_KINDS
    assert "**Not learned**" not in legend
    legend = thresholds.legend({"a": SGD, "b": SGD}, {"a": 8.1, "b": 1.65}, "light", unclear=True)
    for name, mark in OUTCOME_MARKS.items():
        (line,) = [line for line in legend.split("\n") if f"**{name.capitalize()}**: " in line]
        assert mark.light in line
    assert OUTCOME_MARKS["stable"].dark in thresholds.legend({"a": SGD}, {}, "dark")
    assert r"at initialization: $2(1+\mu)/\lambda_{\max}$, with momentum $\mu=0.9$." in legend
    assert "momentum" not in thresholds.legend({"a": PLAIN}, {"a": 8.1}, "light")
    adam = thresholds.legend({"a": ADAM}, {"a": math.nan}, "light")
    assert "Limit predicted" not in adam
    assert thresholds.ADAM in adam
    running = thresholds.legend({"a": SGD}, {"a": 8.1}, "light", complete=False)
    assert "Pending" in running
    assert thresholds.BAR not in running
    colored = thresholds.legend({"a": SGD, "b": SGD}, {"a": 8.1}, "light", colors={"a": "#112233", "b": "#445566"})
    assert "rgba(17,34,51," in colored
    assert "rgba(68,85,102," in colored
    assert len(running.split("\n")) == len(thresholds.legend({"a": SGD}, {"a": 8.1}, "light").split("\n"))
    mixed = thresholds.legend({"a": PLAIN, "b": SGD, "c": ADAM}, {"a": 4.0, "b": 7.6, "c": math.nan}, "light")
    assert "Limit predicted" in mixed
    assert thresholds.ADAM in mixed


@pytest.mark.parametrize(("factor", "converges"), [(0.99, True), (1.01, False)])
def test_heavy_ball_on_a_quadratic_converges_only_below_the_threshold(factor: float, converges: bool) -> None:
    curvature, x, velocity = 4.0, 1.0, 0.0
    for _ in range(5000):
        velocity = SGD.momentum * velocity + curvature * x
        x -= factor * stability_threshold(SGD, curvature) * velocity
        if abs(x) > 1e6:
            break
    assert (abs(x) < 1e-6) == converges


def test_a_sweep_that_was_stopped_has_no_verdict() -> None:
    assert missing_verdict(2, 3, "spectra", stopped=False).startswith("**2 of 3 spectra are finished, 1 is left.**")
    assert missing_verdict(2, 3, "spectra", stopped=True) == "**No verdict: 1 of 3 spectra is missing.**"
    assert missing_verdict(1, 22, "trainings", stopped=True) == "**No verdict: 21 of 22 trainings are missing.**"
    assert (
        missing_verdict(1, 22, "trainings", stopped=False)
        == "**1 of 22 trainings is finished, 21 are left.** The verdict appears at the end."
    )


def test_a_running_sweep_has_both_charts_and_no_table_yet() -> None:
    app = AppTest.from_function(_running_sweep).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert not app.table
    assert app.markdown[0].value.startswith(f"**1 of {2 * len(RATES)} trainings")


def _running_sweep() -> None:
    from normscape.landscape.stability import TrainingOutcome
    from normscape.specs import Display, Experiment, TrainingSpec
    from normscape.views.stability import charts

    outcomes = {"No normalization": (TrainingOutcome(0.1, 0, "stable", 2.3, 2.4, 0.1, 2.3),), "Batch norm": ()}
    charts.verdict(outcomes, {}, seeds=1, stopped=False)
    trainings = dict.fromkeys(outcomes, TrainingSpec())
    unknown: dict[str, dict[int, float]] = {label: {} for label in outcomes}
    charts.section(Experiment(), Display(), outcomes, unknown, trainings, charts.State(pending=True))


def test_the_headline_compares_the_largest_stable_rates_with_the_first_network() -> None:
    sentence = headline(
        {"Layer norm": 0.1, "Batch norm": 1.0, "No normalization": 0.0}, {"Batch norm": 0.87, "x": math.nan}
    )
    assert sentence == (
        "**In this one seed, among rates 3.2× apart, the largest stable ones are 1 with batch norm "
        "(10× higher); 0.1 with layer norm; none without normalization.**",
        "The curvature at initialization predicts limits of 0.87 with batch norm (dotted lines).",
    )
    grouped = headline({"a": 0.1, "b": 1.0, "c": 1.0, "d": 0.0, "e": 0.0}, {})
    assert grouped.claim == (
        "**In this one seed, among rates 3.2× apart, the largest stable ones are 1 for b and for c "
        "(10× higher); 0.1 for a; none for d and for e.**"
    )
    pair = headline({"No normalization": 0.1, "Batch norm": 1.0}, {})
    assert pair == (
        "**With batch norm, learning rates up to 1 train stably; without normalization, up to 0.1.**",
        f"In this one seed, that is 10× higher. {APART} between 3.2× and 32×.",
    )
    lower = headline({"a": 0.2, "b": 0.1}, {})
    assert "for b, learning rates up to 0.1 train stably; for a, up to 0.2" in lower.claim.lower()
    assert (
        "that is 2× lower. Tested rates are 3.2× apart, so the true factor is between 0.63× and 6.3×." in lower.details
    )
    last = headline({"a": 1.0, "b": RATES[-1]}, {})
    assert "100× higher. Tested rates are 3.2× apart, so the true factor is at least 32×." in last.details
    above = " (the next tested is 3.2× higher)"
    assert headline({"a": 0.2}, {}).claim == f"**In this one seed, the largest stable rate is 0.2 for a{above}.**"
    assert headline({"a": 0.2, "b": 0.0}, {}).claim == (
        f"**In this one seed, the largest stable rate is 0.2 for a{above}; there is none for b.**"
    )
    assert headline({"a": 0.2, "b": 0.2}, {}).claim == (
        f"**In this one seed, the largest stable rate of all networks is 0.2{above}.**"
    )
    end = "(no higher one is tested)"
    assert headline({"a": RATES[-1]}, {}).claim == f"**In this one seed, the largest stable rate is 100 for a {end}.**"
    assert headline({"a": 0.0, "b": 0.0}, {}, in_seeds(3)).claim == (
        "**In all 3 seeds, no network trains stably at any of these learning rates.**"
    )
    assert headline({"a": 0.0}, {}, so_far(1)).claim == "**So far (1 seed): a never trains stably.**"


def test_a_predicted_limit_that_is_far_off_is_said_to_be_with_the_rise_of_the_curvature_only_where_it_rises() -> None:
    largest = {"No normalization": 0.1, "Batch norm": 1.0}
    near = {"Batch norm": {0: 1.6, 10: 0.9}}
    assert misses(largest, near) == []
    assert misses(largest, {}) == []
    far = "Without normalization, the predicted limit is 81× too high"
    rises = {"No normalization": {0: 8.1, 10: 0.2}} | near
    assert misses(largest, rises) == [f"{far}: the curvature rises during training."]
    assert misses(largest, {"No normalization": {0: 8.1, 10: 2.0, 20: 4.0}}) == [
        f"{far}. During training the curvature rises up to 4×, too little to explain this."
    ]
    for flat in ({0: 8.1}, {0: 8.1, 10: 9.0}):
        assert misses(largest, {"No normalization": flat}) == [f"{far}."]
    assert misses({"a": 0.0, "b": 10.0}, {"a": {0: 9.0}, "b": {0: 0.5}}) == [
        "For b, the predicted limit is 20× too low."
    ]
    assert misses({"b": RATES[-1]}, {"b": {0: 0.5}}) == ["For b, the predicted limit is at least 200× too low."]


@pytest.mark.parametrize("stopped", [False, True])
def test_seeds_that_are_complete_keep_their_verdict_while_others_are_missing(stopped: bool) -> None:
    app = AppTest.from_function(_second_seed_missing, args=(stopped,)).run()
    assert not app.exception
    assert app.markdown[0].value.startswith(
        "**So far (1 seed): with batch norm, learning rates up to 1 train stably; without normalization, up to 0.1."
    )
    total = 3 * 2 * len(RATES)
    left = total - 2 * len(RATES) - 1
    assert app.caption[0].value == (
        f"{left} of {total} trainings are missing."
        if stopped
        else f"{total - left} of {total} trainings are finished, {left} are left."
    )


def _second_seed_missing(stopped: bool) -> None:
    from dataclasses import replace

    from normscape.landscape.stability import RATES
    from normscape.views.stability import charts
    from tests.views.test_stability_page import verdict

    outcomes = {
        label: [verdict(rate, "stable" if rate <= limit else "diverged") for rate in RATES]
        for label, limit in {"No normalization": 0.1, "Batch norm": 1.0}.items()
    }
    outcomes["Batch norm"] += [replace(verdict(RATES[5], "diverged"), seed=1)]  # of a seed that is not complete
    charts.verdict(outcomes, {}, seeds=3, stopped=stopped)


def test_the_grid_of_rates_and_its_coarseness_are_stated() -> None:
    assert grid(1) == (
        "Each rate is tested with 1 seed, and rates are 3.2× apart: the true limit may be up to 3.2× above the largest "
        "stable rate."
    )
    assert grid(3).startswith("Each rate is tested with 3 seeds, ")
    assert grid(3, complete=False, pending=True).startswith("Each rate will be tested with 3 seeds, ")
    assert grid(3, complete=False).startswith("Not every rate is tested with 3 seeds, ")


def test_a_rate_that_fails_between_two_stable_ones_is_named() -> None:
    odd = [verdict(0.01, "not learned"), verdict(0.1, "stable"), verdict(1.0, "overshot"), verdict(10.0, "stable")]
    assert gaps({"No normalization": odd, "Batch norm": odd[:3]}) == [
        "Without normalization, training fails at 1 (overshot), although it is stable at 10. The range of stable rates "
        "ends before the first failure. More seeds show whether this is chance."
    ]
    assert gaps({"Batch norm": [verdict(1.0, "diverged")]}) == []


def test_the_threshold_without_momentum_is_beside_that_with_momentum() -> None:
    numbers = key_numbers([verdict(0.1, "stable")], {0: 3.8}, SGD)
    assert numbers[r"$2/\lambda_{\max}$ at initialization, without momentum"] == "2"
    assert numbers["Limit predicted at initialization"] == "3.8 (momentum 0.9)"
    plain = key_numbers([verdict(0.1, "stable")], {0: 3.8}, PLAIN)
    assert plain["Limit predicted at initialization"] == "3.8"


def test_the_headline_says_where_the_thresholds_rank_the_networks_in_the_opposite_order() -> None:
    opposite = headline({"a": 0.1, "b": 1.0}, {"a": 4.3, "b": 0.87})
    order = "The curvature at initialization predicts the opposite order: limits of "
    assert opposite.details.endswith(order + "4.3 for a and 0.87 for b (dotted lines).")
    assert "opposite" not in headline({"a": 0.1, "b": 1.0}, {"a": 0.87, "b": 4.3}).details
    assert "opposite" not in headline({"a": 0.1, "b": 0.1}, {"a": 0.87, "b": 4.3}).details
    several = headline({"a": 0.1, "b": 1.0, "c": 1.0}, {"a": 0.87, "b": 4.3, "c": 2.0})
    assert several.details.endswith(
        "The curvature at initialization predicts limits of 0.87 for a to 4.3 for b (dotted lines)."
    )


def test_a_sweep_has_a_stage_for_each_rate_so_that_rates_end_one_after_the_other() -> None:
    runs = [RunSpec(model=ModelSpec(norm=norm)) for norm in ("none", "batch")]
    stages = trainings_by_rate(runs, 2)
    assert [{job.run.training.learning_rate for job in stage} for stage in stages] == [{rate} for rate in RATES]
    assert {job for stage in stages for job in stage} == {Job("run", one) for run in runs for one in sweep(run, 2)}
