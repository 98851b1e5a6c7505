"""The sidebar: the controls of the experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from normscape.landscape import DATA
from normscape.models import ARCHITECTURES, NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.experiment import MOST_VALUES, comparable_paths
from normscape.specs.fields import read, replace_at, rule_of
from normscape.specs.serialization.query import value_text
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.limits import hidden
from normscape.views.session.pictures import uploader
from normscape.views.session.presets import PRESETS
from normscape.views.widgets.fields import compared_from_texts, field, option_label, options

OWN = "Your own experiment"

DESCRIBED: Mapping[str, Mapping[str, Any]] = {
    "run.model.architecture": ARCHITECTURES,
    "run.model.norm": NORMALIZATIONS,
    "run.data.name": DATA,
}
"""Registries of the fields whose selected entry is described below the control."""

GROUPS = {
    "Network": (
        "run.model.architecture",
        "run.model.norm",
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
        "run.data.name",
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
        "run.training.momentum",
        "run.training.weight_decay",
        "run.training.batch_size",
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
    ),
}


def sidebar(experiment: Experiment) -> Experiment:
    """Show the controls of an experiment, and return the experiment with their values."""
    with st.sidebar:
        _preset(experiment)
        experiment = _compared(experiment)
        for title, fields in GROUPS.items():
            with st.expander(title):
                for path in fields:
                    if not hidden(experiment, path):
                        experiment = field(experiment, path)
                        _description(experiment, path)
        uploader()
    return experiment


def _description(experiment: Experiment, path: str) -> None:
    """Describe the selected network, normalization or data set below its control."""
    if path != experiment.compare:
        _entry_description(path, read(experiment, path))


def _entry_description(path: str, name: Any) -> None:
    entries = DESCRIBED.get(path, {})
    if name in entries:
        st.caption(entries[name].description)


def _preset(experiment: Experiment) -> None:
    names = {preset.experiment: name for name, preset in PRESETS.items()}
    current = names.get(experiment, OWN)
    st.session_state["preset"] = current
    st.selectbox(
        "Start from",
        [*PRESETS, *([OWN] if current == OWN else [])],
        key="preset",
        on_change=_adopt_preset,
        help="Ready-made experiments. Choosing one sets all controls below; change any of them to make it your own.",
    )
    if current in PRESETS:
        preset = PRESETS[current]
        st.caption(f"{preset.sentence} About {preset.seconds:.0f} s on two cores.")


def _adopt_preset() -> None:
    if (name := st.session_state["preset"]) in PRESETS:
        address.adopt(PRESETS[name].experiment)


def _compared(experiment: Experiment) -> Experiment:
    """Show the controls of the compared field and its values."""
    paths = comparable_paths()
    path = st.selectbox(
        "Compare",
        paths,
        paths.index(experiment.compare),
        format_func=lambda path: _label(experiment, path),
        key=control("compare"),
        help="The one thing that differs between the networks side by side. Everything else is equal: samples, seeds, "
        "initial weights wherever shapes agree, order of the samples, axes and colors (D4).",
    )
    if path != experiment.compare:
        experiment = _recompared(experiment, path)
    return _values(experiment)


def _values(experiment: Experiment) -> Experiment:
    path = experiment.compare
    names = options(read(experiment, path.rsplit(".", 1)[0]), path.rsplit(".", 1)[-1])
    key = control(f"values:{path}")
    shown = [value if names else value_text(value) for value in experiment.values]
    extra: dict[str, Any] = {"accept_new_options": True}
    if names:
        extra = {"format_func": lambda value: option_label(experiment, path, value)}
    chosen = st.multiselect(
        "Values",
        names or list(dict.fromkeys([*shown, *st.session_state.get(key, [])])),
        shown,
        key=key,
        max_selections=MOST_VALUES,
        help=f"Up to {MOST_VALUES}, side by side on one scale." + ("" if names else " Type a number to add it."),
        **extra,
    )
    if not chosen:
        st.warning("Choose at least one value; the last ones are still shown.")
        return experiment
    if names:
        for name in chosen:
            _entry_description(path, name)
        return Experiment(experiment.run, experiment.surface, path, tuple(chosen))
    experiment, notes = compared_from_texts(experiment, path, chosen)
    for note in notes:
        st.error(note)
    return experiment


def _recompared(experiment: Experiment, path: str) -> Experiment:
    """Compare another field, by its current value and one to three others."""
    kept: list[Any] = []
    for value in _suggested(experiment, path):
        try:
            replace_at(experiment, path, value)
        except (TypeError, ValueError):
            continue
        kept += [value] if value not in kept else []
    return Experiment(experiment.run, experiment.surface, path, tuple(kept))


def _suggested(experiment: Experiment, path: str) -> tuple[Any, ...]:
    owner, name = read(experiment, path.rsplit(".", 1)[0]), path.rsplit(".", 1)[-1]
    value = read(experiment, path)
    if (names := options(owner, name)) is not None:
        return (value, *names)[:4]
    if isinstance(value, tuple):
        return (value,)
    if value is None and name in ("depth", "width"):
        own = getattr(ARCHITECTURES[experiment.run.model.architecture].size, name)
        return (own, own * 2) if path != "run.model.depth" or own < 8 else (own, own + 6, own + 12)
    if value is None:
        return (int(rule_of(owner, name).low or 0), None)
    return (value, value + 1, value + 2) if name == "seed" else (value, value * 2)


def _label(experiment: Experiment, path: str) -> str:
    owner, name = read(experiment, path.rsplit(".", 1)[0]), path.rsplit(".", 1)[-1]
    return rule_of(owner, name).label
