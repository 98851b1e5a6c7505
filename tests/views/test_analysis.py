"""The page Analysis: quick steps are measured at once, and verdicts follow from the numbers."""

import math
import re
import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
import streamlit as st

from normscape.figures.analysis.largest_step import TITLE
from normscape.jobs import Job, JobStatus
from normscape.landscape.analysis.centering import Centering, Reparametrized
from normscape.landscape.analysis.counterexamples import logistic_counterexample
from normscape.landscape.analysis.descent import Descent, Segment
from normscape.specs import Experiment, ModelSpec, RunSpec, SurfaceSpec
from normscape.views.analysis.answer import answer
from normscape.views.analysis.answer_figure import READING
from normscape.views.analysis.counterexamples import COUNTEREXAMPLES, Counterexample, one_weight_verdict
from normscape.views.analysis.design_choices import CHOICES, Choice, compared_by
from normscape.views.analysis.diverged import REMEDY
from normscape.views.analysis.diverged import sentence as diverged_sentence
from normscape.views.analysis.measured_step import verdict
from normscape.views.analysis.other_pages import OTHER_PAGES, OtherPage, sentence
from normscape.views.analysis.running_step import sentence as step_progress
from normscape.views.analysis.steps import ARGUMENT, GROUPS, STEPS, descent
from normscape.views.analysis.steps.status import CHIPS, WORDS, graded, hinted, legend, named
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import MAX_BRIEFS, overview
from normscape.views.analysis.summary import summary
from normscape.views.session.job_queue import job_queue
from normscape.views.session.limits import possible
from normscape.views.widgets import scrolling
from normscape.views.widgets.numbers import number
from tests.conftest import ROOT
from tests.views.formulas import left_plain
from tests.views.pages import page_alone
from tests.views.test_page import SMALL, control, settled


def test_the_page_measures_the_steps_that_are_quick_by_itself() -> None:
    app = settled(page_alone("analysis"))
    assert not app.exception
    assert not app.error
    kinds = [step.kind for step in STEPS]
    assert [header.anchor for header in app.main.subheader if header.anchor in kinds] == kinds
    assert [header.value for header in app.main.header[: len(GROUPS)]] == list(GROUPS)
    assert not [button for button in app.button if button.label.startswith("Measure")]
    assert left_plain(app) == []
    verdicts = [element.value for element in app.markdown if re.match(r":\w+\[\*\*.\*\*\]", element.value)]
    assert len(verdicts) == len(STEPS)  # one sentence on both networks
    assert all("on both networks" in text or "with batch norm" in text for text in verdicts)
    assert all("on both networks" in text or "without normalization" in text for text in verdicts)
    (steps,) = [element.value for element in app.markdown if element.value.startswith("**The argument**")]
    assert all(f"**{heading}**" in steps for heading in GROUPS)
    assert all(f"](#{step.kind})" in steps for step in STEPS)
    (table,) = [element.value for element in app.markdown if element.value.startswith("| Step |")]
    rows = table.splitlines()
    assert rows[0] == "| Step | No normalization | Batch norm |"
    assert all(f"[{step.title}](#{step.kind})" in row for step, row in zip(STEPS, rows[2:], strict=True))
    assert sum(table.count(f"{named(status)} *") for status in CHIPS) == 2 * len(STEPS)
    order = [element.value for element in app.markdown]
    assert order.index(table) == next(k for k, text in enumerate(order) if legend() in text) + 1
    (counts,) = [text for text in order if re.match(r"Of 12 steps and tests, (none|\d+) holds?", text)]
    strip = order[order.index(counts) + 1]  # one chip per step and network
    assert strip.startswith("| Step or test | [<span>Small steps lower the loss </span>1](#descent)")
    assert sum(strip.count(chip) for chip in CHIPS.values()) == 2 * len(STEPS)
    assert any(caption.value.startswith("One training of each network, with seed 0.") for caption in app.caption)
    assert "Marks, left to right: no normalization and batch norm." in [caption.value for caption in app.caption]
    assert sum(steps.count(chip) for chip in CHIPS.values()) == 2 * len(STEPS)
    recent = job_queue().store.requests("recent").values()  # which the page Jobs lists
    assert any(str(request["address"]).startswith("/analysis") for request in recent)


