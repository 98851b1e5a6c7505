"""Does the argument for normalization hold? Its steps, each measured on the compared networks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.palette import colors
from normscape.views.analysis import counterexamples, design_choices, measured_step, published, story
from normscape.views.analysis.steps import STEPS
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted
from normscape.views.session.experiment_page import experiment_page
from normscape.views.session.requests import losses, measure_kinds
from normscape.views.widgets.charts import page_theme
from normscape.views.widgets.training_step import checkpoint_slider

CLAIM = "From a Lipschitz bound to batch norm in twelve steps, each measured on your networks, also where it fails."

GLOSSARY_TERMS = (
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

experiment, display = experiment_page("Analysis", CLAIM, path="analysis", terms=GLOSSARY_TERMS)
with st.container(width=320):
    experiment = checkpoint_slider(experiment)
address.publish(experiment, display)
variants = admitted(experiment)

list_column, story_column = st.columns([1, 3], gap="large")
with list_column, st.container(key="steps"):
    steps = story.measured_steps(variants)
    steps_place = st.container()
with story_column:
    with st.container(key="verdict"):
        request, finished, results = measure_kinds(experiment, [step.kind for step in steps], "analysis")
        progress.show_progress(request, finished)
        if any(results.values()):
            st.markdown(story.summary(results))
    fits = losses(experiment)
    style = Compared[Any]({}, colors=colors(experiment, page_theme()), theme=page_theme())
    for number, step in enumerate(STEPS, start=1):
        measured = style.with_results(results[step.kind]) if step in steps else None
        measured_step.section(number, step, measured, fits, (experiment, display))
    design_choices.section(experiment)
    counterexamples.section()
    published.section()
with steps_place:
    story.steps_list(results)
