"""The slider over training steps, which selects the checkpoint that all pages measure."""

from __future__ import annotations

import streamlit as st

from normscape.specs import Experiment, RunSpec
from normscape.specs.fields import replace_at
from normscape.views.session.address import control

CHECKPOINT = "surface.evaluation.checkpoint"

HELP = "The weights after this many steps are the center of the slice. 0: before training."


def checkpoint_slider(experiment: Experiment, *, beside: bool = False) -> Experiment:
    """Show a slider over the checkpoints that all compared networks have, and return the experiment at its step.

    Args:
        experiment: the compared networks.
        beside: whether its label is beside it, in a row of controls, rather than above.
    """
    if experiment.compare in (CHECKPOINT, "run.training.steps"):
        return experiment  # each network has its own
    steps = _common_steps([run for run, _ in experiment.variants().values()])
    requested = experiment.surface.evaluation.checkpoint
    if requested is not None and requested not in steps:
        st.warning(
            f"Weights of step {requested} are not kept; step {steps[-1]} is shown. Kept: {', '.join(map(str, steps))}."
        )
    if len(steps) < 2:
        return _at_step(experiment, None)
    if beside:
        st.markdown("Training step", width="content", help=HELP)
    step = st.select_slider(
        "Training step",
        steps,
        requested if requested in steps else steps[-1],
        key=control(CHECKPOINT),
        help=HELP,
        label_visibility="collapsed" if beside else "visible",
        width=180 if beside else "stretch",
    )
    return _at_step(experiment, None if step == steps[-1] else step)


def _at_step(experiment: Experiment, step: int | None) -> Experiment:
    return replace_at(experiment, CHECKPOINT, step)  # type: ignore[no-any-return]


def _common_steps(runs: list[RunSpec]) -> list[int]:
    common = set(runs[0].checkpoint_steps)
    for run in runs[1:]:
        common &= set(run.checkpoint_steps)
    return sorted(common)