def test_the_page_is_repeated_with_the_next_seed() -> None:
    app = page_alone("analysis")
    app.button(key="other-seed-button").click().run()
    assert not app.exception
    assert app.session_state["experiment"].run.training.seed == 1
    assert "Repeat with seed 2" in [button.label for button in app.button]


def test_slow_steps_wait_for_a_button_that_states_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("normscape.views.analysis.story.QUICK_SECONDS", 0.0)
    app = settled(page_alone("analysis", **{"training.seed": "5"}))  # not measured by another test
    assert len([caption for caption in app.caption if "Not measured yet" in caption.value]) == len(STEPS)
    (button,) = [button for button in app.button if button.label.startswith("Measure")]
    assert re.fullmatch(rf"Measure {len(STEPS)} more steps \(about \d+ s\)", button.label)
    button.click().run()
    assert not [button for button in app.button if button.label.startswith("Measure")]
    assert len(app.get("progress")) == 1
    settled(app)
    assert not [caption for caption in app.caption if "Not measured yet" in caption.value]
    app.run()
    assert not [button for button in app.button if button.label.startswith("Measure")]


def test_a_step_counts_finished_networks_and_says_when_it_takes_longer_than_estimated() -> None:
    run, surface = next(iter(Experiment().variants().values()))
    job, other = (Job.about("centering", replace(run, training=replace(run.training, seed=k)), surface) for k in (1, 2))
    step = next(step for step in STEPS if step.kind == "centering")
    statuses = [JobStatus(job, "finished", 1, 1), JobStatus(other, "waiting", 0, 1)]
    text = step_progress(step, statuses, 40.0)
    assert text == ("Measuring step 6 (lower curvature): 1 of 2 networks finished, about 20 s left.")
    st.session_state["running since"] = {other: time.monotonic() - 30.0}
    text = step_progress(step, [statuses[0], JobStatus(other, "running", 0, 1)], 40.0)
    assert "1 of 2 networks finished, takes longer than estimated." in text


def test_details_are_drawn_when_they_are_opened() -> None:
    app = settled(page_alone("analysis"))
    tables = len(app.table)
    app.session_state[control(app, "details:descent")] = True
    app.run()
    assert not app.exception
    assert len(app.table) == tables + 1
    assert any(re.match(r"- \*\*No normalization\*\*: .*\n- \*\*Batch norm\*\*: ", text.value) for text in app.markdown)
    assert any(descent.RULE in element.value for element in app.markdown)


@pytest.mark.parametrize(
    ("value", "status"), [(0.5, "holds"), (1.0, "holds"), (1.5, "loose"), (3.0, "fails"), (math.nan, "undefined")]
)
def test_a_number_is_graded_by_two_limits(value: float, status: str) -> None:
    assert graded(value, 1.0, 2.0) == status


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title)
def test_displayed_formulas_begin_and_end_on_lines_of_their_own(step: Step) -> None:
    # Markdown reads the text behind an opening $$ as the name of a block, and the rest as its content
    lines = step.derivation.splitlines()
    assert all(line == "$$" for line in lines if "$$" in line)
    assert lines.count("$$") % 2 == 0


@pytest.mark.parametrize("one", COUNTEREXAMPLES, ids=lambda one: one.title)
def test_counterexamples_can_be_built_and_have_a_step_or_a_page(one: Counterexample) -> None:
    networks, refused = possible(one.experiment)
    assert list(networks) == list(one.experiment.variants())
    assert not refused
    assert (one.kind in {step.kind for step in STEPS}) != (one.page is not None and (ROOT / one.page).is_file())


def test_opening_a_counterexample_replaces_the_experiment_and_measures_its_step() -> None:
    index, one = next((index, one) for index, one in enumerate(COUNTEREXAMPLES) if one.kind == "descent")
    app = page_alone("analysis")
    app.button(key=f"counterexample {index}").click()
    app.run()
    assert not app.exception
    assert app.session_state["experiment"] == one.experiment
    assert [step.kind for step in STEPS if step.kind == app.session_state["step"]] == ["descent"]
    assert any(f"Now comparing **{one.title}**. Back to the" in element.value for element in app.markdown)
    assert app.query_params["model.architecture"] in ("residual", ["residual"])


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.path)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_choice_compares_the_present_experiment_by_another_field(choice: Choice, norm: str) -> None:
    present = Experiment(run=RunSpec(model=ModelSpec(norm=norm, width=7)))
    compared = compared_by(present, choice)
    assert compared.run.model.width == 7
    assert compared.compare == choice.path
    networks, left_out = possible(compared)  # a perceptron has no positions for instance norm, and the page says so
    assert len(networks) + len(left_out) == len(choice.values)
    assert len(networks) >= 2
    assert compared.run.model.norm != "none" or compared.compare == "run.model.norm"


