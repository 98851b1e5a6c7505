"""Charts, sentences and key numbers of smoothness along training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import QUANTITIES as BAND_TITLES
from normscape.figures.smoothness import band_figures, smoothness_figure
from normscape.figures.style.palette import colors
from normscape.landscape.smoothness import PathRatio, Smoothness
from normscape.specs import DataSpec, Display, Experiment, RunSpec
from normscape.views.session import address
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.smoothness.summary import (
    LESS_SMOOTH,
    alone,
    headline,
    key_numbers,
    ratio_numbers,
    ratios,
)
from normscape.views.widgets.charts import chart, in_light_theme, page_theme, panels
from normscape.views.widgets.numbers import ABOUT_EQUAL, PENDING
from normscape.views.widgets.tables import network_table

CAPTIONS = {
    "effective smoothness": (
        "How much the gradient changes per unit of distance: the largest "
        r"$\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|/\|\eta g\|$ over all step lengths $\eta$ along the mini-batch "
        "gradient $g$, at each checkpoint."
    ),
    "gradient along the step": (
        r"How far the gradient moves, $\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|$: from the smallest to the largest "
        r"value over all step lengths. A longer step changes it more; $\beta$ above divides by the length. Gray: the "
        "other networks, median."
    ),
    "loss along the step": (
        "From the smallest to the largest loss over all step lengths. A narrow band means that a step of any of these "
        "lengths has a predictable effect. Gray: the other networks, median."
    ),
    "random directions": (
        "The same ratio for steps of equal length in random directions. If these values are lower than those along the "
        "gradient, training moves in directions of high curvature."
    ),
}
"""What each chart shows, in view beside it."""

QUANTITIES = {"gradient along the step": "predictiveness", "loss along the step": "variation"}
"""The quantity of each chart that has one panel per network."""

SEVERAL_SEEDS = "Strong band: medians of its edges over seeds. Pale band: range over seeds."

MEDIANS = "Medians over the checkpoints of each network. Relative values are the ratio of two such medians."

RANDOM_TITLE = r"Effective $\beta$-smoothness, random directions"

UNKNOWN = PathRatio(math.nan, math.nan, math.nan, 0, math.nan, 0, (math.nan, math.nan))

SMOOTHER = Experiment(run=RunSpec(data=DataSpec(scaling="raw")))
"""An experiment in which batch norm is smoother along training."""

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


@dataclass(frozen=True)
class State:
    """How far the measurements are, and how several seeds are drawn."""

    missing_checkpoints: int = 0  # that training did not reach
    finished: bool = False  # nothing more will come
    pending: bool = False  # results are on their way; a table without numbers reserves its place
    every_seed: bool = False  # in place of median and range


def verdict(experiment: Experiment, results: Results) -> None:
    """Show how every further network compares with the first.

    Args:
        experiment: the compared networks.
        results: of all checkpoints that training reached.
    """
    results = _nonempty(results)
    if len(results) < 2:
        for label, columns in results.items():
            st.markdown(alone(label, [one for column in columns for one in column]))
        return
    seeds = max(sum(map(bool, columns)) for columns in results.values())
    st.markdown(headline(next(iter(results)), ratios(results), seeds))


def explanation(experiment: Experiment, results: Results) -> None:
    """Explain a batch norm that is less smooth than no normalization, and offer an experiment with the other order.

    Args:
        experiment: the compared networks.
        results: of all checkpoints that training reached.
    """
    results, label = _nonempty(results), _batch_norm(experiment)
    batch = ratios(results).get(label) if label in results and len(results) > 1 else None
    if batch is None or batch.median <= ABOUT_EQUAL:
        return
    st.markdown(LESS_SMOOTH)
    if experiment != SMOOTHER:
        st.button("Open the digits with raw inputs", on_click=address.adopt, args=(SMOOTHER,))


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
    if state.missing_checkpoints:
        st.warning(f"Training diverged before {state.missing_checkpoints} of the checkpoints; they are left out.")
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    drawn: dict[str, Any] = {"steps": _planned_steps(experiment), "pending": state.pending}
    drawn["every_seed"] = state.every_seed
    with st.container(key="figure"):
        chart(smoothness_figure(compared, **drawn), "effective smoothness")
        st.caption(CAPTIONS["effective smoothness"])
    several = max(map(len, results.values())) > 1 and not state.every_seed
    for kind, quantity in QUANTITIES.items():
        _heading(BAND_TITLES[quantity][0], f"{CAPTIONS[kind]} {SEVERAL_SEEDS}" if several else CAPTIONS[kind])
        panels(band_figures(compared, quantity, **drawn), kind)
    _heading(RANDOM_TITLE, CAPTIONS["random directions"])
    chart(smoothness_figure(compared, random=True, titled=False, **drawn), "random directions")
    if state.finished or state.pending:
        _table(results, pending=state.pending)
    if state.finished:
        light = in_light_theme(compared, experiment)
        title, draw = "Smoothness along training", lambda: _figures(light, drawn)
        share_row(Charts("along training", title, draw, experiment, display))
        explanation(experiment, results)


def _heading(title: str, caption: str) -> None:
    st.markdown(f"## {title}")
    st.caption(caption)


def _table(results: Results, *, pending: bool) -> None:
    columns = {label: key_numbers([one for column in own for one in column]) for label, own in results.items()}
    if len(results) > 1:
        reference, *others = results
        compared = dict.fromkeys(others, UNKNOWN) if pending else ratios(results)
        columns = {label: own | ratio_numbers(reference, compared.get(label)) for label, own in columns.items()}
    if pending:
        columns = {label: dict.fromkeys(own, PENDING) for label, own in columns.items()}
    _heading("Key numbers", MEDIANS if len(results) > 1 else MEDIANS.partition(". ")[0] + ".")
    network_table(columns, missing="")


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
