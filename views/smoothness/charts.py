"""Charts, sentences and key numbers of smoothness along training."""

from __future__ import annotations

import math
from collections.abc import Mapping

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
        r"The largest $\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|/\|\eta g\|$ over all step lengths $\eta$ along the "
        "mini-batch gradient $g$, at each checkpoint."
    ),
    "gradient along the step": (
        "Band: smallest to largest change of the gradient over all step lengths. Gray: medians of the other networks. "
        r"A shorter step changes the gradient less, so read it beside $\beta$, which is per unit of distance."
    ),
    "loss along the step": (
        "Band: smallest to largest loss over all step lengths; a narrow band is a predictable step. Gray: medians of "
        "the other networks."
    ),
    "random directions": (
        "The same ratio for steps of equal length in random directions. Lower values than along "
        "the gradient mean that training moves in directions of high curvature."
    ),
}
"""What each chart shows, in view beside it."""

QUANTITIES = {"gradient along the step": "predictiveness", "loss along the step": "variation"}
"""The quantity of each chart that has one panel per network."""

MEDIANS = (
    "Medians over the checkpoints of each network. The relative rows take the ratio at each checkpoint first, then the "
    "median of these ratios, so it can differ from the quotient of two medians."
)

UNKNOWN = PathRatio(math.nan, math.nan, math.nan, 0, math.nan, 0)

SMOOTHER = Experiment(run=RunSpec(data=DataSpec(scaling="raw")))
"""An experiment in which batch norm is smoother along training."""

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


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
    st.markdown(headline(next(iter(results)), ratios(results)))


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


def section(
    experiment: Experiment,
    display: Display,
    results: Results,
    missing_checkpoints: int,
    *,
    finished: bool,
    pending: bool = False,
) -> None:
    """Show the charts of all available results; share buttons and numbers follow once all are available.

    Args:
        experiment: the compared networks.
        display: metric and camera of the address.
        results: of the measured checkpoints; a network without any is left out once all are finished.
        missing_checkpoints: number of checkpoints that training did not reach.
        finished: whether nothing more will come.
        pending: whether results are on their way; a table without numbers then reserves its place.
    """
    results = _nonempty(results) if finished else results
    if not results:
        st.caption("No compared network has kept weights to probe.")
        return
    if missing_checkpoints:
        st.warning(f"Training diverged before {missing_checkpoints} of the checkpoints; they are left out.")
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    steps = _planned_steps(experiment)
    with st.container(key="figure"):
        chart(smoothness_figure(compared, steps=steps, pending=pending), "effective smoothness")
        st.caption(CAPTIONS["effective smoothness"])
    if finished:
        explanation(experiment, results)
    for kind, quantity in QUANTITIES.items():
        st.markdown(f"## {BAND_TITLES[quantity][0]}")
        st.caption(CAPTIONS[kind])
        panels(band_figures(compared, quantity, steps=steps, pending=pending), kind)
    chart(smoothness_figure(compared, random=True, steps=steps, pending=pending), "random directions")
    st.caption(CAPTIONS["random directions"])
    if finished or pending:
        _table(results, pending=pending)
    if finished:
        light = in_light_theme(compared, experiment)
        title, draw = "Smoothness along training", lambda: _figures(light, steps)
        share_row(Charts("along training", title, draw, experiment, display))


def _table(results: Results, *, pending: bool) -> None:
    columns = {label: key_numbers([one for column in own for one in column]) for label, own in results.items()}
    if len(results) > 1:
        reference, *others = results
        compared = dict.fromkeys(others, UNKNOWN) if pending else ratios(results)
        columns = {label: own | ratio_numbers(reference, compared.get(label)) for label, own in columns.items()}
    if pending:
        columns = {label: dict.fromkeys(own, PENDING) for label, own in columns.items()}
    network_table(columns, missing="")
    if len(results) > 1:
        st.caption(MEDIANS)


def _nonempty(results: Results) -> Results:
    return {label: columns for label, columns in results.items() if any(columns)}


def _planned_steps(experiment: Experiment) -> list[int]:
    return sorted({step for run, _ in experiment.variants().values() for step in run.checkpoint_steps})


def _figures(compared: Compared[list[list[Smoothness]]], steps: list[int]) -> dict[str, go.Figure]:
    """Return the charts by what they show, as files have them."""
    bands = {
        f"{kind}: {label}": figure
        for kind, quantity in QUANTITIES.items()
        for label, figure in band_figures(compared, quantity, steps=steps, titled=True).items()
    }
    along, random = (smoothness_figure(compared, random=random, steps=steps, short=True) for random in (False, True))
    return {"effective smoothness": along, **bands, "random directions": random}