def test_a_stopped_measurement_says_so_and_can_be_resumed() -> None:
    app = page_alone("analysis", **{"training.seed": "11", "training.steps": "20000"})  # not finished at once
    assert len(app.get("progress")) == 1
    next(button for button in app.button if button.label == "Stop").click().run()
    texts = [element.value for element in (*app.markdown, *app.caption)]
    assert any("Measuring was stopped before the first result." in text for text in texts)
    assert not [text for text in texts if re.search(r"\*\*Measuring \d|\] measuring|Measuring \w+ \(about", text)]
    assert sum(text.startswith("Measuring was stopped. Resume it at the top") for text in texts) == len(STEPS)
    assert not app.get("progress")
    assert "Resume" in [button.label for button in app.button]


def test_a_summary_of_a_stopped_measurement_offers_to_resume_it() -> None:
    holds = {"descent": {"a": descent_along([1.0, 0.5, 1.0], 1.0)}}
    assert "Measuring was stopped; resume it for the rest." in summary(holds, ["a"], stopped=True)
    assert "stopped" not in summary(holds, ["a"])


@pytest.mark.slow
def test_a_button_that_changes_the_experiment_says_so_above_its_step_and_can_restore_it() -> None:
    app = page_alone("analysis")
    before = app.session_state["experiment"]
    next(button for button in app.button if button.label == "Compare batch sizes").click().run()
    assert not app.exception
    assert app.session_state[scrolling.REQUESTED] == (1, "batch-statistics")
    order = [str(getattr(element, "value", "")) for element in app.main]
    (place,) = [index for index, value in enumerate(order) if value.startswith("Now comparing")]
    assert all(str(size) in order[place] for size in (8, 32, 128))
    headings = [value for value in order[place:] if re.match(r"\d+\. ", value)]
    assert headings[0].startswith("8. ")  # the note is right above its step
    next(button for button in app.button if button.label == "Restore the previous experiment").click().run()
    assert not app.exception
    assert app.session_state["experiment"] == before
    assert not [element for element in app.markdown if element.value.startswith("Now comparing")]


@pytest.mark.slow
def test_the_button_of_a_choice_replaces_the_comparison() -> None:
    app = page_alone("analysis")
    (button,) = [button for button in app.button if button.label == "Compare with and without"]
    button.click()
    app.run()
    assert not app.exception
    assert app.session_state["experiment"].compare == "run.model.affine"
    assert app.session_state["experiment"].run.model.width == int(SMALL["model.width"])


@pytest.mark.slow
def test_the_button_of_the_inputs_opens_those_that_differ_and_scrolls_to_their_step() -> None:
    app = page_alone("analysis")
    app.button(key="raw inputs").click().run()
    assert not app.exception
    assert app.session_state["experiment"].run.data.scaling == "unit"
    assert app.session_state[scrolling.REQUESTED] == (1, "layer-rates")
    assert not [button for button in app.button if button.key == "raw inputs"]


def test_centering_one_weight_lowers_the_bound_and_raises_the_curvature() -> None:
    sentence = one_weight_verdict(logistic_counterexample())
    assert "second moment falls from 40 to 36; the curvature rises from 8.24·10⁻⁸ to 0.9" in sentence


def descent_along(loss: list[float], ratio: float, length: float = 1.0) -> Descent:
    s = np.arange(float(len(loss)))
    ratios = np.full(len(loss), ratio)
    return Descent((Segment("gradient", s, length, -1.0, np.array(loss), ratios, s * ratio, 1e-9),))


