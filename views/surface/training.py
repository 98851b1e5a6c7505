"""Training curves of the compared networks."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.training import QUANTITIES, training_figure
from normscape.specs import Display, Experiment
from normscape.views.session.results import Outcome
from normscape.views.share.files import Charts
from normscape.views.share.row import share_row
from normscape.views.widgets.charts import chart, in_light_theme

PUBLISHED = "Published weights were loaded in place of training, so there is no training to show."


def section(experiment: Experiment, display: Display, comparison: Comparison, outcomes: Mapping[str, Outcome]) -> None:
    """Show loss and accuracy along training, except for networks with published weights."""
    st.subheader("Training")
    runs = {label: outcome.run for label, outcome in outcomes.items() if outcome.run.spec.weights is None}
    if len(runs) < len(outcomes):
        st.caption(PUBLISHED)
    if not runs:
        return
    trained = comparison.with_results(runs)
    for column, quantity in zip(st.columns(2), QUANTITIES, strict=True):
        with column:
            chart(training_figure(trained, quantity), f"training {quantity}")
    light = in_light_theme(trained, experiment)

    def draw() -> dict[str, go.Figure]:
        return {quantity: training_figure(light, quantity) for quantity in QUANTITIES}

    share_row(Charts("training", "Training", draw, experiment, display))
