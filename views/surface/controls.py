"""The controls above the surfaces: what is shown, on which scale, and after which training step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from normscape.landscape import layer_names
from normscape.specs import Display, Experiment
from normscape.specs.display import METRICS, SCALES
from normscape.specs.fields import rule_of
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.limits import possible
from normscape.views.session.progress import waiting
from normscape.views.session.requests import fitted_range, study
from normscape.views.widgets.fields import word


def metric_and_scale(display: Display, experiment: Experiment) -> Display:
    """Show the switches of metric and scale, and of the layer where a row ratio is shown; return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = _switch("metric", METRICS, display)
        scale = _switch("scale", SCALES, display)
    display = replace(display, metric=metric, scale=scale)
    return replace(display, layer=_layer(display, experiment)) if metric == "row-ratio" else display


def _layer(display: Display, experiment: Experiment) -> str:
    """Show the layers that any of the compared networks has, and return the chosen one."""
    try:
        variants, _ = possible(experiment)
        names = tuple(dict.fromkeys(name for run, _ in variants.values() for name in layer_names(run)))
    except ValueError:
        return display.layer  # what is wrong is said where the surfaces would be
    if not names:
        return display.layer
    rule, first = rule_of(display, "layer"), names.index(display.layer) if display.layer in names else 0
    return str(st.selectbox(rule.label, names, first, key=control("display.layer"), help=rule.help))


def fit_button() -> None:
    """Show the button that has the range of the slice fitted to the compared networks."""
    st.button("Fit the range", help=FIT_HELP, on_click=lambda: st.session_state.update(fitting=True))


def fit_range(experiment: Experiment) -> None:
    """Fit the range of the slice to the compared networks where that is asked for; the page starts anew with it."""
    if not st.session_state.get("fitting"):
        return
    search = study(experiment, "auto-range", "a range that fits")
    waiting(search.request, search.over)
    try:
        found = fitted_range(search)
    except ValueError as error:
        st.session_state["fitting"] = False
        st.error(str(error))
        return
    if found is None:
        return
    st.session_state["fitting"] = False
    width = float(f"{found:.2g}")
    grid = replace(experiment.surface.grid, ranges=((-width, width), (-width, width)))
    fitted = replace(experiment, surface=replace(experiment.surface, grid=grid))
    address.adopt(fitted)
    address.publish(fitted, st.session_state["display"])
    st.rerun()


FIT_HELP = (
    "Sets the range of both axes to the half-width at which the mean loss on a ring around the centre is ten times the "
    "centre's plus 0.1: the smallest of the compared networks', so that all share it."
)


def _switch(name: str, choices: tuple[str, ...], display: Display) -> str:
    rule, key = rule_of(display, name), control(f"display.{name}")
    asked: dict[str, Any] = {"required": True, "format_func": word, "key": key, "help": rule.help}
    return str(st.segmented_control(rule.label, choices, default=getattr(display, name), **asked))