@pytest.mark.parametrize(
    ("result", "phrases", "status"),
    [
        (
            descent_along([1.0, 0.5, 1.0], 1.0),
            (r"The loss falls up to $\eta$ = 1; $2/\hat L$ predicts 1, with $\hat L\le L$",),
            "holds",
        ),
        (descent_along([1.0, 0.9, 1.5], 0.5), ("exceeds the bound at 2 of 2 sampled points",), "fails"),
        (
            descent_along([1.0, 1.1, 1.5], 3.0),
            ("The bound holds", "even the shortest sampled step does not lower the loss"),
            "loose",
        ),
        (descent_along([1.0, 0.6, 0.3], 1.5), (r"falls up to $\eta$ = at least 2; ",), "holds"),
        (descent_along([1.0, np.nan, np.nan], np.nan), ("cannot be tested",), "undefined"),
        (descent_along([1.0, 1.0, 1.0], 0.0, length=0.0), ("gradient is zero",), "undefined"),
    ],
)
def test_the_verdict_on_the_core_inequality_follows_from_the_numbers(
    result: Descent, phrases: tuple[str, ...], status: str
) -> None:
    assert descent.status(result) == status
    sentence = descent.verdict(result)
    for phrase in phrases:
        assert phrase in sentence
    assert descent.brief(result)
    assert set(descent.rows(result)) == set(descent.rows(descent_along([1.0, 0.5, 1.0], 1.0)))


@dataclass(frozen=True)
class Judged:
    """A result that has a status; `per_layer` is that of the growth of gradients."""

    status: str
    per_layer: float = 1.0
    measured_largest_step: float = 0.0


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Judged]]:
    """Results of all steps for two networks, all of which hold."""
    steps = tuple(replace(step, status=lambda result: result.status) for step in STEPS)
    monkeypatch.setattr("normscape.views.analysis.summary.STEPS", steps)
    return {step.kind: {"a": Judged("holds"), "b": Judged("holds")} for step in steps}


def test_the_summary_counts_the_steps_by_what_is_measured(judged: dict) -> None:
    assert summary(judged, ["a", "b"]) == "Of 12 steps and tests, 12 hold throughout."
    judged["cauchy-schwarz"]["b"] = Judged("loose")
    judged["theorem"] = {"a": Judged("absent"), "b": Judged("holds")}
    judged["descent"] = {label: Judged("undefined") for label in "ab"}
    judged["distributions"] = {label: Judged("unjudged") for label in "ab"}
    judged["gradient-growth"] = {label: Judged("absent") for label in "ab"}
    assert summary(judged, ["a", "b"]) == (
        "Of 12 steps and tests, 8 hold throughout, 1 holds in part and 3 have no verdict."
    )
    assert summary({kind: {"a": own["a"]} for kind, own in judged.items()}, ["a"]) == (
        "Of 12 steps and tests, 8 hold and 4 have no verdict."
    )


def test_the_summary_says_on_how_many_networks_steps_fail(judged: dict) -> None:
    judged["gradient-growth"] = {label: Judged("fails", 0.5) for label in "ab"}
    judged["layer-rates"]["a"] = Judged("fails")
    assert summary(judged, ["a", "b"]) == (
        "Of 12 steps and tests, 10 hold throughout and 2 do not hold on at least one network."
    )
    judged["gradient-growth"]["a"] = Judged("holds")
    assert summary(judged, ["a", "b"]).endswith("10 hold throughout and 2 do not hold on one network.")


def test_the_summary_says_how_many_steps_are_measured_until_all_are(judged: dict) -> None:
    del judged["centering"], judged["layer-rates"]["b"]
    assert summary(judged, ["a", "b"]) == "**10 of 12 steps are measured:** 10 hold throughout."
    judged["theorem"]["b"] = Judged("fails")
    assert summary(judged, ["a", "b"]).endswith("9 hold throughout and 1 does not hold on one network.")


@pytest.mark.parametrize(
    ("diverged", "measured", "text"),
    [
        (
            {"No normalization": 4},
            ["Batch norm"],
            "**No normalization diverged at training step 4.** It has no weights at step 300, so the steps below "
            "cover only batch norm.",
        ),
        (
            {"No normalization": 4, "Batch norm": 9},
            [],
            "**No normalization diverged at training step 4 and batch norm diverged at training step 9, so there is "
            "nothing to measure at step 300.**",
        ),
        (
            {"No normalization": 4, "Batch norm": 4},
            [],
            "**No normalization and batch norm diverged at training step 4, so there is nothing to measure at step "
            "300.**",
        ),
    ],
)
def test_a_network_that_diverged_is_named_with_its_step_and_the_remedy(
    diverged: dict[str, int], measured: list[str], text: str
) -> None:
    assert diverged_sentence(diverged, 300, measured) == f"{text} {REMEDY}"


