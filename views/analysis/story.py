"""Which steps of the argument are measured, and the list of all steps with what each measurement says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import streamlit as st

from normscape.jobs import settings
from normscape.landscape import estimate_gradient_seconds, layer_names
from normscape.views.analysis.steps import STEPS, Step
from normscape.views.analysis.steps.status import CHIPS, MEANING, Status
from normscape.views.session.admission import started
from normscape.views.session.results import Variants

COUNTED: Mapping[Status, str] = {"holds": "hold", "loose": "hold only loosely", "undefined": "without a verdict"}

QUICK_SECONDS = 15.0
"""Estimated time of a step, for all networks together, up to which it is measured at once."""


def measured_steps(variants: Variants) -> tuple[Step, ...]:
    """Return the steps to measure: the quick ones, the one that an opened counterexample is about, or all on request.

    Shows a button with the estimated time of the others.
    """
    seconds = _seconds(variants)
    chosen = [step for step in STEPS if seconds[step.kind] <= QUICK_SECONDS or step.kind == st.session_state["step"]]
    others = [step for step in STEPS if step not in chosen]
    if not others:
        return STEPS
    count = "1 more step" if len(others) == 1 else f"{len(others)} more steps"
    total = sum(seconds[step.kind] for step in others)
    return STEPS if started("analysis:all", f"Measure {count}", total, limit=0) else tuple(chosen)


def steps_list(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Show all steps as links, each with one chip per network that is measured.

    Args:
        results: by kind of the step, then by label.
    """
    lines = [
        f"{number}. [{step.short}](#{step.kind}) {_chips(step, results.get(step.kind, {}).values())}"
        for number, step in enumerate(STEPS, start=1)
    ]
    st.markdown("\n".join(lines))
    labels = list(dict.fromkeys(label for own in results.values() for label in own))
    order = f" One mark per network: {', '.join(labels)}." if len(labels) > 1 else ""
    st.caption(f"{MEANING}.{order}")


def summary(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return in how many of the measured steps the argument holds, per network, and where it fails."""
    labels = list(dict.fromkeys(label for own in results.values() for label in own))
    return "  \n".join(f"**{label}**: {_count(label, results)}" for label in labels)


def _count(label: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    own = {step.short: step.status(results[step.kind][label]) for step in STEPS if label in results.get(step.kind, ())}
    counts = Counter(own.values())
    failing = [short for short, status in own.items() if status == "fails"]
    parts = [f"{counts[status]} {words}" for status, words in COUNTED.items() if counts[status]]
    fail = [f"{len(failing)} {'fails' if len(failing) == 1 else 'fail'} ({'; '.join(failing)})"] if failing else []
    return f"{len(own)} steps measured: {', '.join([*parts, *fail])}."


def _chips(step: Step, results: Collection[Any]) -> str:
    return " ".join(CHIPS[step.status(result)] for result in results)


def _seconds(variants: Variants) -> dict[str, float]:
    """Estimate the time of every step for all networks on all workers, in seconds, by kind."""
    costs = [
        (len(layer_names(run)), estimate_gradient_seconds(run, surface.evaluation))
        for run, surface in variants.values()
    ]
    each = {step.kind: [step.gradients(layers) * gradient for layers, gradient in costs] for step in STEPS}
    return {kind: max(max(own), sum(own) / settings().workers) for kind, own in each.items()}
