"""Charts, sentences and key numbers of a learning-rate sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.stability import final_figure, final_notes, outcomes_figure
from normscape.figures.style.palette import colors
from normscape.landscape.stability import RATES, TrainingOutcome, largest_stable, outcome_kind
from normscape.specs import Display, Experiment, TrainingSpec
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.stability import thresholds
from normscape.views.stability.misses import misses
from normscape.views.stability.summary import (
    Headline,
    complete_seeds,
    gaps,
    grid,
    headline,
    in_seeds,
    key_numbers,
    so_far,
    unfinished,
)
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
    planned: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # training seeds by label
    running: frozenset[tuple[str, float, int]] = frozenset()  # label, rate and seed of trainings under way


def verdict(
    outcomes: Outcomes,
    predicted: Rates,
    *,
    seeds: int,
    stopped: bool,
) -> None:
    """Show the headline of a complete sweep, and how many trainings are finished before.

    Seeds with all their trainings have a headline before that.

    Args:
        outcomes: of finished trainings, by label.
        predicted: limit that the curvature predicts, by label and step.
        seeds: trainings per learning rate.
        stopped: whether nothing more will come.
    """
    total, finished = len(RATES) * seeds * len(outcomes), sum(map(len, outcomes.values()))
    if finished < total:
        count, known = complete_seeds(outcomes)
        if not count:
            st.markdown(missing_verdict(finished, total, "trainings", stopped=stopped))
            return
        _show(_headline(known, predicted, so_far(count)))
        st.caption(unfinished(finished, total, stopped=stopped))
        return
    _show(_headline(outcomes, predicted, in_seeds(seeds)))
    if failures := gaps(outcomes):
        st.caption(" ".join(failures))


def _show(found: Headline) -> None:
    st.markdown(found.claim)
    if found.details:
        with st.container(key="verdict-details"):
            st.markdown(found.details)


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
        shown: dict[str, Any] = {
            "seeds": state.planned,
            "running": state.running,
            "complete": state.complete,
            "legend": False,
        }
        strip = outcomes_figure(compared, limits_at_start, RATES, formula, **shown)
        with st.container(key="strip-chart"):
            chart(strip, "outcome of every training")
        with st.container(key="strip-legend"):
            kinds = {outcome_kind(one, own) for own in outcomes.values() for one in own}
            known: dict[str, Any] = {"complete": state.complete, "colors": compared.colors}
            known["unclear"] = "not learned" in kinds
            legend = thresholds.legend(trainings, limits_at_start, page_theme(), **known)
            st.markdown(legend, unsafe_allow_html=True)  # the colors of the marks; a legend holds no text of a user
    st.caption(grid(state.seeds, complete=state.complete, pending=state.pending))
    known = {"pending": state.pending, "every_seed": state.every_seed}
    chart(final_figure(compared, limits_at_start, noted=False, **known), "final training loss")
    if notes := final_notes(compared, every_seed=state.every_seed):
        st.caption(" ".join(notes))
    if not state.complete:
        return
    light = in_light_theme(compared, experiment)

    def draw() -> dict[str, go.Figure]:
        strip = outcomes_figure(light, limits_at_start, RATES, formula, seeds=state.planned, complete=True)
        return {
            "outcome of every training": strip,
            "final training loss": final_figure(light, limits_at_start, every_seed=state.every_seed),
        }

    share_row(Charts("learning rates", "Stable learning rates", draw, experiment, display))
    st.caption(other_quantities("Learning rates", experiment, display))
    st.markdown("## Key numbers")
    network_table({label: key_numbers(own, predicted[label], trainings[label]) for label, own in outcomes.items()})


def _headline(outcomes: Mapping[str, Sequence[TrainingOutcome]], predicted: Rates, scope: str) -> Headline:
    largest = {label: largest_stable(own) for label, own in outcomes.items()}
    found = headline(largest, _at_initialization(predicted), scope)
    return found._replace(details=" ".join([found.details, *misses(largest, predicted)]).strip())


def _at_initialization(predicted: Rates) -> dict[str, float]:
    return {label: rates.get(0, float("nan")) for label, rates in predicted.items()}
