"""The controls above the surfaces: what is shown, on which scale, and after which training step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from figures.notation import markdown
from landscape import layer_names
from specs import Display, Experiment, RunSpec
from specs.display import METRICS, SCALES
from specs.fields import rule_of
from views import address
from views.address import control
from views.controls import word
from views.limits import possible
from views.studies import fitted_range, study
from views.waiting import waiting


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
    return str(st.selectbox(rule.label, names, first, key=control("display.layer"), help=markdown(rule.help)))


def fit_button() -> None:
    """Show the button that has the range of the slice fitted to the compared networks."""
    st.button("Fit the range", help=FIT_HELP, on_click=lambda: st.session_state.update(fitting=True))


def fit_range(experiment: Experiment) -> None:
    """Fit the range of the slice to the compared networks where that is asked for; the page starts anew with it."""
    if not st.session_state.get("fitting"):
        return
    search = study(experiment, "half-width", "a range that fits")
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
    surface = replace(experiment.surface, range_alpha=(-width, width), range_beta=(-width, width))
    fitted = replace(experiment, surface=surface)
    address.adopt(fitted)
    address.publish(fitted, st.session_state["display"])
    st.rerun()


FIT_HELP = (
    "Sets the range of both axes to the half-width at which the mean loss on a ring around the centre is ten times the "
    "centre's plus 0.1: the smallest of the compared networks', so that all share it."
)


def checkpoint(experiment: Experiment) -> Experiment:
    """Show the slider over the checkpoints that all compared networks keep, and return the experiment at its step."""
    if experiment.compare in ("surface.checkpoint", "run.training.steps"):
        return experiment  # each network has its own
    steps = _common_steps([run for run, _ in experiment.variants().values()])
    asked = experiment.surface.checkpoint
    if asked is not None and asked not in steps:
        st.warning(
            f"Weights of step {asked} are not kept; step {steps[-1]} is shown. Kept: {', '.join(map(str, steps))}."
        )
    if len(steps) < 2:
        return replace(experiment, surface=replace(experiment.surface, checkpoint=None))
    step = st.select_slider(
        "Training step",
        steps,
        asked if asked in steps else steps[-1],
        key=control("surface.checkpoint"),
        help="The weights after this many steps are the centre of the slice. 0: before training.",
    )
    checkpoint = None if step == steps[-1] else step
    return replace(experiment, surface=replace(experiment.surface, checkpoint=checkpoint))


def _switch(name: str, choices: tuple[str, ...], display: Display) -> str:
    rule, key = rule_of(display, name), control(f"display.{name}")
    asked: dict[str, Any] = {"required": True, "format_func": word, "key": key, "help": markdown(rule.help)}
    return str(st.segmented_control(rule.label, choices, default=getattr(display, name), **asked))


def _common_steps(runs: list[RunSpec]) -> list[int]:
    common = set(runs[0].checkpoint_steps)
    for run in runs[1:]:
        common &= set(run.checkpoint_steps)
    return sorted(common)
