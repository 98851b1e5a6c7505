"""The compared networks under every kind of batch-norm statistics, and the differences between the kinds (D1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.surface import contour_figures, difference_figures
from normscape.specs import Display, Experiment
from normscape.specs.evaluation import STATISTICS
from normscape.views.session.address import control
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import normalized_over_samples, request_statistics_modes
from normscape.views.session.results import ComparisonState, Measured
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.widgets.charts import in_light_theme, row_of_charts
from normscape.views.widgets.numbers import MISSING, number
from normscape.views.widgets.tables import network_table

COMPARED = "surface.evaluation.statistics"

HELP = (
    "Measures every network with the statistics of all samples, of mini-batches, and with the stored averages. Takes "
    "three times as long as the surfaces above. Networks whose statistics are not of samples have one kind only, and "
    "are left out."
)

DIFFERENCES = "What the second and third kind show more, or less, than the first, with one range of colors."


def section(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show a switch, and if it is on, the surfaces of every network under all kinds of statistics."""
    labels = normalized_over_samples(experiment)
    if experiment.compare == COMPARED or not labels:
        return  # the surfaces above compare them already, or no network has more than one kind
    if not st.toggle("Show all kinds of statistics", key=control("all-statistics"), help=HELP):
        return
    state, columns = request_statistics_modes(experiment, display, labels)
    show_progress(state.request, state.finished)
    losses: dict[str, Mapping[str, str]] = {}
    for row, (label, column) in enumerate(zip(labels, columns, strict=True)):
        measured = {kind: _measured(state, name) for kind, name in zip(STATISTICS, column, strict=True)}
        if state.finished and any(measured.values()):
            st.markdown(f"**{label}**")
            _charts(measured, comparison, row)
            _share(label, row, measured, in_light_theme(comparison, experiment), experiment, display)
            losses[label] = {kind: _center_loss(one) for kind, one in measured.items()}
    if losses:
        st.caption(DIFFERENCES)
        network_table(losses, "Loss at the center")


def _charts(measured: Mapping[str, Measured | None], comparison: Comparison, row: int) -> None:
    """Draw one network's surfaces under all kinds of statistics and their differences from the first.

    Args:
        measured: by kind of statistics.
        comparison: metric, scale and theme.
        row: index of the network.
    """
    kinds = _kinds(measured, comparison)
    row_of_charts(contour_figures(kinds), f"statistics {row}")
    row_of_charts(difference_figures(kinds), f"difference of statistics {row}")


def _share(
    label: str,
    row: int,
    measured: Mapping[str, Measured | None],
    comparison: Comparison,
    experiment: Experiment,
    display: Display,
) -> None:
    """Show the share row of one network's charts; the comparison has the light theme."""
    kinds, title = _kinds(measured, comparison), f"{label}: {comparison.metric_title} by kind of statistics"

    def draw() -> dict[str, go.Figure]:
        return {**contour_figures(kinds), **{f"difference, {k}": f for k, f in difference_figures(kinds).items()}}

    run, surface = experiment.variants()[label]
    compared = Experiment(run, surface, COMPARED, STATISTICS)  # what the link opens
    share_row(Charts(f"statistics {row}", title, draw, compared, display, True))


def _kinds(measured: Mapping[str, Measured | None], comparison: Comparison) -> Comparison:
    surfaces = {kind: one.surface for kind, one in measured.items() if one is not None}
    return replace(comparison, results=surfaces, colors={})


def _measured(state: ComparisonState, name: str) -> Measured | None:
    outcome = state.outcomes.get(name)
    return None if outcome is None else outcome.measured


def _center_loss(measured: Measured | None) -> str:
    return MISSING if measured is None or measured.direct_loss is None else number(measured.direct_loss, digits=6)
