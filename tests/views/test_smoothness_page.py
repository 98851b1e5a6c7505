"""The page Along training: every checkpoint of every network is measured, and sentences follow from the numbers."""

import json
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from normscape.landscape import train
from normscape.landscape.smoothness import LineSamples, PathRatio, Smoothness, measure_smoothness, path_ratio
from normscape.specs import EvaluationSpec, SmoothnessSpec, SurfaceSpec
from normscape.views.smoothness import at_end
from normscape.views.smoothness.charts import (
    CAPTIONS,
    FILES_FOLLOW,
    NUMBERS,
    OPEN_ROUGHER,
    OPEN_SMOOTHER,
    QUANTITIES,
    RANDOM,
    ROUGHER,
    SEVERAL_SEEDS,
    SMOOTHER,
    gray,
)
from normscape.views.smoothness.order import Order, order
from normscape.views.smoothness.summary import (
    ALIAS,
    LESS_SMOOTH,
    SMOOTH,
    alone,
    headline,
    key_numbers,
    lost_checkpoints,
    missing_points,
    ratio_numbers,
    spread,
)
from normscape.views.texts.other_quantities import WHY
from normscape.views.texts.verdicts import missing_verdict
from normscape.views.widgets import scrolling
from normscape.views.widgets.numbers import number
from normscape.views.widgets.seeds import EVERY, ONE
from tests.views.formulas import left_plain
from tests.views.pages import page_alone, page_of_app
from tests.views.test_page import settled


