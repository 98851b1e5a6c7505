"""Networks that diverged before the step that the page measures: they have no weights there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from normscape.jobs import Job
from normscape.landscape import Run
from normscape.specs import Experiment
from normscape.specs.experiment import Variants
from normscape.specs.fields import replace_at
from normscape.views.session import address
from normscape.views.session.job_queue import job_queue
from normscape.views.texts.labels import in_text, listed
from normscape.views.widgets.training_step import CHECKPOINT

REMEDY = "Lower the learning rate or move the training step back."


def diverged_runs(variants: Variants) -> dict[str, Run]:
    """Return the trained networks without weights at the step of their question, by label."""
    runs: dict[str, Run | None] = {label: job_queue().result(Job("run", run)) for label, (run, _) in variants.items()}
    return {
        label: run
        for label, run in runs.items()
        if run is not None and variants[label][1].evaluation.checkpoint not in _kept(run)
    }


def sentence(diverged: Mapping[str, int | None], step: int | None, measured: Sequence[str]) -> str:
    """Return which networks diverged, what is measured nevertheless, and what to change, as Markdown.

    Args:
        diverged: the step after which each network diverged, by label.
        step: of the weights that the page measures; None if the networks differ in it.
        measured: labels of the other networks.
    """
    groups: dict[int | None, list[str]] = {}
    for index, (label, at) in enumerate(diverged.items()):
        groups.setdefault(at, []).append(in_text(label) if index else label)
    claims = [f"{listed(labels)} diverged{_at(at)}" for at, labels in groups.items()]
    place = "" if step is None else f" at step {step}"
    if not measured:
        return f"**{listed(claims)}, so there is nothing to measure{place}.** {REMEDY}"
    pronoun = "It has" if len(diverged) == 1 else "They have"
    only = f"the steps below cover only {listed(list(map(in_text, measured)))}"
    return f"**{listed(claims)}.** {pronoun} no weights{place}, so {only}. {REMEDY}"


def note(experiment: Experiment, variants: Variants, diverged: Mapping[str, Run]) -> None:
    """Show the sentence, and a button that opens the last step whose weights all networks have.

    Args:
        experiment: what is compared.
        variants: the compared networks.
        diverged: those without weights, trained.
    """
    steps = {surface.evaluation.checkpoint for _, surface in variants.values()}
    st.markdown(
        sentence(
            {label: run.diverged_at for label, run in diverged.items()},
            steps.pop() if len(steps) == 1 else None,
            [label for label in variants if label not in diverged],
        )
    )
    kept = set.intersection(*({*_kept(run)} for run in diverged.values()))
    if kept and experiment.compare != CHECKPOINT:
        last = max(kept)
        after = replace_at(experiment, CHECKPOINT, last)
        st.button(f"Show step {last}", key="last common step", on_click=address.adopt, args=(after,))


def _kept(run: Run) -> list[int]:
    return [checkpoint.step for checkpoint in run.checkpoints]


def _at(step: int | None) -> str:
    return "" if step is None else f" at training step {step}"
