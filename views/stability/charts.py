"""Charts, sentences and key numbers of a learning-rate sweep."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, share_figure
from normscape.figures.style.palette import colors
from normscape.landscape.stability import TrainingOutcome, largest_stable
from normscape.specs import Experiment
from normscape.views.stability.summary import conclusion, contrast, key_numbers
from normscape.views.widgets.charts import chart, page_theme
from normscape.views.widgets.tables import network_table


def section(
    experiment: Experiment,
    outcomes: Mapping[str, tuple[TrainingOutcome, ...]],
    predicted: Mapping[str, Mapping[int, float]],
    *,
    finished: bool,
) -> None:
    """Show the charts of the finished trainings; conclusions and key numbers follow once all are finished.

    Args:
        experiment: the compared networks.
        outcomes: of finished trainings, by label.
        predicted: 2/λ_max by label and step.
        finished: whether all trainings are finished.
    """
    if finished:
        _conclusions(outcomes, predicted, experiment.run.training.momentum)
    compared = Compared(outcomes, colors=colors(experiment, page_theme()), theme=page_theme())
    before_training = {label: rates.get(0, float("nan")) for label, rates in predicted.items()}
    chart(share_figure(compared, before_training), "stable trainings")
    chart(final_figure(compared), "where trainings ended")
    if finished:
        network_table({label: key_numbers(own, predicted[label]) for label, own in outcomes.items()})


def _conclusions(
    outcomes: Mapping[str, tuple[TrainingOutcome, ...]], predicted: Mapping[str, Mapping[int, float]], momentum: float
) -> None:
    for label, own in outcomes.items():
        st.markdown(conclusion(label, own, predicted[label], momentum))
    st.markdown(contrast({label: largest_stable(own) for label, own in outcomes.items()}))
