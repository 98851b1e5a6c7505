"""The compared values: normalizations are chips in their colors, everything else is a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from normscape.figures.style.palette import norm_colors
from normscape.models import NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.experiment import MOST_VALUES
from normscape.specs.fields import owner_and_name, rule_at
from normscape.specs.serialization.query import value_text
from normscape.views.session.address import control
from normscape.views.widgets.charts import page_theme
from normscape.views.widgets.fields import chosen_option, compared_from_texts, network_label, options
from normscape.views.widgets.rejection import reject, show_rejection

NORM = "run.model.norm"

MORE = "More normalizations"

FIRST = ("none", "batch", "layer", "group", "rms")
"""The normalizations of the row; those that are asked for less are behind *More*."""


def compared_values(experiment: Experiment) -> Experiment:
    """Show the choice of the compared values, and return the experiment with those chosen."""
    path = experiment.compare
    names = options(*owner_and_name(experiment, path))
    with st.container(key="compared-values"):
        chosen = _chips(experiment, names) if path == NORM and names else _multiselect(experiment, names)
    if not chosen:
        st.warning("Choose at least one value; the last ones are still shown.")
        return experiment
    if len(chosen) > MOST_VALUES:
        st.warning(f"{len(chosen)} values are chosen; at most {MOST_VALUES} can be compared. The last ones are shown.")
        return experiment
    if names:
        return Experiment(experiment.run, experiment.surface, path, tuple(chosen))
    changed, notes = compared_from_texts(experiment, path, chosen)
    if notes:
        reject(_name(path), experiment, " ".join(notes))
    show_rejection(_name(path), changed)
    return changed


def _chips(experiment: Experiment, names: Any) -> list[Any]:
    """Show every normalization as a chip in its color (`widgets/style.css`): some in a row, the others in a menu."""
    first = [name for name in names if name in FIRST]
    others = [name for name in names if name not in FIRST]
    colors = norm_colors(names, page_theme())
    st.html(f"<style>{_color_rules('chips', first, colors)}{_color_rules('more-chips', others, colors)}</style>")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="chips"):
        chosen = _pills("Normalizations", first, experiment)
        with (
            st.popover(_more(experiment, others), key="more-normalizations"),
            st.container(width=440, key="more-chips"),
        ):
            chosen += _pills(MORE, others, experiment)
    kept = [name for name in experiment.values if name in chosen]
    return kept + [name for name in chosen if name not in kept]


def _color_rules(key: str, names: list[Any], colors: Mapping[str, str]) -> str:
    """Return the style rules that give each chip in a container its color."""
    chip = f'.st-key-{key} button[data-variant="pills"]'
    return "".join(f"{chip}:nth-of-type({k}) {{ --chip: {colors[name]} }}" for k, name in enumerate(names, start=1))


def _more(experiment: Experiment, others: list[Any]) -> str:
    """Return the label of the menu of further normalizations, which tells what is chosen in it."""
    values = st.session_state.get(_key(MORE), experiment.values)  # the choice of this run, which the list returns later
    chosen = [NORMALIZATIONS[name].label for name in values if name in others]
    return f"More: {chosen[0]}" if len(chosen) == 1 else f"More: {len(chosen)} chosen" if chosen else "More"


def _pills(label: str, names: list[Any], experiment: Experiment) -> list[Any]:
    return list(
        st.pills(
            label,
            names,
            selection_mode="multi",
            default=[name for name in experiment.values if name in names],
            format_func=lambda name: NORMALIZATIONS[name].label,
            key=_key(label),
            help=f"Up to {MOST_VALUES}, side by side on one scale.",
            label_visibility="collapsed",
        )
        or ()
    )


def _key(label: str) -> str:
    return control(f"values:{NORM}:{label}")


def _name(path: str) -> str:
    """Return the name of the control of a field's compared values."""
    return f"values:{path}"


def _multiselect(experiment: Experiment, names: Any) -> list[Any]:
    path = experiment.compare
    key = control(_name(path))
    shown = [value if names else value_text(value) for value in experiment.values]
    extra: dict[str, Any] = {"accept_new_options": True}
    if names:
        extra = {"format_func": lambda value: network_label(experiment, path, value)}
    chosen = st.multiselect(
        f"{rule_at(experiment, path).label}: values",
        names or list(dict.fromkeys([*shown, *st.session_state.get(key, [])])),
        shown,
        key=key,
        max_selections=MOST_VALUES,
        help=f"Up to {MOST_VALUES}, side by side on one scale." + ("" if names else " Type a number to add it."),
        **extra,
    )
    return (
        list(dict.fromkeys(chosen_option(experiment, path, value, network_label) for value in chosen))
        if names
        else chosen
    )
