"""Charts, sentences and key numbers of a learning-rate sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, final_notes, outcomes_figure
from normscape.figures.style.palette import colors
from normscape.landscape.stability import RATES, TrainingOutcome, largest_stable
from normscape.specs import Display, Experiment, TrainingSpec
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.stability import thresholds
from normscape.views.stability.summary import gaps, grid, headline, key_numbers
from normscape.views.texts.other_quantities import other_quantities
from normscape.views.texts.verdicts import missing_verdict
from normscape.views.widgets.charts import chart, in_light_theme, page_theme
from normscape.views.widgets.tables import network_table

Outcomes = Mapping[str, tuple[TrainingOutcome, ...]]
Rates = Mapping[str, Mapping[int, float]]
"""Limit that the curvature predicts, by label and step."""


@dataclass(frozen=True)
class State:
    """How far a sweep is, and how several seeds are drawn."""

    seeds: int = 1  # trainings per learning rate
    complete: bool = False  # all trainings are finished
    pending: bool = False  # results are on their way
    every_seed: bool = False  # in place of median and range
    running: frozenset[tuple[str, float]] = frozenset()  # label and rate of trainings under way


def verdict(
    outcomes: Outcomes,
    predicted: Rates,
    *,
    seeds: int,
    stopped: bool,
) -> None:
    """Show the headline of a complete sweep, and how many trainings are finished before.

    Args:
        outcomes: of finished trainings, by label.
        predicted: limit that the curvature predicts, by label and step.
        seeds: trainings per learning rate.
        stopped: whether nothing more will come.
    """
    total, finished = len(RATES) * seeds * len(outcomes), sum(map(len, outcomes.values()))
    if finished < total:
        st.markdown(missing_verdict(finished, total, "trainings", stopped=stopped))
        return
    largest = {label: largest_stable(own) for label, own in outcomes.items()}
    st.markdown(headline(largest, _at_initialization(predicted)))
    if failures := gaps(outcomes):
        st.caption(" ".join(failures))


def section(
    experiment: Experiment,
    display: Display,
    outcomes: Outcomes,
    predicted: Rates,
    trainings: Mapping[str, TrainingSpec],
    state: State,
) -> None:
    """Show the outcome and final loss of every finished training; key numbers follow once all are finished.

    Args:
        experiment: the compared networks.
        display: metric and camera of the address.
        outcomes: of finished trainings, by label.
        predicted: limit that the curvature predicts, by label and step.
        trainings: how each network is trained, by label.
        state: how far the sweep is.
    """
    limits_at_start, formula = _at_initialization(predicted), thresholds.formula(trainings)
    compared = Compared(outcomes, colors=colors(experiment, page_theme()), theme=page_theme())
    with st.container(key="figure"), st.container(gap="xsmall", key="strip"):
        shown: dict[str, Any] = {"running": state.running, "complete": state.complete, "legend": False}
        strip = outcomes_figure(compared, limits_at_start, RATES, formula, **shown)
        with st.container(key="strip-chart"):
            chart(strip, "outcome of every training")
        with st.container(key="strip-legend"):
            known: dict[str, Any] = {"complete": state.complete, "colors": compared.colors}
            legend = thresholds.legend(trainings, limits_at_start, page_theme(), **known)
            st.markdown(legend, unsafe_allow_html=True)  # the colors of the marks; a legend holds no text of a user
    st.caption(grid(state.seeds))
    known = {"pending": state.pending, "every_seed": state.every_seed}
    chart(final_figure(compared, limits_at_start, noted=False, **known), "final training loss")
    if notes := final_notes(compared, every_seed=state.every_seed):
        st.caption(" ".join(notes))
    if not state.complete:
        return
    st.caption(other_quantities("Learning rates", experiment, display))
    st.markdown("## Key numbers")
    network_table({label: key_numbers(own, predicted[label], trainings[label]) for label, own in outcomes.items()})
    light = in_light_theme(compared, experiment)

    def draw() -> dict[str, go.Figure]:
        strip = outcomes_figure(light, limits_at_start, RATES, formula, complete=True)
        return {
            "outcome of every training": strip,
            "final training loss": final_figure(light, limits_at_start, every_seed=state.every_seed),
        }

    share_row(Charts("learning rates", "Stable learning rates", draw, experiment, display))


def _at_initialization(predicted: Rates) -> dict[str, float]:
    return {label: rates.get(0, float("nan")) for label, rates in predicted.items()}
