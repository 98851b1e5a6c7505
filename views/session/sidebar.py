"""The sidebar: all settings of the experiment that the control bar does not have."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import streamlit as st

from normscape.specs import Experiment
from normscape.specs.fields import read, replace_at, rule_at
from normscape.specs.serialization.query import value_text
from normscape.views.session import address
from normscape.views.session.control_bar import close_advanced, open_advanced
from normscape.views.session.control_bar.detail import sized
from normscape.views.session.limits import hidden
from normscape.views.session.pictures import uploader
from normscape.views.texts.escape import printable
from normscape.views.widgets.fields import entry_label, field
from normscape.views.widgets.numbers import number

FIRST: Mapping[str, tuple[str, ...]] = {
    "Network": ("run.model.placement", "run.model.depth", "run.model.width"),
    "Training": (
        "run.training.optimizer",
        "run.training.learning_rate",
        "run.training.batch_size",
        "run.training.steps",
    ),
    "Slice": ("surface.evaluation.statistics", "surface.plane.directions", "surface.grid.points"),
}
"""The settings that are asked for most, always visible."""

MORE: Mapping[str, tuple[str, ...]] = {
    "More on the network": (
        "run.model.affine",
        "run.model.averaging",
        "run.model.shortcut",
        "run.model.activation",
        "run.model.initialization",
    ),
    "Data": (
        "run.data.size",
        "run.data.take",
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
    "More on training": (
        "run.weights",
        "run.data.loss",
        "run.training.schedule",
        "run.training.momentum",
        "run.training.weight_decay",
        "run.training.augmentation",
        "run.training.checkpoints",
        "run.training.recorded_samples",
        "run.training.seed",
    ),
    "More on the slice": (
        "surface.evaluation.batch_size",
        "surface.evaluation.split",
        "surface.evaluation.samples",
        "surface.evaluation.samples_seed",
        "surface.plane.trainings",
        "surface.plane.through",
        "surface.plane.scaling",
        "surface.plane.orthogonal",
        "surface.plane.seed",
        "surface.grid.ranges",
        "surface.evaluation.precision",
        "surface.evaluation.residual",
    ),
}
"""All other settings, each group in an expander."""

PAGES_ALONE = """
@media (max-width: 768px) {
  [data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] > :not(.st-key-menu-advanced) { display: none; }
  [data-testid="stSidebarUserContent"] [data-testid="stVerticalBlock"] > .st-key-menu-advanced { display: block; }
}
"""
SETTINGS_ALONE = """
@media (max-width: 768px) {
  :is([data-testid="stSidebarNav"], [data-testid="stSidebarNavSeparator"]) { display: none; }
}
"""
"""On a phone the menu has the list of pages and a button, which replaces the list by the settings."""

RESET_HELP = "Resets every setting of this sidebar. Network, data and what is compared stay."


def sidebar(experiment: Experiment) -> Experiment:
    """Show the settings of an experiment, and return the experiment with their values."""
    with st.sidebar:
        st.button("Advanced settings", icon=":material/tune:", key="menu-advanced", on_click=open_advanced)
        st.html(f"<style>{SETTINGS_ALONE if st.session_state.get('advanced-open') else PAGES_ALONE}</style>")
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader("Advanced", anchor=False)
            st.button("Close", key="close-advanced", icon=":material/close:", on_click=close_advanced)
        for title, paths in FIRST.items():
            st.markdown(f"**{title}**")
            experiment = _fields(experiment, paths)
        for title, paths in MORE.items():
            with st.expander(title):
                experiment = _fields(experiment, paths)
        if changes := changed(experiment):
            st.caption(f"Changed from the default: {printable(', '.join(changes))}.")
        st.button("Reset to the defaults", key="reset-advanced", help=RESET_HELP, on_click=_reset)
        uploader()
    return experiment


def _reset() -> None:
    """Set all settings of the sidebar to their defaults, and the sizes to those of *Quick*."""
    experiment: Experiment = st.session_state["experiment"]
    for path in (path for paths in (*FIRST.values(), *MORE.values()) for path in paths):
        if path not in (*address.SIZES, experiment.compare):
            with suppress(TypeError, ValueError):  # another choice may not admit it
                experiment = replace_at(experiment, path, read(address.DEFAULT, path))
    address.adopt(sized(experiment, full=False))


def _fields(experiment: Experiment, paths: tuple[str, ...]) -> Experiment:
    for path in paths:
        if not hidden(experiment, path):
            experiment = field(experiment, path)
    return experiment


def changed(experiment: Experiment) -> list[str]:
    """Return the settings that differ from the default experiment's, each with its value, apart from sizes."""
    paths = [path for paths in (*FIRST.values(), *MORE.values()) for path in paths]
    return [
        f"{_label(experiment, path)} {_text(experiment, path)}"
        for path in paths
        if path not in (*address.SIZES, experiment.compare)
        and not hidden(experiment, path)
        and read(experiment, path) != read(address.DEFAULT, path)
    ]


def _label(experiment: Experiment, path: str) -> str:
    label = rule_at(experiment, path).label
    return label[:1].lower() + label[1:]


def _text(experiment: Experiment, path: str) -> str:
    value = read(experiment, path)
    if isinstance(value, (str, bool)):
        return entry_label(experiment, path, value)
    return number(value, digits=6) if isinstance(value, float) else value_text(value)
