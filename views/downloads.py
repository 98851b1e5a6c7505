"""What can be taken away: the numbers, and the picture as a page that turns."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from exports.numbers import numbers
from exports.page import interactive_page
from figures.surface import comparison_figure
from specs import Display, Experiment, spec_hash
from views.facts import facts
from views.protocol import caption, protocol
from views.work import Outcome


def downloads(
    experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome], colours: Mapping[str, str]
) -> None:
    """Show the download buttons; files are made when they are asked for."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    name = f"normscape-{spec_hash(experiment)[:12]}"

    def picture() -> str:
        figure = comparison_figure(
            surfaces,
            display.shown,
            display.scale,
            colours=colours,
            caption=caption(experiment),
            camera=display.camera,
        )
        return interactive_page(figure, experiment, protocol(experiment, display, outcomes))

    def table() -> bytes:
        return numbers(experiment, surfaces, facts(outcomes))

    with st.container(horizontal=True):
        st.download_button(
            "Picture (HTML)",
            picture,
            f"{name}-{display.metric}.html",
            "text/html",
            on_click="ignore",
            disabled=not surfaces,
            help="One file that shows the surfaces side by side and lets you turn them, without a network.",
        )
        st.download_button(
            "Numbers (npz)",
            table,
            f"{name}.npz",
            "application/octet-stream",
            on_click="ignore",
            help="All arrays with the experiment and the facts, for numpy.load.",
        )
    st.caption("For a picture as PNG, use the camera that appears when you point at a chart.")
