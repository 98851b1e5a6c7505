"""Does the argument for normalization hold? Its steps, each measured on the compared networks."""

from __future__ import annotations

import streamlit as st

from normscape.views.analysis import counterexamples, design_choices, measured_step, published
from normscape.views.analysis.steps import STEPS
from normscape.views.session import address
from normscape.views.session.admission import admitted
from normscape.views.texts.papers import cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.page_header import page_header
from normscape.views.widgets.training_step import checkpoint_slider

INTRODUCTION = rf"""
**{QUESTIONS["Analysis"]}**

The argument goes from a Lipschitz bound to batch normalization in a few steps ({cite("Santurkar et al. 2018")}): a
small Lipschitz constant $L$ of the gradient allows larger learning rates, $\eta<2/L$; a weight's gradient carries the
layer's input $x$, so a smaller second moment $E[x^2]$ lowers the bound on $L$. Each step is measured on your
networks, and the page says where one fails.
"""

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

experiment, display = address.opened("analysis")
page_header("Analysis", INTRODUCTION, terms=GLOSSARY_TERMS)
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
