"""The page Analysis: the argument step by step, each measured on the networks that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.notation import plain
from normscape.figures.style.palette import colors
from normscape.landscape import MissingDataError, TooLargeError
from normscape.landscape.analysis.counterexamples import logistic_counterexample
from normscape.specs import Experiment
from normscape.views.analysis.choices import CHOICES, compared_by
from normscape.views.analysis.counterexamples import (
    COUNTEREXAMPLES,
    ONE_WEIGHT,
    Counterexample,
    one_weight_rows,
    one_weight_verdict,
)
from normscape.views.analysis.steps import STEPS, Step
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.progress import waiting
from normscape.views.session.requests import losses, study, within_time
from normscape.views.texts.terms import QUESTIONS, cited, words
from normscape.views.widgets.charts import page_theme, row_of_charts
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.numbers import facts_table
from normscape.views.widgets.training_step import checkpoint

INTRODUCTION = rf"""
**{QUESTIONS["Analysis"]}**

A loss whose gradient changes slowly, one with a small Lipschitz constant $L$, can be descended in larger steps,
$\eta<2/L$; normalization is said to make $L$ small ({cited("Santurkar et al. 2018")}). A weight's gradient carries the
layer's input $x$, so a smaller second moment $E[x^2]$ gives a smaller bound on $L$. Each step is measured here on the
networks that you compare; where one does not hold, the page says so. The analysis calls itself only a rough guide.
"""

WORDS = (
    r"back-propagated signal $\delta$",
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
    "Lipschitz constant $L$",
    "placement",
    "running statistics",
    "second moment",
    "Theorem 4.1",
    r"$\lambda_{\max}$",
)

PUBLISHED = Path(__file__).parent / "published.md"  # by `make reproduce`; a string here would be shown


def _step(step: Step, experiment: Experiment, *, everything: bool) -> None:
    st.subheader(f"{step.title} ({step.numbers})")
    st.markdown(step.sentence)
    with st.expander("How it follows, and what it assumes"):
        st.markdown(step.derivation)
        st.markdown(f"**Assumed**: {step.assumes}")
        if step.papers:
            st.markdown(f"**Papers**: {', '.join(map(cited, step.papers))}")
    chosen = step.kind == st.session_state["step"]  # a counterexample shows what it is about
    asked_for: dict[str, Any] = {"key": control(f"analysis:{step.kind}"), "help": f"Takes {step.cost}."}
    wanted = everything or st.toggle("Measure this step", chosen, **asked_for)
    if not wanted:
        st.caption(f"Not measured yet: takes {step.cost}.")
        return
    asked = study(experiment, step.kind, step.title)
    waiting(asked.request, asked.over)
    if asked.found:
        compared = Compared(asked.found, colors=colors(experiment), theme=page_theme())
        _results(step, compared, losses(experiment))
    elif asked.over:
        st.caption("No compared network has weights at this training step.")


def _results(step: Step, compared: Compared[Any], fits: Mapping[str, Mapping[str, str]]) -> None:
    for label, result in compared.results.items():
        st.markdown(f"**{label}**: {step.verdict(result)}")
    whole = {}  # figures about all networks stand side by side, too
    for place, draw in enumerate(step.figures):
        figure = draw(compared)
        if isinstance(figure, go.Figure):
            whole[f"{step.title}, {place + 1}"] = figure
        else:
            row_of_charts(figure, f"{step.kind} {place}")
    row_of_charts(whole, step.kind)
    rows = {label: step.rows(result) | {**fits.get(label, {})} for label, result in compared.results.items()}
    facts_table(rows)


def _choices(experiment: Experiment) -> None:
    st.subheader("Where to put it, and with what (A3, A9 to A13)")
    st.markdown(
        "These are choices: each compares something else in all steps above. Whether larger learning rates are "
        "really stable (A3), page *Learning rates* tells."
    )
    with st.container(horizontal=True):
        for choice in CHOICES:
            if st.button(choice, key=f"choice {plain(choice)}"):
                address.adopt(compared_by(experiment, choice))
                st.rerun()


def _where_it_fails() -> None:
    st.subheader("Where it fails (A15)")
    st.markdown("Each of these opens an experiment of its own in place of yours, and shows what is measured in it.")
    for place, one in enumerate(COUNTEREXAMPLES):
        with st.container(border=True):
            st.markdown(f"**{one.title}.** {one.sentence}")
            if st.button("Open", key=f"counterexample {place}"):
                _open(one)
    with st.container(border=True):
        found = logistic_counterexample()
        st.markdown(ONE_WEIGHT)
        st.table(one_weight_rows(found))
        st.markdown(one_weight_verdict(found))


def _published() -> None:
    with st.expander("Published results, and the same here"):
        text = PUBLISHED.read_text(encoding="utf-8").partition("\n")[2]
        st.markdown(text.replace("\n## ", "\n#### "))  # within a page, smaller headings


def _open(one: Counterexample) -> None:
    address.adopt(one.experiment, one.kind)
    if one.page is not None:
        st.switch_page(one.page)
    st.rerun()


experiment, display = address.opened("analysis")
st.title("Analysis")
st.markdown(INTRODUCTION)
words(*WORDS)
for note in address.notes():
    st.warning(note)
experiment = checkpoint(experiment)
address.publish(experiment, display)
try:
    variants, left_out = possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    check_limits(variants)
    if not variants or not within_time(variants):
        st.stop()
except MissingDataError as error:
    offer_download(error)
    st.stop()
except (TooLargeError, ValueError) as error:
    st.error(str(error))
    st.stop()
everything = st.toggle(
    "Measure every step",
    key=control("analysis:all"),
    help="Each step says what it takes. What is there already is not measured again.",
)
for one in STEPS:
    _step(one, experiment, everything=everything)
_choices(experiment)
_where_it_fails()
_published()
