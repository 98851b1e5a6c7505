"""Which learning rates are stable? Controls, results, figures and what they say."""

from collections.abc import Mapping

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, share_figure
from normscape.figures.style.palette import colors
from normscape.landscape import MissingDataError, TooLargeError
from normscape.landscape.stability import MAX_FINAL_LOSS, MAX_PEAK_LOSS, RATES, TrainingOutcome, largest_stable
from normscape.specs import Experiment
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.job_queue import job_queue, session_id
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.progress import stopped, waiting
from normscape.views.session.requests import within_time
from normscape.views.stability.requests import contrast, judged, predictions, request_of_sweeps, rows, told
from normscape.views.texts.terms import QUESTIONS, cited, words
from normscape.views.widgets.charts import chart, page_theme
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.fields import number_of_seeds
from normscape.views.widgets.numbers import facts_table

INTRODUCTION = rf"""
**{QUESTIONS["Learning rates"]}**

A smaller $L$ is said to make larger learning rates safe ({cited("Santurkar et al. 2018")}). Here every network is
really trained at {len(RATES)} rates from {RATES[0]:g} to {RATES[-1]:g}, with several seeds. *Stable* (A3) is a training
that stays finite, never exceeds {MAX_PEAK_LOSS:g} times its first recorded loss, and ends below {MAX_FINAL_LOSS:g} of
the best constant prediction's loss: dying at chance level does not count. Beside it stands what curvature
predicts, $2/\lambda_{{\max}}$.
"""

WORDS = (
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


def _page(experiment: Experiment) -> None:
    variants, left_out = possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    if experiment.compare == "run.training.learning_rate":
        st.info("Learning rates are what is swept here: compare something else.")
        return
    check_limits(variants)
    if not variants or not within_time(variants):
        return
    told_of_seeds = "Every learning rate is tried with this many training seeds."
    seeds = number_of_seeds("stability:seeds", told_of_seeds, default=2)
    count = len(RATES) * seeds * len(variants)
    if not st.toggle("Run the sweep", key=control("stability:run"), help="What is in the store is not trained again."):
        st.caption(f"That is {count} trainings of {experiment.run.training.steps} steps.")
        return
    request = request_of_sweeps(variants, seeds)
    if not stopped(request):
        job_queue().submit(request, session_id())
    over = job_queue().done(request)
    sweeps = {label: judged(run, seeds) for label, (run, _) in variants.items()}
    predicted = {label: predictions(*pair) for label, pair in variants.items()}
    waiting(request, over)
    there = sum(len(verdicts) for verdicts in sweeps.values())
    if not over:
        st.caption(f"{there} of {count} trainings are done.")
    if there:
        _results(experiment, sweeps, predicted, over=over)
        st.markdown(READING)


def _results(
    experiment: Experiment,
    sweeps: Mapping[str, tuple[TrainingOutcome, ...]],
    predicted: Mapping[str, Mapping[int, float]],
    *,
    over: bool,
) -> None:
    """Draw what is known of the trainings; what follows from them is told when all are done."""
    compared = Compared(sweeps, colors=colors(experiment), theme=page_theme())
    if over:
        for label, verdicts in sweeps.items():
            st.markdown(told(label, verdicts, predicted[label], experiment.run.training.momentum))
        st.markdown(contrast({label: largest_stable(verdicts) for label, verdicts in sweeps.items()}))
    starts = {label: steps.get(0, float("nan")) for label, steps in predicted.items()}
    chart(share_figure(compared, starts), "stable trainings")
    chart(final_figure(compared), "where trainings ended")
    if over:
        facts_table({label: rows(verdicts, predicted[label]) for label, verdicts in sweeps.items()})


experiment, display = address.opened("learning-rates")
st.title("Learning rates")
st.markdown(INTRODUCTION)
words(*WORDS)
for note in address.notes():
    st.warning(note)
if experiment.run.weights is not None:
    st.info("Published weights have no training: choose a network that is trained here.")
    st.stop()
try:
    _page(experiment)
except MissingDataError as error:
    offer_download(error)
except (TooLargeError, ValueError) as error:
    st.error(str(error))
