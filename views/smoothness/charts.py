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
from normscape.views.smoothness.summary import ABOUT_EQUAL, LESS_SMOOTH, headline, key_numbers, ratios
from normscape.views.widgets.charts import chart, in_light_theme, page_theme
from normscape.views.widgets.tables import network_table

AXES = (
    "Training steps are spaced by log(step + 1). Zeros and non-finite values are omitted. Bands go from the "
    "smallest to the largest value over all step lengths."
)

MEDIANS = (
    "Medians over the checkpoints of each network. The sentence above takes the ratio at each checkpoint first, then "
    "the median of these ratios, so it can differ from the quotient of two medians."
)

SMOOTHER = Experiment(run=RunSpec(data=DataSpec(scaling="raw")))
"""An experiment in which batch norm is smoother along training."""

Results = Mapping[str, list[list[Smoothness]]]
"""By label, then by seed, then by checkpoint."""


def section(experiment: Experiment, display: Display, results: Results, missing_checkpoints: int) -> None:
    """Show all results, and how many checkpoints training did not reach."""
    results = {label: columns for label, columns in results.items() if any(columns)}
    if not results:
        st.caption("No compared network has kept weights to probe.")
        return
    if missing_checkpoints:
        st.warning(f"Training diverged before {missing_checkpoints} of the checkpoints; they are left out.")
    _headlines(experiment, results)
    _charts(experiment, display, results)
    network_table({label: key_numbers([one for column in own for one in column]) for label, own in results.items()})
    if len(results) > 1:
        st.caption(MEDIANS)


def _headlines(experiment: Experiment, results: Results) -> None:
    """Show how every further network compares with the first; where one is less smooth, explain and offer another."""
    reference, compared = next(iter(results)), ratios(results)
    with st.container(key="verdict"):
        for label, ratio in compared.items():
            st.markdown(headline(reference, label, ratio))
        if any(ratio is not None and ratio.median > ABOUT_EQUAL for ratio in compared.values()):
            st.markdown(LESS_SMOOTH)
            if experiment != SMOOTHER:
                st.button("Open the digits with raw inputs", on_click=address.adopt, args=(SMOOTHER,))


def _charts(experiment: Experiment, display: Display, results: Results) -> None:
    compared = Compared(results, colors=colors(experiment, page_theme()), theme=page_theme())
    for kind, figure in _figures(compared).items():
        chart(figure, kind)
    st.caption(AXES)
    light = in_light_theme(compared, experiment)
    share_row(Charts("along training", "Smoothness along training", lambda: _figures(light), experiment, display))


def _figures(compared: Compared[list[list[Smoothness]]]) -> dict[str, go.Figure]:
    """Return the charts by what they show."""
    return {
        "effective smoothness": smoothness_figure(compared),
        "gradient along the step": band_figure(compared, "predictiveness"),
        "loss along the step": band_figure(compared, "variation"),
    }