def test_every_checkpoint_of_every_network_is_measured() -> None:
    app = settled(page_alone("smoothness", **{"training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 1 + 2 * 2  # of the open tab alone
    assert any("per unit of distance" in element.value for element in app.markdown)
    assert any(WHY in caption.value for caption in app.caption)
    for tab, charts in ((RANDOM, 1), (NUMBERS, 0)):
        app.session_state["smoothness-details"] = tab
        app.run()
        assert len(app.get("plotly_chart")) == 1 + charts
        assert left_plain(app) == []
    assert "of 3" in str(app.table[0].value)


def test_a_diverged_training_is_reported() -> None:
    app = settled(page_alone("smoothness", **{"training.learning_rate": "1e6", "training.checkpoints": "0,3,8"}))
    assert not app.exception
    assert any("No normalization diverged during training: " in warning.value for warning in app.warning)


def test_networks_that_diverged_are_named_with_the_checkpoints_that_they_miss() -> None:
    assert lost_checkpoints({"No normalization": (7, 8), "Batch norm": (2, 8)}) == (
        "No normalization diverged during training: 7 of its 8 checkpoints do not exist and are left out. "
        "Batch norm diverged during training: 2 of its 8 checkpoints do not exist and are left out."
    )


def course(*betas: float) -> list[Smoothness]:
    one = np.array([1.0])
    return [
        Smoothness(k, one, False, 1.0, 1.0, LineSamples(one, one * k, one * beta), LineSamples(one, one, one))
        for k, beta in enumerate(betas)
    ]


def test_missing_points_have_a_reason() -> None:
    assert missing_points({"one": [course(1.0, 2.0)]}) == ""
    assert missing_points({"one": [course(1.0, 0.0)], "two": [course(math.nan, 2.0)]}) == (
        "No point at steps 0 and 1: there the gradient is 0 or no value is finite, so the ratio is not defined."
    )
    assert missing_points({"one": [course(*[math.nan] * 6)]}).startswith("No point at 6 steps: ")


def test_the_comparison_counts_checkpoints_and_takes_medians() -> None:
    ratio = path_ratio([course(1.0, 2.0, 4.0)], [course(0.5, 1.0, 8.0)])
    assert ratio == (0.5, 0.5, 2.0, 2, 0.5, 3, (1.0, 2.0))
    other = path_ratio([course(1.0, 2.0, 4.0)], [course(4.0, 3.0, 1.0)])
    assert other is not None
    assert other.median == 3.0 / 2.0  # the quotient of the medians in the table, not the median of 4, 1.5 and 0.25
    assert path_ratio([course(np.nan)], [course(1.0)]) is None
    assert key_numbers(course(1.0, 2.0, 4.0))[f"Gradient change per unit of distance ({ALIAS})"] == "2"


@pytest.mark.parametrize(
    ("median", "claim", "means"),
    [
        (0.5, "changes 2× slower for B than for A", "smoother for B"),
        (2.7, "changes 2.7× faster for B than for A", "less smooth for B"),
    ],
)
def test_the_headline_says_which_network_is_smoother_and_by_how_much(median: float, claim: str, means: str) -> None:
    compared = {"B": PathRatio(median, 0.2, 8.0, 1, 5.3, 8, (median, 1.0))}
    assert headline("A", compared) == (
        f"**Along training, the gradient {claim}.** By this measure the loss is {means}: {number(median)} vs. 1 per "
        "unit of distance (medians of 8 checkpoints)."
    )
    assert spread(compared) == (
        "For B, the value is lower at 1 of 8 checkpoints; at single ones it is 5× lower to 8× higher."
    )
    assert "no finite step" in headline("A", {"B": None})
    assert spread({"B": None}) == ""


def test_the_headline_says_in_how_many_seeds_and_at_which_steps_the_order_holds() -> None:
    slow, fast = course(1.0, 1.0, 1.0, 1.0), course(3.0, 3.0, 3.0, 3.0)
    assert order([slow], [slow]) is None
    found = order([slow, slow, fast], [fast, fast, slow])
    assert found == (2, 3, (0, 1, 2, 3), ())
    compared = {"B": path_ratio([slow, slow, slow], [fast, fast, slow])}
    text = headline("A", compared, 3, holds=found)
    assert "3× faster for B than for A.**" in text
    assert text.endswith("of 3 seeds). This order holds in 2 of 3 seeds. The order is the same at every checkpoint.")
    assert Order(2, 2, (0,), ()).in_seeds == "This order holds in both seeds."
    for betas, sentence in (
        ((3.0, 3.0, 0.5, 0.5), "After step 1, the order is reversed."),
        ((0.5, 0.5, 3.0, 3.0), "Before step 2, the order is reversed."),
        ((3.0, 0.5, 3.0, 3.0), "The order is reversed at step 1 only."),
        ((3.0, 3.0, 3.0, 1.0), "The order is the same at every checkpoint."),  # about equal at one of them
    ):
        one = order([course(1.0, 1.0, 1.0, 1.0)], [course(*betas)])
        assert one is not None
        assert one.sentence == sentence
        assert one.in_seeds == ""


def test_about_equal_networks_have_no_order() -> None:
    assert headline("A", {"B": PathRatio(1.02, 0.2, 8.0, 1, 5.3, 8, (1.02, 1.0))}) == (
        "**Along training, the gradient changes about as fast for B as for A.** By this measure the loss is about "
        "equally smooth: 1.02 vs. 1 per unit of distance (medians of 8 checkpoints)."
    )


def test_one_checkpoint_gives_no_verdict_and_small_differences_no_order() -> None:
    one = {"B": PathRatio(0.99, 0.99, 0.99, 1, 1.0, 1, (0.99, 1.0))}
    assert headline("A", one).startswith("**One common checkpoint is too few to compare B with A.**")
    assert spread(one) == ""
    several = headline("A", {**one, "C": one["B"]})
    assert several == "**One common checkpoint is too few to compare the networks with A.**"
    close = {"B": PathRatio(0.99, 0.98, 1.01, 5, 1.0, 8, (0.99, 1.0))}
    assert spread(close) == "At every checkpoint the two differ by less than 10 %."


def test_the_headline_compares_several_networks_in_one_sentence() -> None:
    medians = {"B": 2.7, "C": 0.5, "D": 1.02}
    compared = {label: PathRatio(median, 0.2, 8.0, 1, 5.3, 8, (median, 1.0)) for label, median in medians.items()}
    assert headline("No normalization", compared).startswith(
        "**Compared with no normalization, the gradient along training changes 2.7× faster with B, 2× slower with C "
        "and about as fast with D.**"
    )
    higher = {
        "B": compared["B"],
        "C": PathRatio(1.6, 0.2, 8.0, 1, 5.3, 8, (1.6, 1.0)),
        "D": PathRatio(3.3, 0.2, 8.0, 1, 5.3, 8, (3.3, 1.0)),
    }
    assert headline("No normalization", higher).startswith(
        "**Along training, the gradient changes 1.6× (C) to 3.3× (D) faster than without normalization: by this "
        "measure, all other networks are less smooth.** Each factor compares medians over all checkpoints."
    )
    assert ratio_numbers("No normalization", compared["B"]) == {
        "Gradient change per unit of distance, relative to no normalization, ratio of medians": "2.7× higher",
        "Gradient change per unit of distance, relative to no normalization, "
        "range over checkpoints": "5× lower to 8× higher",
        "Checkpoints at which it is lower": "1 of 8",
        "Largest gradient change relative to no normalization, ratio of medians": "5.3× higher",
    }


def test_one_network_has_a_headline_with_its_own_numbers() -> None:
    text = alone("B", course(1.0, 2.0, 4.0))
    assert "of B changes by 2 per unit of distance (median of 3 checkpoints).** The values range from 1 to 4." in text
    assert "no finite step" in alone("B", course(math.nan))


def test_until_all_checkpoints_are_measured_charts_show_those_that_are() -> None:
    waiting = missing_verdict(3, 16, "checkpoints", stopped=False, done="measured")
    assert waiting.startswith("**3 of 16 checkpoints are measured, 13 are left.**")
    assert missing_verdict(3, 16, "checkpoints", stopped=True) == "**No verdict: 13 of 16 checkpoints are missing.**"
    app = AppTest.from_function(_stopped).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1 + 2 * 2
    shown = [CAPTIONS["effective smoothness"], FILES_FOLLOW, *(f"{CAPTIONS[kind]} {gray(1)}" for kind in QUANTITIES)]
    assert [caption.value for caption in app.caption] == shown
    assert not app.table


def test_downloads_are_in_the_same_place_before_and_after_the_last_result() -> None:
    for function in (_stopped, _complete):
        figure = AppTest.from_function(function).run().main.children[0]
        assert [element.type for element in figure.children.values()] == ["plotly_chart", "caption", "flex_container"]
        share = figure.children[2]
        assert [element.type for element in share.children.values()] == ["bidi_component", "popover"]


def test_gray_lines_are_named_by_the_number_of_other_networks() -> None:
    assert gray(0) == ""
    assert gray(1) == "Gray: the other network (median over step lengths)."
    assert gray(2) == "Gray: the other networks (median over step lengths)."


def _complete() -> None:
    from normscape.specs import Display, Experiment
    from normscape.views.smoothness import charts
    from tests.views.test_smoothness_page import course

    results = {"No normalization": [course(1.0)], "Batch norm": [course(3.0)]}
    charts.section(Experiment(), Display(), results, charts.State(finished=True))


def _stopped() -> None:
    from normscape.specs import Display, Experiment
    from normscape.views.smoothness import charts
    from tests.views.test_smoothness_page import course

    results = {"No normalization": [course(1.0)], "Batch norm": [[]]}
    charts.section(Experiment(), Display(), results, charts.State())


def test_every_chart_names_what_its_vertical_axis_shows() -> None:
    app = AppTest.from_function(_complete).run()
    specs = [json.loads(element.proto.spec) for element in app.get("plotly_chart")]
    assert len(specs) == 1 + 2 * 2
    assert all(spec["layout"]["yaxis"]["title"]["text"] for spec in specs)


def test_the_explanation_is_about_batch_norm_against_no_normalization() -> None:
    app = AppTest.from_function(_less_smooth).run()
    assert not app.exception
    assert [one.value for one in app.markdown].count(LESS_SMOOTH) == 1  # of batch norm, not of layer norm
    assert [button.label for button in app.button] == [OPEN_SMOOTHER]


def test_the_other_order_has_a_way_there_and_back_below_the_verdict_and_scrolls_to_the_top() -> None:
    app = AppTest.from_function(_either_order).run()
    for sentence, label, opened, requests in (
        (LESS_SMOOTH, OPEN_SMOOTHER, SMOOTHER, 1),
        (SMOOTH, OPEN_ROUGHER, ROUGHER, 2),
        (LESS_SMOOTH, OPEN_SMOOTHER, SMOOTHER, 3),
    ):
        assert [one.value for one in app.markdown] == [sentence]
        (button,) = app.button
        assert button.label == label
        button.click().run()
        assert not app.exception
        assert app.session_state["experiment"] == opened
        assert app.session_state[scrolling.REQUESTED] == (requests, scrolling.TOP)


def _either_order() -> None:
    import streamlit as st

    from normscape.views.smoothness import charts
    from tests.views.test_smoothness_page import course

    experiment = st.session_state.get("experiment", charts.ROUGHER)
    first, other = experiment.variants()
    beta = 3.0 if experiment == charts.ROUGHER else 0.3
    charts.explanation(experiment, {first: [course(1.0, 1.0)], other: [course(beta, beta)]})


@pytest.mark.parametrize(
    ("median", "at_end", "opposite"),
    [(2.7, -1, "lower"), (0.5, 1, "higher"), (2.7, 1, ""), (2.7, None, ""), (1.02, -1, "")],
)
def test_the_headline_is_about_the_path_and_a_sentence_says_where_the_curvature_at_the_end_says_the_opposite(
    median: float, at_end: Any, opposite: str
) -> None:
    compared = {"B": PathRatio(median, 0.2, 8.0, 1, 5.3, 8, (median, 1.0))}
    found = headline("A", compared, at_end=at_end)
    assert found.startswith(headline("A", compared))
    assert ("says the opposite" in found) == bool(opposite)
    assert not opposite or found.endswith(f"says the opposite: it is {opposite} for B ([Surfaces]()).")


@pytest.mark.parametrize(
    ("plain", "scale_free", "expected"),
    [(0.4, 0.5, -1), (0.4, 1.0, -1), (3.0, 2.0, 1), (0.4, 2.0, None), (1.0, 1.0, None), (0.4, None, None)],
)
def test_which_network_is_flatter_at_the_end_is_what_surfaces_says(
    plain: float, scale_free: float | None, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratios = dict(zip(at_end.KINDS, (plain, scale_free), strict=True))
    monkeypatch.setattr(at_end, "stored_seed_ratios", lambda *_: None)
    monkeypatch.setattr(at_end, "stored_ratio", lambda variants, label, reference, kind: ratios[kind])
    assert at_end.flatter_at_end(ROUGHER.variants()) == expected
    start = replace(ROUGHER, surface=SurfaceSpec(evaluation=EvaluationSpec(checkpoint=0)))
    assert at_end.flatter_at_end(start.variants()) is None  # Surfaces then shows other weights


def _less_smooth() -> None:
    from normscape.specs import Experiment
    from normscape.views.smoothness import charts
    from tests.views.test_smoothness_page import course

    for values in (("none", "batch"), ("none", "layer")):
        experiment = Experiment(values=values)
        first, other = experiment.variants()
        charts.explanation(experiment, {first: [course(1.0, 1.0)], other: [course(3.0, 3.0)]})


@pytest.mark.slow
def test_on_raw_inputs_batch_norm_is_smoother_at_every_checkpoint() -> None:
    without, batch = (
        [measure_smoothness(run, SmoothnessSpec(step, "float32")) for step in run.spec.checkpoint_steps]
        for run in (train(spec) for spec, _ in SMOOTHER.variants().values())
    )
    ratio = path_ratio([without], [batch])
    assert ratio is not None
    assert ratio.lower == ratio.checkpoints
    assert ratio.median < 0.5


def test_stopping_says_how_many_measurements_are_missing_and_offers_to_resume() -> None:
    query = {"training.seed": "12", "training.steps": "20000", "training.checkpoints": "0,20000"}
    app = page_alone("smoothness", **query)
    next(button for button in app.button if button.label == "Stop").click().run()
    assert not app.exception
    assert any(re.match(r"\*\*No verdict: [1-4] of 4 checkpoints", element.value) for element in app.markdown)
    assert "Resume" in [button.label for button in app.button]
    assert not app.table


def test_one_seed_is_called_one_training_and_several_have_a_switch_that_shows_each() -> None:
    app = settled(page_alone("smoothness", **{"training.checkpoints": "0,3"}))
    assert ONE in [caption.value for caption in app.caption]
    assert not [toggle for toggle in app.toggle if toggle.label == EVERY]
    (seeds,) = [one for one in app.segmented_control if one.label == "Seeds"]
    app = settled(seeds.set_value(3).run())
    assert not app.exception
    assert ONE not in [caption.value for caption in app.caption]
    assert any("checkpoints of 3 seeds" in element.value for element in app.markdown)
    assert any(SEVERAL_SEEDS in caption.value for caption in app.caption)
    (switch,) = [toggle for toggle in app.toggle if toggle.label == EVERY]
    switch.set_value(True).run()
    assert not any(SEVERAL_SEEDS in caption.value for caption in app.caption)


@pytest.mark.parametrize("folder", ["smoothness", "stability"])
def test_the_number_of_seeds_is_kept_while_another_page_is_open(folder: str) -> None:
    app = page_of_app(folder, **{"training.checkpoints": "0,3", "training.steps": "3"})
    _seeds(app).set_value(3).run()
    (switch,) = [toggle for toggle in app.toggle if toggle.label == EVERY]
    switch.set_value(True).run()
    for _ in range(2):  # and it is still that of the page after a second visit
        app.switch_page("views/guide/page.py").run()
        app.switch_page(f"views/{folder}/page.py").run()
        assert not app.exception
        assert _seeds(app).value == 3
        assert [toggle.value for toggle in app.toggle if toggle.label == EVERY] == [True]
        app.run()
        assert _seeds(app).value == 3
    _seeds(app).set_value(1).run()
    app.switch_page("views/guide/page.py").run()
    assert _seeds(app.switch_page(f"views/{folder}/page.py").run()).value == 1


def _seeds(app: AppTest) -> Any:
    (seeds,) = [one for one in app.segmented_control if one.label == "Seeds"]
    return seeds
