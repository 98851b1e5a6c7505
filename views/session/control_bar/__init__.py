"""The control bar of a page about an experiment: network, data, what is compared, and its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from normscape.gallery.stories import STORIES, TITLES
from normscape.models import ARCHITECTURES
from normscape.specs import Experiment
from normscape.specs.experiment import comparable_paths
from normscape.specs.fields import owner_and_name, read, replace_at, rule_at, rule_of
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.control_bar import detail
from normscape.views.session.control_bar.values import NORM, compared_values
from normscape.views.widgets.fields import field, options
from normscape.views.widgets.glossary_button import glossary_button

OWN = "Your own experiment"
FIELDS: Mapping[str, int] = {"run.model.architecture": 155, "run.data.name": 145, NORM: 155}
"""Fields that have a control of their own in the bar, with its width in pixels."""

COMPARE_ORDER = ("run.model.", "run.training.", "run.weights", "run.data.", "surface.")
"""Beginnings of paths in the order of the menu *Compare*, after the normalization."""

COMPARE_HELP = (
    "What differs between the panels. Everything else is shared: data, seeds, initial weights where shapes match, axes "
    "and colors."
)

ADVANCED_HELP = "Opens and closes the sidebar, which holds all other settings of the experiment."


def control_bar(experiment: Experiment, terms: tuple[str, ...], *, timed: bool = True) -> Experiment:
    """Show the controls of the bar, and return the experiment with their values.

    Args:
        experiment: what the controls start from.
        terms: names in the glossary, which a button of the bar explains.
        timed: whether the page computes surfaces, whose time the choice of detail states.
    """
    controls = st.container(key="controls")  # the two rows, which a tablet arranges anew (`style.css`)
    with controls.container(horizontal=True, vertical_alignment="bottom", gap="small", key="control-bar"):
        _preset(experiment)
        compared = st.container(width=140)  # a place of its own: a control that moves loses an edit in progress
        for path, width in FIELDS.items():
            if path != experiment.compare:
                five = experiment.compare != NORM  # a menu more: each has less room
                with st.container(width=width - 8 * five, key=f"bar-{path}{'-of-five' if five else ''}"):
                    experiment = field(experiment, path, detail.resize_with(path) if path != NORM else None)
        with compared:
            experiment = _compared_field(experiment)
        with st.container(  # in one container, so that no button wraps to a row of its own
            horizontal=True, vertical_alignment="bottom", gap="small", key="bar-end", width="content"
        ):
            with st.container(key="detail", width="content"):
                detail.control(experiment, timed=timed)
            st.button("Advanced", icon=":material/tune:", key="advanced", on_click=open_advanced, help=ADVANCED_HELP)
            glossary_button(*terms)
    with controls:
        return compared_values(experiment)


def open_advanced() -> None:
    """Open the sidebar with all other settings at the next run."""
    st.session_state["advanced-open"] = True


def close_advanced() -> None:
    """Close it. Two functions, since a run that is interrupted may repeat the click."""
    st.session_state["advanced-open"] = False


def _preset(experiment: Experiment) -> None:
    current = TITLES.get(experiment, OWN)
    st.session_state["preset"] = current
    st.selectbox(
        "Start from",
        [*STORIES, *([OWN] if current == OWN else [])],
        key="preset",
        on_change=_adopt_preset,
        help="Ready-made experiments. Choosing one sets all controls; change any of them to make it your own.",
        width=228,
    )


def _adopt_preset() -> None:
    if (name := st.session_state["preset"]) in STORIES:
        address.adopt_story(STORIES[name])


def _compared_field(experiment: Experiment) -> Experiment:
    paths = compared_fields()
    path = st.selectbox(
        "Compare",
        paths,
        paths.index(experiment.compare),
        format_func=lambda path: rule_at(experiment, path).label,
        key=control("compare"),
        help=COMPARE_HELP,
    )
    return experiment if path == experiment.compare else _recompared(experiment, path)


def compared_fields() -> list[str]:
    """Return the fields that can be compared, in the order of the menu."""
    return sorted(comparable_paths(), key=lambda path: (path != NORM, _rank(path)))


def _rank(path: str) -> int:
    """Return the position of the first group of fields that a path belongs to."""
    return next((k for k, start in enumerate(COMPARE_ORDER) if path.startswith(start)), len(COMPARE_ORDER))


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
    owner, name = owner_and_name(experiment, path)
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
