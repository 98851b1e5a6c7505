"""Does the argument for normalization hold? Its steps, each measured on the compared networks."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.palette import colors
from normscape.views.analysis import (
    answer,
    answer_figure,
    counterexamples,
    design_choices,
    diverged,
    measured_step,
    other_pages,
    other_seed,
    published,
    raw_inputs,
    replacement,
    running_step,
    story,
    summary,
)
from normscape.views.analysis.design_choices import anchor_of
from normscape.views.analysis.steps import ARGUMENT, GROUPS, STEPS
from normscape.views.analysis.steps.step import Step
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted
from normscape.views.session.experiment_page import experiment_page
from normscape.views.session.requests import losses, measure_kinds
from normscape.views.texts.other_quantities import other_quantities
from normscape.views.widgets import scrolling
from normscape.views.widgets.charts import page_background, page_theme
from normscape.views.widgets.training_step import checkpoint_slider

CLAIM = (
    "The usual argument: normalized inputs of a layer make the loss less curved, and a less curved loss allows larger "
    f"learning rates. Measured here: its {len(ARGUMENT)} steps, and {len(STEPS) - len(ARGUMENT)} tests of it."
)

STYLE = """<style>
.st-key-recovery-scrolling { display: none; }
@media (max-width: 1099px) {
  /* nothing shows through the list of steps, and headings stop below it */
  [data-testid="stColumn"]:has(.st-key-steps) { background: BACKGROUND; }
  .st-key-argument [id], .st-key-replacement, .st-key-argument h2, .st-key-argument h3 { scroll-margin-top: 7rem; }
}
</style>"""

GLOSSARY_TERMS = (
    r"backpropagated signal $\delta$",
    "batch norm",
    "Cauchy–Schwarz step",
    "covariate shift",
    "dead unit",
    "excess kurtosis",
    "gradient",
    "gradient-change ratio",
    "growth per layer",
    "Hessian",
    r"$L \ge$",
    r"$\lambda_{\max}$",
    "Lipschitz constant $L$",
    "placement",
    "running statistics",
    "second moment",
    "Theorem 4.1",
)

st.html(STYLE.replace("BACKGROUND", page_background()))
top, outline = st.container(key="top"), st.empty()
if "outlined" not in st.session_state:  # a later run keeps the results of the one before in view
    st.session_state["outlined"] = True
    with outline.container():
        story.outline()
with top:
    experiment, display = experiment_page("Analysis", CLAIM, path="analysis", terms=GLOSSARY_TERMS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        experiment = checkpoint_slider(experiment, beside=True)
    address.publish(experiment, display)
    variants = admitted(experiment)

    style = Compared[Any]({}, colors=colors(experiment, page_theme()), theme=page_theme())
    with st.container(key="first-screen"):
        with st.container(key="verdict"):
            sentences = st.container()
            seconds = story.estimated_seconds(variants)
            steps = story.measured_steps(seconds)
            link = address.of(experiment, display, "analysis")
            request, finished, results = measure_kinds(experiment, [step.kind for step in steps], "analysis", link)
            stopped = progress.is_stopped(request)
            measuring = not finished and not stopped
            slow = [step for step in story.slow_steps(seconds) if step in steps] if measuring else []
            progress.show_progress(request, finished)
            if not measuring:  # one thing after the other: beside a progress bar, a button seems to be about it
                story.offer(steps, seconds)
            current = running_step.current_step(request, slow)
        lost = diverged.diverged_runs(variants)
        measured = {label: pair for label, pair in variants.items() if label not in lost}
        known = any(results.values()) and (summary.combined(results, list(measured)) or not measuring)
        with sentences:
            if lost:
                diverged.note(experiment, variants, lost)
            if known:
                st.markdown(answer.answer(results, measured))
            elif (measuring and measured) or stopped:
                st.markdown(summary.waiting(steps, measured, seconds, stopped=stopped))
        answer_figure.show(
            style,
            results.get("descent", {}),
            pending=list(measured) if measuring and "descent" in results else (),
            seconds=seconds["descent"],
            stopped=stopped,
        )
        with st.container(key="counts"):
            counts = summary.summary(results, list(measured), stopped=stopped) if known else ""
            story.strip(results, list(measured), counts)
            other_seed.section(experiment, variants)


def beyond(step: Step, group: str) -> None:
    """Show the experiments that belong to a step."""
    if step.kind == raw_inputs.STEP:
        raw_inputs.section(experiment)
    design_choices.section(experiment, group, step.kind)


outline.empty()
with st.container(key="overview"), st.expander("All steps with their numbers, in one table"):
    story.overview(results, list(measured))
list_column, story_column = st.columns([2, 11], gap="medium")
with list_column, st.container(key="steps"):
    story.steps_list(results, list(measured))
with story_column, st.container(key="argument"):
    fits = losses(experiment)
    for group, own in GROUPS.items():
        replacement.note(experiment, anchor_of(group))
        st.header(group, anchor=anchor_of(group))
        design_choices.section(experiment, group)
        for step in own:
            available = results.get(step.kind, {})
            pending = [label for label in measured if label not in available] if measuring and step in steps else []
            measured_step.section(
                story.NUMBERS[step.kind],
                step,
                style.with_results(available) if step in steps else None,
                fits,
                (experiment, display),
                seconds=seconds[step.kind],
                pending=pending,
                stopped=stopped,
                note=partial(replacement.note, experiment, step.kind),
                progress=partial(running_step.show, request, [step], seconds) if step == current else None,
                more=partial(beyond, step, group),
            )
    counterexamples.section(experiment)
    published.section()
    other_pages.section(experiment, display)
    st.caption(other_quantities("Analysis", experiment, display))
scrolling.run()
