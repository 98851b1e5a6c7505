"""The kinds of statistics side by side: each compared network under all three, and what differs (D1)."""

from __future__ import annotations

import streamlit as st

from figures.surface import contour_figures, difference_figures
from specs import Display, Experiment
from specs.surface import STATISTICS
from views.charts import row_of_charts
from views.facts import MISSING, number
from views.progress import progress_bar
from views.studies import normalized_over_samples, over_statistics
from views.work import Measured

COMPARED = "surface.statistics"

HELP = (
    "Measures every network with the statistics of all samples, of mini-batches, and with the stored averages. Takes "
    "three times as long as the surfaces above. Networks whose statistics are not of samples have one kind only, and "
    "are left out."
)

DIFFERENCES = "What the second and third kind show more, or less, than the first, with one range of colours (D4)."


def statistics_panel(experiment: Experiment, display: Display, *, dark: bool) -> None:
    """Show the switch, and where it is on, every network's surfaces under all kinds and their differences."""
    with_kinds = normalized_over_samples(experiment)
    if experiment.compare == COMPARED or not with_kinds:
        return  # they are what is compared above, or there is one kind only
    if not st.toggle("Show all kinds of statistics", key="field:all-statistics", help=HELP):
        return
    with progress_bar() as report:
        found = over_statistics(experiment, with_kinds, report)
    for row, (label, by_kind) in enumerate(found.items()):
        surfaces = {kind: measured.surface for kind, measured in by_kind.items()}
        drawn = (surfaces, display.shown, display.scale)
        st.markdown(f"**{label}**")
        row_of_charts(contour_figures(*drawn, colours={}, dark=dark), f"statistics {row}")
        row_of_charts(difference_figures(*drawn, dark=dark), f"difference of statistics {row}")
    st.caption(DIFFERENCES)
    losses = {label: [_centre(measured.get(kind)) for kind in STATISTICS] for label, measured in found.items()}
    st.table({"Loss at the centre": list(STATISTICS)} | losses)


def _centre(measured: Measured | None) -> str:
    return MISSING if measured is None else number(measured.direct_loss, digits=6)
