"""The kinds of statistics side by side: each compared network under all three, and what differs (D1)."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.surface import contour_figures, difference_figures
from normscape.specs import Display, Experiment
from normscape.specs.evaluation import STATISTICS
from normscape.views.session.address import control
from normscape.views.session.progress import waiting
from normscape.views.session.requests import normalized_over_samples, over_statistics
from normscape.views.session.results import Measured, Now
from normscape.views.widgets.charts import row_of_charts
from normscape.views.widgets.numbers import MISSING, number

COMPARED = "surface.evaluation.statistics"

HELP = (
    "Measures every network with the statistics of all samples, of mini-batches, and with the stored averages. Takes "
    "three times as long as the surfaces above. Networks whose statistics are not of samples have one kind only, and "
    "are left out."
)

DIFFERENCES = "What the second and third kind show more, or less, than the first, with one range of colours (D4)."


def statistics_panel(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show the switch, and where it is on, every network's surfaces under all kinds and their differences."""
    with_kinds = normalized_over_samples(experiment)
    if experiment.compare == COMPARED or not with_kinds:
        return  # they are what is compared above, or there is one kind only
    if not st.toggle("Show all kinds of statistics", key=control("all-statistics"), help=HELP):
        return
    now, columns = over_statistics(experiment, display, with_kinds)
    waiting(now.request, now.over)
    losses: dict[str, list[str]] = {}
    for row, (label, column) in enumerate(zip(with_kinds, columns, strict=True)):
        measured = {kind: _measured(now, name) for kind, name in zip(STATISTICS, column, strict=True)}
        surfaces = {kind: one.surface for kind, one in measured.items() if one is not None}
        if not now.over or not surfaces:
            continue
        modes = replace(comparison, results=surfaces, colors={})
        st.markdown(f"**{label}**")
        row_of_charts(contour_figures(modes), f"statistics {row}")
        row_of_charts(difference_figures(modes), f"difference of statistics {row}")
        losses[label] = [_centre(one) for one in measured.values()]
    if losses:
        st.caption(DIFFERENCES)
        st.table({"Loss at the center": list(STATISTICS)} | losses)


def _measured(now: Now, name: str) -> Measured | None:
    outcome = now.outcomes.get(name)
    return None if outcome is None else outcome.measured


def _centre(measured: Measured | None) -> str:
    return MISSING if measured is None or measured.direct_loss is None else number(measured.direct_loss, digits=6)
