"""The slider over training steps: which checkpoint all pages measure."""

from __future__ import annotations

import streamlit as st

from normscape.specs import Experiment, RunSpec
from normscape.specs.fields import replace_at
from normscape.views.session.address import control


def checkpoint(experiment: Experiment) -> Experiment:
    """Show the slider over the checkpoints that all compared networks keep, and return the experiment at its step."""
    if experiment.compare in ("surface.evaluation.checkpoint", "run.training.steps"):
        return experiment  # each network has its own
    steps = _common_steps([run for run, _ in experiment.variants().values()])
    asked = experiment.surface.evaluation.checkpoint
    if asked is not None and asked not in steps:
        st.warning(
            f"Weights of step {asked} are not kept; step {steps[-1]} is shown. Kept: {', '.join(map(str, steps))}."
        )
    if len(steps) < 2:
        return _at(experiment, None)
    step = st.select_slider(
        "Training step",
        steps,
        asked if asked in steps else steps[-1],
        key=control("surface.evaluation.checkpoint"),
        help="The weights after this many steps are the centre of the slice. 0: before training.",
    )
    return _at(experiment, None if step == steps[-1] else step)


def _at(experiment: Experiment, step: int | None) -> Experiment:
    return replace_at(experiment, "surface.evaluation.checkpoint", step)  # type: ignore[no-any-return]


def _common_steps(runs: list[RunSpec]) -> list[int]:
    common = set(runs[0].checkpoint_steps)
    for run in runs[1:]:
        common &= set(run.checkpoint_steps)
    return sorted(common)
