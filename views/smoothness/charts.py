"""Charts, sentences and key numbers of smoothness along training."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import band_figure, smoothness_figure
from normscape.figures.style.palette import colors
from normscape.landscape.smoothness import Smoothness
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
from normscape.views.widgets.charts import chart, in_light_theme, page_theme
from normscape.views.widgets.numbers import ABOUT_EQUAL
from normscape.views.widgets.tables import network_table

CAPTIONS = {
    "effective smoothness": (
        r"The largest $\|\nabla f(\theta)-\nabla f(\theta-\eta g)\|/\|\eta g\|$ over all step lengths $\eta$, at each "
        r"checkpoint. Solid: along the mini-batch gradient $g$. Dotted: along random directions, as a control. "
        r"Training steps are spaced by log(step + 1)."
    ),
    "gradient along the step": (
        "A band goes from the smallest to the largest change over all step lengths. A shorter step changes the "
        r"gradient less, so read it beside $\beta$, which is per unit of distance."
    ),
    "loss along the step": (
        "A band goes from the smallest to the largest loss over all step lengths; a narrow band is a predictable step."
    ),
}
"""What each chart shows, in view below it."""

MEDIANS = (
    "Medians over the checkpoints of each network. The relative rows take the ratio at each checkpoint first, then the "
    "median of these ratios, so it can differ from the quotient of two medians."
)

SMOOTHER = Experiment(run=RunSpec(data=DataSpec(scaling="raw")))
"""An experiment in which batch norm is smoother along training."""

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


def verdict(experiment: Experiment, results: Results) -> None:
    """Show how every further network compares with the first; explain where batch norm is less smooth.

    Args:
        experiment: the compared networks.
        results: of all checkpoints that training reached.
    """
    results = _nonempty(results)
    if len(results) < 2:
        for label, columns in results.items():
            st.markdown(alone(label, [one for column in columns for one in column]))
        return
    reference, compared = next(iter(results)), ratios(results)
    st.markdown(headline(reference, compared))
    batch = compared.get(_batch_norm(experiment))
    if batch is not None and batch.median > ABOUT_EQUAL:
        st.markdown(LESS_SMOOTH)
        if experiment != SMOOTHER:
            st.button("Open the digits with raw inputs", on_click=address.adopt, args=(SMOOTHER,))


def _batch_norm(experiment: Experiment) -> str:
    """Return the label of the network with batch norm, if it is compared with one without; otherwise nothing."""
    labels = {run.model.norm: label for label, (run, _) in experiment.variants().items()}
    first = next(iter(experiment.variants().values()))[0].model.norm
    return labels.get("batch", "") if experiment.compare == "run.model.norm" and first == "none" else ""


def section(
    experiment: Experiment, display: Display, results: Results, missing_checkpoints: int, *, finished: bool
) -> None:
    """Show the charts of all available results; share buttons and the table follow once all are available.

    Args:
        experiment: the compared networks.
        display: metric and camera of the address.
        results: of the measured checkpoints; a network without any is left out once all are finished.
        missing_checkpoints: number of checkpoints that training did not reach.
        finished: whether nothing more will come.
    """
    results = _nonempty(results) if finished else results
    if not results:
        st.caption("No compared network has kept weights to probe.")
        return
    if missing_checkpoints:
        st.warning(f"Training diverged before {missing_checkpoints} of the checkpoints; they are left out.")
    _charts(experiment, display, results, finished=finished)
    if not finished:
        return
    columns = {label: key_numbers([one for column in own for one in column]) for label, own in results.items()}
    reference = next(iter(results))
    if len(results) > 1:
        columns = {label: own | ratio_numbers(reference, ratios(results).get(label)) for label, own in columns.items()}
    network_table(columns, missing="")
    if len(results) > 1:
        st.caption(MEDIANS)


def _nonempty(results: Results) -> Results:
    return {label: columns for label, columns in results.items() if any(columns)}


def _charts(experiment: Experiment, display: Display, results: Results, *, finished: bool) -> None:
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    for kind, figure in _figures(compared).items():
        chart(figure, kind)
        st.caption(CAPTIONS[kind])
    if not finished:
        return
    light = in_light_theme(compared, experiment)
    share_row(Charts("along training", "Smoothness along training", lambda: _figures(light), experiment, display))


def _figures(compared: Compared[list[list[Smoothness]]]) -> dict[str, go.Figure]:
    """Return the charts by what they show."""
    return {
        "effective smoothness": smoothness_figure(compared),
        "gradient along the step": band_figure(compared, "predictiveness"),
        "loss along the step": band_figure(compared, "variation"),
    }
