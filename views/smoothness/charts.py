"""Charts, sentences and key numbers of smoothness along training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import QUANTITIES as BAND_TITLES
from normscape.figures.smoothness import band_figures, smoothness_figure
from normscape.figures.style.palette import colors
from normscape.landscape.smoothness import Smoothness
from normscape.specs import DataSpec, Display, Experiment, RunSpec
from normscape.views.session import address
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.smoothness.order import order
from normscape.views.smoothness.summary import (
    ALIAS,
    LESS_SMOOTH,
    SMOOTH,
    Sign,
    alone,
    headline,
    key_numbers,
    lost_checkpoints,
    missing_points,
    ratio_numbers,
    ratios,
    spread,
)
from normscape.views.texts.other_quantities import other_quantities
from normscape.views.widgets import scrolling
from normscape.views.widgets.charts import chart, in_light_theme, page_theme, panels
from normscape.views.widgets.numbers import ABOUT_EQUAL
from normscape.views.widgets.tables import network_table
from normscape.views.widgets.tabs import show_open

CAPTIONS = {
    "effective smoothness": (
        "Lower is smoother. Each point is the change of the gradient in a step, divided by the length of the step: the "
        rf"largest over several lengths. The literature calls it {ALIAS}."
    ),
    "gradient along the step": (
        "The change of the gradient in a step. The band runs from the smallest to the largest change over all step "
        "lengths."
    ),
    "loss along the step": (
        "The loss after a step, over all step lengths. A narrow band means that the length of the step hardly matters."
    ),
    "random directions": (
        "The same for steps of equal length in random directions. Where the values are lower than along the gradient, "
        "training moves in directions in which the gradient changes faster."
    ),
}
"""What each chart shows, in view beside it."""

QUANTITIES = {"gradient along the step": "predictiveness", "loss along the step": "variation"}
"""The quantity of each chart that has one panel per network."""

SEVERAL_SEEDS = "Strong: medians over the seeds. Pale: all seeds."

MEDIANS = "Medians over the checkpoints of each network. Relative values compare two such medians."

FILES_FOLLOW = "The files follow when all checkpoints are measured."

STEPS, RANDOM, NUMBERS = "Gradient and loss in each step", "Random directions", "Key numbers"
"""Titles of the tabs."""

SMOOTHER, ROUGHER = Experiment(run=RunSpec(data=DataSpec(scaling="raw"))), Experiment()
"""An experiment in which batch norm is smoother along training, and one in which it is less smooth."""

OPEN_SMOOTHER, OPEN_ROUGHER = "Open digits with raw inputs", "Open standardized digits"

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


@dataclass(frozen=True)
class State:
    """How far the measurements are, and how several seeds are drawn."""

    lost: Mapping[str, tuple[int, int]] = field(
        default_factory=dict
    )  # missing and all checkpoints of diverged networks
    finished: bool = False  # nothing more will come
    pending: bool = False  # results are on their way
    every_seed: bool = False  # in place of median and range


def verdict(results: Results, at_end: Sign = None, surfaces: str = "") -> None:
    """Show how every further network compares with the first.

    Args:
        results: of all checkpoints that training reached.
        at_end: which of two networks is flatter at the trained weights.
        surfaces: the address of the experiment's surfaces.
    """
    results = _nonempty(results)
    if len(results) < 2:
        for label, columns in results.items():
            st.markdown(alone(label, [one for column in columns for one in column]))
        return
    seeds = max(sum(map(bool, columns)) for columns in results.values())
    (reference, first), *others = results.items()
    holds = order(first, others[0][1]) if len(others) == 1 else None
    st.markdown(headline(reference, ratios(results), seeds, at_end, holds, surfaces))


def explanation(experiment: Experiment, results: Results) -> None:
    """Say where batch norm and no normalization have the other order, and offer to open that experiment.

    The way back is offered for the experiment that this opens.

    Args:
        experiment: the compared networks.
        results: of all checkpoints that training reached.
    """
    results, label = _nonempty(results), _batch_norm(experiment)
    batch = ratios(results).get(label) if label in results and len(results) > 1 else None
    if batch is None:
        return
    if batch.median > ABOUT_EQUAL and experiment != SMOOTHER:
        _offer(LESS_SMOOTH, OPEN_SMOOTHER, SMOOTHER)
    elif batch.median < 1 / ABOUT_EQUAL and experiment == SMOOTHER:
        _offer(SMOOTH, OPEN_ROUGHER, ROUGHER)


def _offer(sentence: str, label: str, experiment: Experiment) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="other-order"):
        st.markdown(sentence)
        st.button(label, on_click=_open, args=(experiment,))


def _open(experiment: Experiment) -> None:
    address.adopt(experiment)
    scrolling.request(scrolling.TOP)


def _batch_norm(experiment: Experiment) -> str:
    """Return the label of the network with batch norm, if it is compared with one without; otherwise nothing."""
    labels = {run.model.norm: label for label, (run, _) in experiment.variants().items()}
    first = next(iter(experiment.variants().values()))[0].model.norm
    return labels.get("batch", "") if experiment.compare == "run.model.norm" and first == "none" else ""


def section(experiment: Experiment, display: Display, results: Results, state: State) -> None:
    """Show the charts of all available results; share buttons and numbers follow once all are available.

    Args:
        experiment: the compared networks.
        display: metric and camera of the address.
        results: of the measured checkpoints; a network without any is left out once all are finished.
        state: how far they are.
    """
    results = _nonempty(results) if state.finished else results
    if not results:
        st.caption("Training kept no weights of these networks, so there is nothing to measure.")
        return
    if state.lost:
        st.warning(lost_checkpoints(state.lost))
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    drawn: dict[str, Any] = {"steps": _planned_steps(experiment), "pending": state.pending}
    drawn["every_seed"] = state.every_seed
    with st.container(key="figure"):
        chart(smoothness_figure(compared, **drawn), "effective smoothness")
        st.caption(f"{CAPTIONS['effective smoothness']} {missing_points(results)}".strip())
        light, title = in_light_theme(compared, experiment), "Smoothness along training"
        charts = Charts("along training", title, lambda: _figures(light, drawn), experiment, display)
        share_row(charts, waiting="" if state.finished else FILES_FOLLOW)  # its place is fixed
    several = max(map(len, results.values())) > 1 and not state.every_seed
    sections = {
        STEPS: lambda: _bands(compared, drawn, several=several),
        RANDOM: lambda: _random_directions(compared, drawn),
        NUMBERS: lambda: _table(results, finished=state.finished),
    }
    show_open(st.tabs(list(sections), key="smoothness-details", on_change="rerun"), sections)
    if state.finished:
        st.caption(other_quantities("Along training", experiment, display))


def _bands(compared: Compared[list[list[Smoothness]]], drawn: Mapping[str, Any], *, several: bool) -> None:
    """Show gradient and loss in each step, smaller than the chart above, which the headline is about."""
    with st.container(key="bands"):
        for kind, quantity in QUANTITIES.items():
            with st.container(key=f"band-{quantity}"):
                notes = [CAPTIONS[kind], gray(len(compared.results) - 1), SEVERAL_SEEDS if several else ""]
                _heading(BAND_TITLES[quantity][0], " ".join(filter(None, notes)))
                panels(band_figures(compared, quantity, **drawn), kind)


def _random_directions(compared: Compared[list[list[Smoothness]]], drawn: Mapping[str, Any]) -> None:
    chart(smoothness_figure(compared, random=True, titled=False, **drawn), "random directions")
    st.caption(CAPTIONS["random directions"])


def gray(others: int) -> str:
    """Return what the gray lines of a panel are, for a number of other networks; empty if there is none."""
    if not others:
        return ""
    return f"Gray: the other network{'s' if others > 1 else ''} (median over step lengths)."


def _heading(title: str, caption: str) -> None:
    st.markdown(f"## {title}")
    st.caption(caption)


def _table(results: Results, *, finished: bool) -> None:
    if not finished:
        st.caption("The numbers appear when all checkpoints are measured.")
        return
    if varies := spread(ratios(results)) if len(results) > 1 else "":
        st.markdown(varies)
    columns = {label: key_numbers([one for column in own for one in column]) for label, own in results.items()}
    if len(results) > 1:
        reference, compared = next(iter(results)), ratios(results)
        columns = {label: own | ratio_numbers(reference, compared.get(label)) for label, own in columns.items()}
    network_table(columns, missing="")
    st.caption(MEDIANS if len(results) > 1 else MEDIANS.partition(". ")[0] + ".")


def _nonempty(results: Results) -> Results:
    return {label: columns for label, columns in results.items() if any(columns)}


def _planned_steps(experiment: Experiment) -> list[int]:
    return sorted({step for run, _ in experiment.variants().values() for step in run.checkpoint_steps})


def _figures(compared: Compared[list[list[Smoothness]]], drawn: Mapping[str, Any]) -> dict[str, go.Figure]:
    """Return the charts by what they show, as files have them."""
    bands = {
        f"{kind}: {label}": figure
        for kind, quantity in QUANTITIES.items()
        for label, figure in band_figures(compared, quantity, titled=True, **drawn).items()
    }
    along, random = (smoothness_figure(compared, random=random, short=True, **drawn) for random in (False, True))
    return {"effective smoothness": along, **bands, "random directions": random}
