"""Which learning rates train stably? Controls, results, figures and explanation."""

import streamlit as st

from normscape.landscape import MissingDataError, TooLargeError
from normscape.landscape.stability import MAX_FINAL_LOSS, MAX_PEAK_LOSS, RATES
from normscape.specs import Experiment
from normscape.views.session import address, limits, progress
from normscape.views.session.job_queue import job_queue, session_id
from normscape.views.session.requests import within_time
from normscape.views.stability import charts, requests
from normscape.views.texts.papers import cite
from normscape.views.texts.questions import QUESTIONS
from normscape.views.widgets.data_download import offer_download
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
    variants, left_out = limits.possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    if experiment.compare == "run.training.learning_rate":
        st.info("Learning rates are what is swept here: compare something else.")
        return
    limits.check_limits(variants)
    if not variants or not within_time(variants):
        return
    seeds = number_of_seeds("stability:seeds", SEEDS_HELP, default=2)
    count = len(RATES) * seeds * len(variants)
    toggle_key = address.control("stability:run")
    if not st.toggle("Run the sweep", key=toggle_key, help="What is in the store is not trained again."):
        st.caption(f"That is {count} trainings of {experiment.run.training.steps} steps.")
        return
    request = requests.sweep_request(variants, seeds)
    if not progress.stopped(request):
        job_queue().submit(request, session_id())
    over = job_queue().done(request)
    outcomes = {label: requests.training_outcomes(run, seeds) for label, (run, _) in variants.items()}
    predicted = {label: requests.predicted_rates(*pair) for label, pair in variants.items()}
    progress.waiting(request, over)
    finished = sum(map(len, outcomes.values()))
    if not over:
        st.caption(f"{finished} of {count} trainings are done.")
    if finished:
        charts.section(experiment, outcomes, predicted, over=over)
        st.markdown(READING)


experiment, display = address.opened("learning-rates")
page_header("Learning rates", INTRODUCTION, terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training: choose a network that is trained here.")
    st.stop()
try:
    _page(experiment)
except MissingDataError as error:
    offer_download(error)
except (TooLargeError, ValueError) as error:
    st.error(str(error))
