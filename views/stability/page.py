"""Which learning rates train stably? Controls, results, figures and explanation."""

import streamlit as st

from normscape.landscape.stability import MAX_FINAL_LOSS, MAX_PEAK_LOSS, RATES
from normscape.specs import Experiment
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted, errors_shown
from normscape.views.stability import charts, requests
from normscape.views.texts.papers import cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.fields import number_of_seeds
from normscape.views.widgets.page_header import page_header

INTRODUCTION = rf"""
**{QUESTIONS["Learning rates"]}**

A smaller $L$ is said to make larger learning rates safe ({cite("Santurkar et al. 2018")}). Here every network is
really trained at {len(RATES)} rates from {RATES[0]:g} to {RATES[-1]:g}, with several seeds. *Stable* (A3) is a training
that stays finite, never exceeds {MAX_PEAK_LOSS:g} times its first recorded loss, and ends below {MAX_FINAL_LOSS:g} of
the best constant prediction's loss: dying at chance level does not count. Beside it stands what curvature
predicts, $2/\lambda_{{\max}}$.
"""

GLOSSARY_TERMS = (
    r"$2/\lambda_{\max}$",
    "diverged",
    "learning rate",
    "Lipschitz constant $L$",
    "momentum",
    "seed",
    "stable training",
    r"$\lambda_{\max}$",
)

READING = r"""
**What may not be concluded.** $\eta<2/\lambda_{\max}$ is local, and sufficient for a decrease on a quadratic. Training
changes $\lambda_{\max}$ as it goes, momentum moves the threshold, and mini-batches have curvatures of their own.
Weights in front of a normalization grow until their steps fit, so such a network can stand rates far beyond
$2/\lambda_{\max}$ at its start. A rate that is too small to learn in the steps that there are counts as not learned,
not as unstable; more steps would tell.
"""

SEEDS_HELP = "Every learning rate is tried with this many training seeds."


def _page(experiment: Experiment) -> None:
    if experiment.compare == "run.training.learning_rate":
        st.info("Learning rates are what is swept here: compare something else.")
        return
    variants = admitted(experiment)
    seeds = number_of_seeds("stability:seeds", SEEDS_HELP, default=2)
    count = len(RATES) * seeds * len(variants)
    toggle_key = address.control("stability:run")
    if not st.toggle("Run the sweep", key=toggle_key, help="What is in the store is not trained again."):
        st.caption(f"That is {count} trainings of {experiment.run.training.steps} steps.")
        return
    request = requests.sweep_request(variants, seeds)
    finished = progress.submit(request)
    outcomes = {label: requests.training_outcomes(run, seeds) for label, (run, _) in variants.items()}
    predicted = {label: requests.predicted_rates(*pair) for label, pair in variants.items()}
    progress.show_progress(request, finished)
    done = sum(map(len, outcomes.values()))
    if not finished:
        st.caption(f"{done} of {count} trainings are done.")
    if done:
        charts.section(experiment, outcomes, predicted, finished=finished)
        st.markdown(READING)


experiment, display = address.opened("learning-rates")
page_header("Learning rates", INTRODUCTION, terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training: choose a network that is trained here.")
    st.stop()
with errors_shown():
    _page(experiment)
