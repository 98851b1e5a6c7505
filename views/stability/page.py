"""Which learning rates train stably? Controls, results, figures and explanation."""

import streamlit as st

from normscape.landscape.stability import MAX_FINAL_LOSS, MAX_PEAK_LOSS, RATES
from normscape.specs import Display, Experiment
from normscape.views.session import progress
from normscape.views.session.admission import admitted, errors_shown, started
from normscape.views.session.experiment_page import experiment_page
from normscape.views.stability import charts, requests
from normscape.views.widgets.fields import number_of_seeds

CLAIM = (
    f"Each network is trained from scratch at {len(RATES)} learning rates from {RATES[0]:g} to {RATES[-1]:g}. A run "
    "counts as stable only if it also learns."
)

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

READING = rf"""
**What counts as stable** (A3): the loss stays finite, never exceeds {MAX_PEAK_LOSS:g} times its first recorded value,
and ends below {MAX_FINAL_LOSS:g} of the loss of the best constant prediction. Chance-level results count as failures.

**Caveats.** $\eta<2/\lambda_{{\max}}$ is a local condition, sufficient for a decrease on a quadratic. Training
changes $\lambda_{{\max}}$, momentum shifts the threshold, and each mini-batch has its own curvature.
Weights in front of a normalization layer grow until their steps fit, so such a network can train at learning rates far
above $2/\lambda_{{\max}}$ at initialization. A learning rate too small to learn in the given steps counts as not
learned, not as unstable.
"""

SEEDS_HELP = "Number of training seeds per learning rate."


def _page(experiment: Experiment, display: Display) -> None:
    if experiment.compare == "run.training.learning_rate":
        st.info("This page sweeps the learning rate itself. Compare another field.")
        return
    variants = admitted(experiment)
    seeds = number_of_seeds("stability:seeds", SEEDS_HELP)
    if not started("stability:run", "Run the sweep", requests.sweep_seconds(variants, seeds)):
        return
    request = requests.sweep_request(variants, seeds)
    finished = progress.submit(request)
    outcomes = {label: requests.training_outcomes(run, seeds) for label, (run, _) in variants.items()}
    predicted = {label: requests.predicted_rates(*pair) for label, pair in variants.items()}
    progress.show_progress(request, finished)
    charts.section(experiment, display, outcomes, predicted, seeds=seeds, finished=finished)
    with st.expander("What counts as stable, and caveats"):
        st.markdown(READING)


experiment, display = experiment_page("Learning rates", CLAIM, path="learning-rates", terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training history. Choose a network that is trained here.")
    st.stop()
with errors_shown():
    _page(experiment, display)
