"""Why the second moments of standardized inputs do not differ, and a button that opens the experiment without (A8)."""

from __future__ import annotations

import streamlit as st

from normscape.specs import Experiment
from normscape.specs.fields import replace_at
from normscape.views.analysis import replacement
from normscape.views.analysis.replacement import Replacement

STEP = "layer-rates"
SCALING = "run.data.scaling"

NOTE = (
    "The data are standardized, so $E[x^2]$ is 1 for every input of the first layer, and the figure orders the inputs "
    "by their ratio. Inputs in units of 0 to 1 differ in $E[x^2]$."
)


def section(experiment: Experiment) -> None:
    """Show the note and the button if the data of all compared networks are standardized."""
    if experiment.compare == SCALING or experiment.run.data.scaling != "standardized":
        return
    with st.container(border=True):
        st.markdown(NOTE)
        if st.button("Open inputs of 0 to 1", key="raw inputs"):
            after = replace_at(experiment, SCALING, "unit")
            replacement.replace(Replacement(STEP, "Now comparing with **inputs of 0 to 1**.", experiment, after), STEP)
            st.rerun()
