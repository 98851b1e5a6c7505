"""The controls above the surfaces: what is shown, on which scale, and after which training step."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from specs import Display, Experiment, RunSpec
from specs.display import METRICS, SCALES
from specs.fields import rule_of
from views.controls import word


def metric_and_scale(display: Display) -> Display:
    """Show the switches of metric and scale, and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = _switch("metric", METRICS, display)
        scale = _switch("scale", SCALES, display)
    return replace(display, metric=metric, scale=scale)


def checkpoint(experiment: Experiment) -> Experiment:
    """Show the slider over the checkpoints that all compared networks keep, and return the experiment at its step."""
    if experiment.compare in ("surface.checkpoint", "run.training.steps"):
        return experiment  # each network has its own
    steps = _common_steps([run for run, _ in experiment.variants().values()])
    asked = experiment.surface.checkpoint
    key = "field:surface.checkpoint"
    if st.session_state.get(key) not in steps:
        st.session_state[key] = asked if asked in steps else steps[-1]
    if asked is not None and asked not in steps:
        st.warning(
            f"Weights of step {asked} are not kept; step {steps[-1]} is shown. Kept: {', '.join(map(str, steps))}."
        )
    if len(steps) < 2:
        return replace(experiment, surface=replace(experiment.surface, checkpoint=None))
    step = st.select_slider(
        "Training step",
        steps,
        key=key,
        help="The weights after this many steps are the centre of the slice. 0: before training.",
    )
    checkpoint = None if step == steps[-1] else step
    return replace(experiment, surface=replace(experiment.surface, checkpoint=checkpoint))


def _switch(name: str, choices: tuple[str, ...], display: Display) -> str:
    key = f"field:display.{name}"
    if key not in st.session_state:
        st.session_state[key] = getattr(display, name)
    rule = rule_of(display, name)
    chosen = st.segmented_control(rule.label, choices, required=True, format_func=word, key=key, help=rule.help)
    return str(chosen)


def _common_steps(runs: list[RunSpec]) -> list[int]:
    common = set(runs[0].checkpoint_steps)
    for run in runs[1:]:
        common &= set(run.checkpoint_steps)
    return sorted(common)