def test_a_diverged_network_is_left_out_of_the_overview_and_an_earlier_step_is_offered() -> None:
    app = settled(page_alone("analysis", **{"training.learning_rate": "1e6", "training.steps": "30"}))
    assert not app.exception
    assert any(REMEDY in element.value and "diverged at training step" in element.value for element in app.markdown)
    (table,) = [element.value for element in app.markdown if element.value.startswith("| Step |")]
    assert ":gray[…]" not in table
    (button,) = [button for button in app.button if re.fullmatch(r"Show step \d+", button.label)]
    button.click().run()
    assert not app.exception
    assert app.session_state["experiment"].surface.evaluation.checkpoint == int(button.label.split()[-1])


def test_with_many_networks_the_overview_has_chips_only(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(st, "markdown", lambda text, **_: shown.append(text) if text.startswith("| Step") else None)
    holds = descent_along([1.0, 0.5, 1.0], 1.0)
    few, many = [list("abcdefgh")[:count] for count in (MAX_BRIEFS, MAX_BRIEFS + 1)]
    for labels in (few, many):
        overview({"descent": dict.fromkeys(labels, holds)}, labels)
    assert shown[0].count(r"one step lowers the loss up to $\eta$ = 1, predicted 1") == MAX_BRIEFS
    assert "lowers the loss up" not in shown[1]
    assert shown[1].splitlines()[2].count(CHIPS["holds"]) == MAX_BRIEFS + 1
    assert ":gray[…]" in shown[1].splitlines()[3]


NORMS = {"No normalization": "none", "Batch norm": "batch"}


def networks(*labels: str) -> dict[str, tuple[RunSpec, SurfaceSpec]]:
    return {label: (RunSpec(model=ModelSpec(norm=NORMS.get(label, label))), SurfaceSpec()) for label in labels}


def curvatures(*both: tuple[float, float, float]) -> Centering:
    return Centering(tuple(Reparametrized(f"layer{k}", False, one, one, one, one, 0.0) for k, one in enumerate(both)))


def test_the_answer_states_the_largest_learning_rates_and_whether_the_curvature_explains_them() -> None:
    short, long = descent_along([1.0, 0.5, 1.0, 1.1], 1.0), descent_along([1.0, 0.6, 0.5, 1.0], 1.0)
    falls = curvatures((4.0, 2.0, 1.0), (4.0, 3.0, 1.0))
    in_part = curvatures((4.0, 2.0, 1.0), (4.0, 4.0, 1.0))
    rises = curvatures((4.0, 5.0, 1.0), (4.0, 4.0, 8.0))
    steps = {"No normalization": short, "Batch norm": long}
    both = networks(*steps)

    def text(without: Centering, batch: Centering) -> str:
        return answer({"descent": steps, "centering": {"No normalization": without, "Batch norm": batch}}, both)

    agrees = text(falls, falls)
    first, other = (number(steps[norm].measured_largest_step) for norm in ("Batch norm", "No normalization"))
    assert re.match(
        r"\*\*In this run \(seed 0\), one gradient step allows a learning rate \S+× larger with batch norm\.\*\* "
        "The loss falls at tested rates",
        agrees,
    )
    assert f" up to {first} with batch norm, and up to {other} without normalization.\n\n" in agrees
    assert "**This agrees with the argument** ([step 6](#centering)). " in agrees
    assert agrees.endswith(
        "inputs should lower its curvature. Without normalization, it does in 2 of 2 layers. With batch norm, it does "
        "in 2 of 2 layers."
    )
    partly = text(in_part, rises)
    assert "**The argument explains this only in part**" in partly
    assert "Centering a layer's inputs" in partly
    assert "Without normalization, it does in 1 of 2 layers. With batch norm, " in partly
    other_network = text(falls, rises)  # the argument is not confirmed if it fails on the other network
    assert "**The argument explains this only in part**" in other_network
    assert re.search(r"With batch norm, \w+ does in none of 2 layers and raises it in 1\.$", other_network)
    against = text(rises, falls)
    assert "**The argument does not explain this**" in against
    assert "Without normalization, it does in none of 2 layers and raises it in 1. With batch norm, " in against


def test_the_answer_names_smaller_equal_and_open_rates_and_needs_all_networks() -> None:
    short, long = descent_along([1.0, 0.5, 1.0, 1.1], 1.0), descent_along([1.0, 0.6, 0.5, 1.0], 1.0)
    open_ended = descent_along([1.0, 0.6, 0.3], 1.5)
    stuck = descent_along([1.0, 1.0, 1.0], 0.0, length=0.0)
    both = networks("none", "batch")
    assert answer({"descent": {"none": long}}, both) == ""
    smaller = answer({"descent": {"none": long, "batch": short}}, both)
    assert re.match(
        r"\*\*In this run \(seed 0\), one gradient step allows no larger learning rate for batch: the largest is \S+× "
        r"smaller\.\*\*",
        smaller,
    )
    assert "about equal learning rates" in answer({"descent": {"none": long, "batch": long}}, both)
    assert "sampled range is too short" in answer({"descent": {"none": open_ended, "batch": long}}, both)
    assert answer({"descent": {"batch": short}}, networks("batch")) == (
        "**In this run (seed 0), one gradient step lowers the loss at the tested learning rates up to "
        f"{number(short.measured_largest_step)}.**"
    )
    other = answer({"descent": {"batch": short, "layer": long}}, networks("batch", "layer"))
    assert re.match(
        r"\*\*In this run \(seed 0\), one gradient step allows a learning rate \S+× larger for layer\.\*\*", other
    )
    assert answer({"descent": {"none": long, "batch": stuck}}, both) == (
        "**No sampled gradient step lowers the loss for batch.** Its gradient is zero. One step lowers the loss at "
        f"the tested learning rates up to {number(long.measured_largest_step)} for none."
    )


def test_one_sentence_says_how_well_a_step_holds_on_all_networks() -> None:
    step = next(step for step in STEPS if step.kind == "descent")
    short, long = descent_along([1.0, 0.5, 1.0], 1.0), descent_along([1.0, 0.6, 0.3], 1.5)
    names = {"No normalization": short, "Batch norm": long}
    both = verdict(step, names)
    assert both.startswith(f"{named('holds')} **on both networks**: without normalization, one step lowers the loss")
    assert "; with batch norm, one step lowers the loss up to" in both
    assert verdict(step, {"Batch norm": long}) == f"{named('holds')}: {step.brief(long)}."
    assert verdict(step, {"Batch norm": long, "Layer norm": long}) == (
        f"{named('holds')} **on both networks**: {step.brief(long)}."
    )
    broken = descent_along([1.0, 0.9, 1.5], 0.5)
    assert verdict(step, {"No normalization": long, "Batch norm": broken}) == (
        f"{named('holds')} **without normalization**: {step.brief(long)}.\\\n{named('fails')} **with batch norm**: "
        f"{step.brief(broken)}."
    )
    assert verdict(step, {}, ["Batch norm"]) == ":gray[…] measuring with batch norm."
    many = dict.fromkeys("abcd", long)
    assert verdict(step, many) == f"{named('holds')} **on all 4 networks**."
    assert verdict(step, {}) == ""


def test_every_chip_has_a_word_for_pointers_and_screen_readers() -> None:
    assert set(CHIPS) == set(WORDS)
    word = "Batch norm: does not hold"
    assert hinted("fails", "Batch norm") == (
        f'<span role="img" title="{word}" aria-label="{word}">{CHIPS["fails"]}</span>'
    )
    assert "<b" not in hinted("holds", '"><b onclick=x>$')  # a label may come from an address
    assert "$" not in hinted("holds", "$x$")
    assert all(named(status) in legend() for status in CHIPS)


def test_the_first_screen_has_the_figure_of_the_answer() -> None:
    app = settled(page_alone("analysis"))
    specs = [element.proto.spec for element in app.get("plotly_chart")]
    assert TITLE in specs[0]
    assert any(READING in caption.value for caption in app.caption)


def test_groups_hold_every_step_once_and_the_argument_comes_first() -> None:
    assert tuple(step for steps in GROUPS.values() for step in steps) == STEPS
    assert next(iter(GROUPS.values())) == ARGUMENT
    assert {choice.group for choice in CHOICES} <= set(GROUPS)
    assert {choice.step for choice in CHOICES} - {None} <= {step.kind for step in STEPS}


@pytest.mark.parametrize("page", OTHER_PAGES, ids=lambda page: page.title)
def test_other_pages_exist_and_refer_to_steps(page: OtherPage) -> None:
    assert page.path == "./" or f'"{page.path}")' in (ROOT / "app.py").read_text(encoding="utf-8")
    assert set(page.steps) <= {step.kind for step in STEPS}
    assert all(f"](#{kind})" in sentence(page) for kind in page.steps)
