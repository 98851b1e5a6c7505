"""How fast does the gradient change along training? Controls, results, figures and explanation."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.jobs import Job
from normscape.specs import Display, Experiment
from normscape.views.session import address, progress, requests
from normscape.views.session.admission import admitted, errors_shown
from normscape.views.session.experiment_page import answer, experiment_page
from normscape.views.session.job_queue import job_queue
from normscape.views.smoothness import charts
from normscape.views.smoothness.at_end import flatter_at_end
from normscape.views.texts.papers import cite
from normscape.views.texts.verdicts import missing_verdict
from normscape.views.widgets import scrolling
from normscape.views.widgets.seeds import seeds_control

PATH = "along-training"

CLAIM = (
    "The loss is smooth where a short step changes its gradient little. This page takes steps from checkpoints of the "
    f"training and measures that change, as in Figure 4 of {cite('Santurkar et al. 2018')}."
)

GLOSSARY_TERMS = (
    "batch norm",
    "checkpoint",
    "direction",
    r"effective $\beta$-smoothness",
    "gradient",
    "gradient predictiveness",
    "learning rate",
    "loss variation",
    "momentum",
    "scale-free",
    "seed",
)

READING = r"""
**Steps.** From the weights $\theta$ of a checkpoint, each step goes to $\theta-\eta g$. Here $g$ is the gradient of the
next mini-batch, and $\eta$ runs from half the learning rate to four times the learning rate. Batch norm uses the
statistics of that mini-batch, as in training. Momentum is left out.

**Values.** The gradient change of a step is the distance between two gradients,
$\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|$. Divided by the length of the step, $\|\eta g\|$, it is the gradient
change per unit of distance. The largest value over $\eta$ is effective $\beta$-smoothness. With several seeds, lines
are medians over the seeds and pale areas their ranges; the first sentence and the table use all checkpoints of all
seeds.

**Why batch norm can be less smooth.** It divides the inputs of each unit by their standard deviation $\sigma$, and so
the gradient behind it, too. On standardized digits, at initialization, all $\sigma$ are below 1. There, on the first
mini-batch, the value is 5.3 with batch norm and 1.6 without normalization. With $\gamma=\sigma$, which gives the
outputs their spread back, it is 1.1.

**Why it may differ from $\lambda_{\max}$ on *Surfaces*.** This page uses one mini-batch, its own statistics, and steps
of finite length. $\lambda_{\max}$ is the curvature of all evaluation samples at one point. One network can have the
lower value here and the higher one there.

**Caveats.** Steps are multiples of the gradient, so a network with smaller gradients takes shorter steps. All values
depend on the scale of the weights. A step longer than $\|\theta\|$ is shortened to $\|\theta\|$; the table counts the
checkpoints at which this happens.
"""

SEEDS_HELP = (
    "Trains and measures every network with this many seeds. Lines then show the median over seeds and the range."
)


def _page(experiment: Experiment, display: Display) -> None:
    variants = admitted(experiment)
    verdict, seeds = answer()
    with seeds:
        count, every_seed = seeds_control("smoothness:seeds", SEEDS_HELP)
    jobs = requests.smoothness_jobs(variants, count)
    request = requests.smoothness_request(jobs, address.of(experiment, display, PATH))
    stopped = progress.is_stopped(request)
    finished = progress.submit(request) and not stopped  # the queue counts canceled jobs as done
    results = {
        label: [[result for job in column if (result := job_queue().result(job)) is not None] for column in columns]
        for label, columns in jobs.items()
    }
    every = [job for columns in jobs.values() for column in columns for job in column]
    with verdict:  # the progress is in the place of the headline, so that no chart moves
        if finished and not progress.failures(request):
            charts.verdict(results, flatter_at_end(variants), f".{address.of(experiment, display)}")
            charts.explanation(experiment, results)
        else:
            count = sum(len(one) for own in results.values() for one in own)
            st.markdown(missing_verdict(count, len(every), "checkpoints", stopped=stopped or finished, done="measured"))
        progress.show_progress(request, finished)
    pending = not finished and not stopped
    lost = _lost_checkpoints(jobs) if finished else {}
    state = charts.State(lost, finished=finished, pending=pending, every_seed=every_seed)
    charts.section(experiment, display, results, state)
    with st.expander("How it is measured, and caveats"):
        st.markdown(READING)


def _lost_checkpoints(jobs: Mapping[str, list[list[Job]]]) -> dict[str, tuple[int, int]]:
    """Return how many checkpoints training did not reach, and how many there are, of networks that miss any."""
    every = {label: [job for column in columns for job in column] for label, columns in jobs.items()}
    missing = {label: sum(not requests.has_checkpoint(job) for job in own) for label, own in every.items()}
    return {label: (count, len(every[label])) for label, count in missing.items() if count}


experiment, display = experiment_page("Along training", CLAIM, path=PATH, terms=GLOSSARY_TERMS)
if experiment.run.weights is not None:
    st.info("Published weights have no training history; this page measures one step on the training samples.")
with errors_shown():
    _page(experiment, display)
scrolling.run()
