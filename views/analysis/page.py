"""Does the argument for normalization hold? Its steps, each measured on the compared networks."""

from __future__ import annotations

import streamlit as st

from normscape.views.analysis import counterexamples, design_choices, measured_step, published
from normscape.views.analysis.steps import STEPS
from normscape.views.session import address
from normscape.views.session.admission import admitted
from normscape.views.session.experiment_page import experiment_page
from normscape.views.widgets.training_step import checkpoint_slider

CLAIM = (
    "A small Lipschitz constant of the gradient allows larger learning rates; a layer's input enters the bound on it. "
    "Each step of the argument is measured on your networks, and the page says where one fails."
)

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
experiment = checkpoint_slider(experiment)
address.publish(experiment, display)
admitted(experiment)
every_step = st.toggle(
    "Measure all steps",
    key=address.control("analysis:all"),
    help="Each step states its cost. Cached results are not measured again.",
)
for step in STEPS:
    measured_step.section(step, experiment, always=every_step)
design_choices.section(experiment)
counterexamples.section()
published.section()
