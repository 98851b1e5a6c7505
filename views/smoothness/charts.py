"""Charts, sentences and key numbers of smoothness along training."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.smoothness import band_figure, smoothness_figure
from normscape.figures.style.palette import colors
from normscape.landscape.smoothness import Smoothness
from normscape.specs import Experiment
from normscape.views.smoothness.summary import contrasts, key_numbers
from normscape.views.widgets.charts import chart, page_theme
from normscape.views.widgets.tables import network_table

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


def section(experiment: Experiment, results: Results, missing_checkpoints: int) -> None:
    """Show all results, and how many checkpoints training did not reach."""
    results = {label: columns for label, columns in results.items() if any(columns)}
    if not results:
        st.caption("No compared network has kept weights to probe.")
        return
    if missing_checkpoints:
        st.warning(f"{missing_checkpoints} checkpoints are not there: training diverged before them.")
    for sentence in contrasts(results):
        st.markdown(sentence)
    _charts(experiment, results)
    network_table({label: key_numbers([one for column in own for one in column]) for label, own in results.items()})


def _charts(experiment: Experiment, results: Results) -> None:
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    chart(band_figure(compared, "variation"), "loss along the step")
    chart(band_figure(compared, "predictiveness"), "gradient along the step")
    chart(smoothness_figure(compared), "effective smoothness")
