"""Steps of the argument that are choices (A9 to A13): each compares the present experiment by another field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from normscape.figures.style.notation import plain
from normscape.models import NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.fields import replace_at
from normscape.views.session import address

CHOICES: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "Before or after the layer (A9)": ("run.model.placement", ("before", "after")),
    r"With $\gamma$ and $\beta$ or without (A10)": ("run.model.affine", (True, False)),
    "Batch sizes (A11)": ("run.training.batch_size", (8, 32, 128)),
    "Momentum of the averages (A12)": ("run.model.averaging", (0.01, 0.1, 0.5)),
    "All normalizations (A13)": ("run.model.norm", tuple(NORMALIZATIONS)[:8]),
}
"""The compared field and its values, by label of a button."""


def section(experiment: Experiment) -> None:
    """Show a button for every choice, which adopts the experiment that compares it."""
    st.subheader("Where to put it, and with what (A3, A9 to A13)")
    st.markdown(
        "These are choices: each compares something else in all steps above. Whether larger learning rates are "
        "really stable (A3), page *Learning rates* tells."
    )
    with st.container(horizontal=True):
        for choice in CHOICES:
            if st.button(choice, key=f"choice {plain(choice)}"):
                address.adopt(compared_by(experiment, choice))
                st.rerun()


def compared_by(experiment: Experiment, choice: str) -> Experiment:
    """Return the experiment with another compared field, and with batch norm if it had no normalization.

    Args:
        experiment: the present comparison.
        choice: a name in `CHOICES`.

    Raises:
        ValueError: a value does not fit the experiment.
    """
    path, values = CHOICES[choice]
    if path != "run.model.norm" and experiment.run.model.norm == "none":
        experiment = replace_at(experiment, "run.model.norm", "batch")
    return Experiment(experiment.run, experiment.surface, path, values)
