"""One step of the argument on the page: its claim, its derivation, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Compared
from normscape.figures.style.palette import colors
from normscape.specs import Experiment
from normscape.views.analysis.steps import Step
from normscape.views.session.address import control
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import losses, measure_networks
from normscape.views.texts.papers import cite
from normscape.views.widgets.charts import page_theme, row_of_charts
from normscape.views.widgets.tables import network_table


def section(step: Step, experiment: Experiment, *, always: bool) -> None:
    """Show a step, and measure it if its switch is on.

    Args:
        step: the step.
        experiment: the compared networks.
        always: measure it without a switch.
    """
    _claim(step)
    if not always and not _switch(step):
        st.caption(f"Cost: {step.cost}.")
        return
    measurements = measure_networks(experiment, step.kind, step.title)
    show_progress(measurements.request, measurements.finished)
    if measurements.results:
        compared = Compared(measurements.results, colors=colors(experiment, page_theme()), theme=page_theme())
        _results(step, compared, losses(experiment))
    elif measurements.finished:
        st.caption("No compared network has weights at this training step.")


def _claim(step: Step) -> None:
    st.subheader(f"{step.title} ({step.numbers})")
    st.markdown(step.sentence)
    with st.expander("Derivation and assumptions"):
        st.markdown(step.derivation)
        st.markdown(f"**Assumed**: {step.assumes}")
        if step.papers:
            st.markdown(f"**Papers**: {', '.join(map(cite, step.papers))}")


def _switch(step: Step) -> bool:
    initial = step.kind == st.session_state["step"]  # on for the step that an opened counterexample is about
    options: dict[str, Any] = {"key": control(f"analysis:{step.kind}"), "help": f"Takes {step.cost}."}
    return st.toggle("Measure this step", initial, **options)


def _results(step: Step, compared: Compared[Any], fits: Mapping[str, Mapping[str, str]]) -> None:
    """Show verdicts, figures and the table of a step.

    Args:
        step: the step.
        compared: results of all networks.
        fits: training and held-out loss as text, by label and name.
    """
    for label, result in compared.results.items():
        st.markdown(f"**{label}**: {step.verdict(result)}")
    _figures(step, compared)
    network_table({label: step.rows(result) | {**fits.get(label, {})} for label, result in compared.results.items()})


def _figures(step: Step, compared: Compared[Any]) -> None:
    shared = {}  # figures that hold all networks share one row at the end
    for index, draw in enumerate(step.figures):
        figure = draw(compared)
        if isinstance(figure, go.Figure):
            shared[f"{step.title}, {index + 1}"] = figure
        else:
            row_of_charts(figure, f"{step.kind} {index}")
    row_of_charts(shared, step.kind)
