"""Charts, sentences and key numbers of a learning-rate sweep."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, outcomes_figure
from normscape.figures.style.palette import colors
from normscape.landscape.stability import RATES, TrainingOutcome, largest_stable
from normscape.specs import Display, Experiment
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.stability.summary import conclusion, headline, key_numbers
from normscape.views.widgets.charts import chart, in_light_theme, page_theme
from normscape.views.widgets.tables import network_table


def section(
    experiment: Experiment,
    display: Display,
    outcomes: Mapping[str, tuple[TrainingOutcome, ...]],
    predicted: Mapping[str, Mapping[int, float]],
    *,
    seeds: int,
    finished: bool,
) -> None:
    """Show the outcome of every finished training; headline, final losses and key numbers follow once all are finished.

    Args:
        experiment: the compared networks.
        display: metric and camera of the address.
        outcomes: of finished trainings, by label.
        predicted: 2/λ_max by label and step.
        seeds: trainings per learning rate.
        finished: whether nothing more will come; a sweep that was stopped has no verdict.
    """
    at_initialization = {label: rates.get(0, float("nan")) for label, rates in predicted.items()}
    with st.container(key="verdict"):
        missing = len(RATES) * seeds * len(outcomes) - sum(map(len, outcomes.values()))
        if finished and missing:
            st.markdown(f"**No verdict: {missing} of {len(RATES) * seeds * len(outcomes)} trainings are missing.**")
        elif finished:
            st.markdown(headline({label: largest_stable(own) for label, own in outcomes.items()}, at_initialization))
    compared = Compared(outcomes, colors=colors(experiment, page_theme()), theme=page_theme())
    complete = finished and not missing

    def draw(shown: Compared[tuple[TrainingOutcome, ...]]) -> dict[str, go.Figure]:
        outcomes_chart = {"outcome of every training": outcomes_figure(shown, at_initialization, RATES)}
        return outcomes_chart | ({"final training loss": final_figure(shown)} if complete else {})

    for kind, figure in draw(compared).items():
        chart(figure, kind)
    light = in_light_theme(compared, experiment)
    share_row(Charts("learning rates", "Stable learning rates", lambda: draw(light), experiment, display))
    if not complete:
        return
    for label, own in outcomes.items():
        st.markdown(conclusion(label, own, predicted[label], experiment.run.training.momentum))
    network_table({label: key_numbers(own, predicted[label]) for label, own in outcomes.items()})
