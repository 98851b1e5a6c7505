"""How fast does the gradient turn along training? Controls, results, figures and what they say."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import band_figure, smoothness_figure
from normscape.figures.style.palette import colors
from normscape.landscape import MissingDataError, TooLargeError
from normscape.landscape.smoothness import Smoothness
from normscape.specs import Experiment
from normscape.views.session import address
from normscape.views.session.job_queue import job_queue, session_id
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.progress import stopped, waiting
from normscape.views.session.requests import within_time
from normscape.views.smoothness.requests import compared, kept, probes_of, request_of_probes, rows
from normscape.views.texts.terms import QUESTIONS, cited, words
from normscape.views.widgets.charts import chart, page_theme
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.fields import number_of_seeds
from normscape.views.widgets.numbers import facts_table

INTRODUCTION = rf"""
**{QUESTIONS["Along training"]}**

At every checkpoint, the next mini-batch's loss is probed along its own gradient $g$: at $\theta-\eta g$ for step
lengths $\eta$ from half a learning rate to four. A loss that varies little and a gradient that changes little are what
"smoother" means in practice (D9; {cited("Santurkar et al. 2018")}, figure 4).
"""

WORDS = (
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
**What to look at.** A band goes from the smallest to the largest value over all step lengths; one for every training
seed, each of one and the same training. Effective $\beta$-smoothness is the largest
$\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|/\|\eta g\|$; the dotted lines are the control: random directions, as long.
Batch norm takes its statistics of that mini-batch, as it does in training; the optimizer's momentum plays no part.

**What may not be concluded.** Steps are measured in learning rates, and gradients differ in length: a smaller change
can be a shorter step, so read the bands beside $\beta$, which is per length. Raw numbers depend on the scale of the
weights (D8). Steps as long as the weights themselves are cut off, and that is told.
"""


def _page(experiment: Experiment) -> None:
    variants, left_out = possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    check_limits(variants)
    if not variants or not within_time(variants):
        return
    told_of_seeds = "Trains every network with this many seeds; each training has bands of its own."
    jobs = probes_of(variants, number_of_seeds("smoothness:seeds", told_of_seeds))
    request = request_of_probes(jobs)
    if not stopped(request):
        job_queue().submit(request, session_id())
    over = job_queue().done(request)
    found = {
        label: [[answer for job in course if (answer := job_queue().result(job)) is not None] for course in columns]
        for label, columns in jobs.items()
    }
    lost = sum(not kept(job) for columns in jobs.values() for course in columns for job in course) if over else 0
    waiting(request, over)
    if over:
        _results(experiment, found, lost)


def _results(experiment: Experiment, found: Mapping[str, list[list[Smoothness]]], lost: int) -> None:
    courses = {label: columns for label, columns in found.items() if any(columns)}
    if not courses:
        st.caption("No compared network has kept weights to probe.")
        return
    if lost:
        st.warning(f"{lost} checkpoints are not there: training diverged before them.")
    compared_courses = Compared(courses, colors=colors(experiment), theme=page_theme())
    for sentence in compared(courses):
        st.markdown(sentence)
    chart(band_figure(compared_courses, "variation"), "loss along the step")
    chart(band_figure(compared_courses, "predictiveness"), "gradient along the step")
    chart(smoothness_figure(compared_courses), "effective smoothness")
    facts_table({label: rows([one for course in columns for one in course]) for label, columns in courses.items()})
    st.markdown(READING)


experiment, display = address.opened("along-training")
st.title("Along training")
st.markdown(INTRODUCTION)
words(*WORDS)
for note in address.notes():
    st.warning(note)
if experiment.run.weights is not None:
    st.info("Published weights have no training behind them: what is probed is one step on the training samples.")
try:
    _page(experiment)
except MissingDataError as error:
    offer_download(error)
except (TooLargeError, ValueError) as error:
    st.error(str(error))
