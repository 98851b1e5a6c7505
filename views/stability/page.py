"""Which learning rates train stably? Controls, results, figures and explanation."""

import streamlit as st

from normscape.landscape.stability import RATES
from normscape.specs import Display, Experiment
from normscape.views.session import address, progress
from normscape.views.session.admission import admitted, errors_shown, started
from normscape.views.session.experiment_page import answer, experiment_page
from normscape.views.session.limits import check_seconds
from normscape.views.stability import charts, requests
from normscape.views.widgets.seeds import seeds_control

PATH = "learning-rates"

CLAIM = (
    f"Each network is trained from scratch at {len(RATES)} learning rates, from {RATES[0]:g} to {RATES[-1]:g}. A rate "
    "is stable if the loss stays bounded and the network learns."
)

GLOSSARY_TERMS = (
    r"$2/\lambda_{\max}$",
    "diverged",
    r"$\lambda_{\max}$",
    "learning rate",
    "Lipschitz constant $L$",
    "momentum",
    "seed",
    "stable training",
)

READING = r"""
**The predicted limit.** On a quadratic loss, gradient descent converges for $\eta<2/\lambda_{\max}$, and with
heavy-ball momentum $\mu$ for $\eta<2(1+\mu)/\lambda_{\max}$. Adam has no such limit: it divides the step of each
weight by a running average of its gradient's size, so its stability depends on the rescaled curvature, not on
$\lambda_{\max}$.

**Caveats.** The limit is local and assumes full-batch gradients. Training changes $\lambda_{\max}$, each
mini-batch has its own curvature, and weight decay is left out. Weights in front of a normalization layer grow until
their steps are small enough, so such a network can train at learning rates far above the limit at initialization.

**Too small, too large.** A network has learned if its final loss is below half the loss of the best constant
prediction. A rate is too small if only larger rates are stable, and too large if only smaller ones are.
"""

SEEDS_HELP = "Trains every network this many times at each learning rate. A rate is stable if every seed is."


def _page(experiment: Experiment, display: Display) -> None:
    if experiment.compare == "run.training.learning_rate":
        st.info("This page sweeps the learning rate itself. Compare another field.")
        return
    variants = admitted(experiment)
    verdict, seeds_place = answer()
    with seeds_place:
        seeds, every_seed = seeds_control("stability:seeds", SEEDS_HELP)
    with verdict, errors_shown():
        seconds = requests.sweep_seconds(variants, seeds)
        check_seconds(seconds)
        if not started("stability:run", "Run the sweep", seconds):
            return
    request = requests.sweep_request(variants, seeds, address.of(experiment, display, PATH))
    finished = progress.submit(request)
    outcomes = {label: requests.training_outcomes(run, seeds) for label, (run, _) in variants.items()}
    predicted = {label: requests.predicted_rates(*pair) for label, pair in variants.items()}
    trainings = {label: run.training for label, (run, _) in variants.items()}
    complete = finished and all(len(own) == len(RATES) * seeds for own in outcomes.values())
    stopped = finished or progress.is_stopped(request)
    with verdict:  # the progress is in the place of the headline, so that no chart moves
        charts.verdict(outcomes, predicted, seeds=seeds, stopped=stopped)
        progress.show_progress(request, finished)
    running = frozenset() if stopped else requests.running(variants, seeds)
    planned = requests.sweep_seeds(variants, seeds)
    known = {"complete": complete, "pending": not stopped, "every_seed": every_seed}
    state = charts.State(seeds, **known, planned=planned, running=running)
    charts.section(experiment, display, outcomes, predicted, trainings, state)
    with st.expander("The predicted limit, and caveats"):
        st.markdown(READING)


experiment, display = experiment_page("Learning rates", CLAIM, path=PATH, terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training history. Choose a network that is trained here.")
    st.stop()
with errors_shown():
    _page(experiment, display)
