"""The sidebar: all settings of the experiment that the control bar does not have."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.specs import Experiment
from normscape.views.session.control_bar import toggle_advanced
from normscape.views.session.limits import hidden
from normscape.views.session.pictures import uploader
from normscape.views.widgets.fields import field

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Network": (
        "run.model.placement",
        "run.model.affine",
        "run.model.averaging",
        "run.model.depth",
        "run.model.width",
        "run.model.shortcut",
        "run.model.activation",
        "run.model.initialization",
    ),
    "Data": (
        "run.data.size",
        "run.data.scaling",
        "run.data.shift",
        "run.data.deviation",
        "run.data.divisor",
        "run.data.gaussian.inputs",
        "run.data.gaussian.outputs",
        "run.data.gaussian.mean",
        "run.data.gaussian.covariance",
        "run.data.gaussian.teacher",
        "run.data.gaussian.noise",
        "run.data.seed",
    ),
    "Training": (
        "run.weights",
        "run.training.optimizer",
        "run.training.learning_rate",
        "run.training.schedule",
        "run.training.momentum",
        "run.training.weight_decay",
        "run.training.batch_size",
        "run.training.augmentation",
        "run.training.steps",
        "run.training.checkpoints",
        "run.training.recorded_samples",
        "run.training.seed",
    ),
    "Slice": (
        "surface.evaluation.statistics",
        "surface.evaluation.batch_size",
        "surface.evaluation.split",
        "surface.evaluation.samples",
        "surface.evaluation.samples_seed",
        "surface.plane.directions",
        "surface.plane.through",
        "surface.plane.scaling",
        "surface.plane.orthogonal",
        "surface.plane.seed",
        "surface.grid.points",
        "surface.grid.ranges",
        "surface.evaluation.precision",
        "surface.evaluation.residual",
    ),
}


def sidebar(experiment: Experiment) -> Experiment:
    """Show the settings of an experiment, and return the experiment with their values."""
    with st.sidebar:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader("Advanced", anchor=False)
            st.button("Close", key="close-advanced", icon=":material/close:", on_click=toggle_advanced)
        for title, fields in GROUPS.items():
            with st.expander(title):
                for path in fields:
                    if not hidden(experiment, path):
                        experiment = field(experiment, path)
        uploader()
    return experiment
