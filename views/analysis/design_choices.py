"""Consequences of the argument for practice (A9 to A13): a claim each, and the comparison that tests it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from normscape.models import NORMALIZATIONS
from normscape.specs import Experiment
from normscape.specs.fields import replace_at
from normscape.views.analysis import replacement
from normscape.views.analysis.replacement import Replacement


@dataclass(frozen=True)
class Choice:
    """A choice in practice, and the comparison that measures it in all steps of the page."""

    title: str
    claim: str
    button: str
    path: str  # of the compared field
    values: tuple[Any, ...]
    group: str  # heading that it is shown below
    step: str | None = None  # kind of the step that it follows; None: right below the heading


PRACTICE, RIVALS = "In practice", "Rivals, proof and limits"

CHOICES: tuple[Choice, ...] = (
    Choice(
        "Normalize before the layer",
        "The bound contains the input of a linear or convolution layer, so the argument normalizes right before that "
        "layer. Common practice normalizes its output instead.",
        "Compare before and after",
        "run.model.placement",
        ("before", "after"),
        PRACTICE,
    ),
    Choice(
        r"$\gamma$ and $\beta$ are optional",
        r"Right before a linear layer, the scale $\gamma$ and the shift $\beta$ can be absorbed into its weights and "
        "bias, so they add no functions.",
        "Compare with and without",
        "run.model.affine",
        (True, False),
        PRACTICE,
    ),
    Choice(
        "Batch size in training",
        "Smaller batches add noise to the statistics. Whether that hurts shows in the training and held-out loss.",
        "Compare batch sizes",
        "run.training.batch_size",
        (8, 32, 128),
        PRACTICE,
        "batch-statistics",
    ),
    Choice(
        "Momentum of the averages",
        "A small momentum averages over more batches, but also over older weights.",
        "Compare momenta",
        "run.model.averaging",
        (0.01, 0.1, 0.5),
        PRACTICE,
        "running-averages",
    ),
    Choice(
        "Other normalizations",
        "Layer, group and weight norm do not standardize each input over samples, so the argument covers them only in "
        "part. Compare them in all steps of this page.",
        "Compare normalizations",
        "run.model.norm",
        tuple(NORMALIZATIONS)[:8],
        RIVALS,
        "distributions",
    ),
)
"""In the order of the page."""


def section(experiment: Experiment, group: str, step: str | None = None) -> None:
    """Show the choices that belong below a heading or a step, each with a button that compares it.

    Args:
        experiment: the present comparison.
        group: the heading.
        step: kind of the step; None right below the heading.
    """
    for index, choice in enumerate(CHOICES):
        if (choice.group, choice.step) == (group, step):
            with st.container(border=True) if step else st.expander(f"Try it: {choice.title}"):
                st.markdown(f"**{choice.title}.** {choice.claim}" if step else choice.claim)
                if st.button(choice.button, key=f"choice {index}"):
                    _open(experiment, choice)


def anchor_of(group: str) -> str:
    """Return the anchor of a heading."""
    return group.split()[-1].lower()


def _open(experiment: Experiment, choice: Choice) -> None:
    """Compare by a choice, and go to its step; one that concerns all steps goes to its heading."""
    after = compared_by(experiment, choice)
    steps = "" if choice.step else " All steps are measured anew; the verdict is at the top of the page."
    *others, last = after.variants()
    said = f"Now comparing **{', '.join(others)} and {last}**.{steps}"
    replacement.replace(Replacement(choice.step or anchor_of(choice.group), said, experiment, after))
    st.rerun()


def compared_by(experiment: Experiment, choice: Choice) -> Experiment:
    """Return the experiment with another compared field, and with batch norm if it had no normalization.

    Args:
        experiment: the present comparison.
        choice: what to compare.

    Raises:
        ValueError: a value does not fit the experiment.
    """
    if choice.path != "run.model.norm" and experiment.run.model.norm == "none":
        experiment = replace_at(experiment, "run.model.norm", "batch")
    return Experiment(experiment.run, experiment.surface, choice.path, choice.values)
