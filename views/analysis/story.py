"""Which steps of the argument are measured, the list of all steps, and the summary of what the measurements say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from normscape.jobs import settings
from normscape.landscape import estimate_gradient_seconds, layer_names
from normscape.landscape.analysis.descent import Descent
from normscape.views.analysis.steps import ARGUMENT, GROUPS, STEPS
from normscape.views.analysis.steps.status import CHIPS, MEANING, Status
from normscape.views.analysis.steps.step import Step
from normscape.views.session.admission import started
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import duration, number

QUICK_SECONDS = 15.0
"""Estimated time of a step, for all networks together, up to which it is measured at once."""

FIGURE_HEIGHT = 400
"""Height of the place of a figure, about that of the figures."""

NO_BREAK = "\N{NO-BREAK SPACE}"

Results = Mapping[str, Mapping[str, Any]]
"""By kind of the step, then by label of the network."""

NUMBERS: Mapping[str, int] = {step.kind: number for number, step in enumerate(STEPS, start=1)}
"""Numbers of the steps, by kind."""


def estimated_seconds(variants: Variants) -> dict[str, float]:
    """Estimate the time of every step for all networks on all workers, in seconds, by kind."""
    costs = [
        (len(layer_names(run)), estimate_gradient_seconds(run, surface.evaluation))
        for run, surface in variants.values()
    ]
    each = {step.kind: [step.gradients(layers) * gradient for layers, gradient in costs] for step in STEPS}
    return {kind: max(max(own), sum(own) / settings().workers) for kind, own in each.items()}


def measured_steps(seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps to measure: the quick ones, the one that an opened counterexample is about, or all on request.

    Shows a button with the estimated time of the others.

    Args:
        seconds: estimated time by kind of the step.
    """
    chosen = [step for step in STEPS if seconds[step.kind] <= QUICK_SECONDS or step.kind == st.session_state["step"]]
    others = [step for step in STEPS if step not in chosen]
    if not others:
        return STEPS
    count = "1 more step" if len(others) == 1 else f"{len(others)} more steps"
    total = sum(seconds[step.kind] for step in others)
    return STEPS if started("analysis:all", f"Measure {count}", total, limit=0) else tuple(chosen)


def outline() -> None:
    """Show all claims with places for their figures, until the page knows what to measure."""
    _, column = st.columns([1, 3], gap="large")
    with column:
        for heading, steps in GROUPS.items():
            st.header(heading, anchor=False)
            for step in steps:
                st.markdown(f"**{NUMBERS[step.kind]}. {step.title}**")
                st.markdown(step.sentence)
                st.container(height=FIGURE_HEIGHT, border=True)


def steps_list(results: Results) -> None:
    """Show all steps as links below their headings, each with one chip per network that is measured."""
    st.markdown("\n\n".join(f"**{heading}**\n\n{_lines(steps, results)}" for heading, steps in GROUPS.items()))


def legend(results: Results) -> str:
    """Return what the chips mean, and the order of the networks."""
    labels = _labels(results)
    return f"{MEANING}" + (f" · one mark each for {', '.join(labels)}" if len(labels) > 1 else "")


def _lines(steps: Sequence[Step], results: Results) -> str:
    return "\n".join(
        f"{NUMBERS[step.kind]}. [{step.short}](#{step.kind}){NO_BREAK}{_chips(step, results.get(step.kind, {}))}"
        for step in steps
    )


def _chips(step: Step, results: Mapping[str, Any]) -> str:
    return NO_BREAK.join(CHIPS[step.status(result)] for result in results.values())


def waiting(steps: Collection[Step], variants: Variants, seconds: Mapping[str, float]) -> str:
    """Return the sentence in place of the summary until the first result is available."""
    networks = "1 network" if len(variants) == 1 else f"{len(variants)} networks"
    total = duration(sum(seconds[step.kind] for step in steps))
    return (
        f"**Measuring {len(steps)} steps on {networks}: about {total} after training.** "
        "Each verdict appears below its claim when it is measured."
    )


def summary(results: Results) -> str:
    """Return whether a step of the argument fails, the counts of every network, and the largest steps that descend."""
    lines = [f"**{_headline(results)}**", *(f"**{label}**: {_counts(label, results)}" for label in _labels(results))]
    return "  \n".join([*lines, *_largest_steps(results.get("descent", {}))])


def _headline(results: Results) -> str:
    measured = [step for step in ARGUMENT if results.get(step.kind)]
    statuses = {step.kind: {step.status(result) for result in results[step.kind].values()} for step in measured}
    failing = [step for step in measured if "fails" in statuses[step.kind]]
    known = {status for own in statuses.values() for status in own} - {"undefined"}
    if not known:
        return "No step of the argument could be tested on these networks."
    names = ", ".join(f"{NUMBERS[step.kind]} ({step.short[0].lower()}{step.short[1:]})" for step in failing)
    if 2 * len(failing) > len(measured):
        return f"The argument fails on these networks in {len(failing)} of {len(measured)} measured steps: {names}."
    loosely = ", in part only loosely" if "loose" in known else ""
    if not failing:
        return f"The argument holds on these networks{loosely}."
    steps = "step" if len(failing) == 1 else "steps"
    return f"The argument holds on these networks{f'{loosely},' if loosely else ''} except in {steps} {names}."


def _counts(label: str, results: Results) -> str:
    """Return how many steps of the argument hold for one network, and which do not, also beyond the argument."""
    own = {step.kind: step.status(results[step.kind][label]) for step in STEPS if label in results.get(step.kind, {})}
    argument = [step.kind for step in ARGUMENT if step.kind in own]
    failing = [kind for kind, status in own.items() if status == "fails" and kind not in argument]
    beyond = f" Beyond the argument, {_steps(failing)} {'fails' if len(failing) == 1 else 'fail'}." if failing else ""
    if not argument:
        return f"no step of the argument is measured yet.{beyond}"
    by_status = {status: [kind for kind in argument if own[kind] == status] for status in CHIPS}
    parts = [f"{len(by_status['holds'])} of {len(argument)} measured steps hold"]
    parts += [_part(status, kinds) for status, kinds in by_status.items() if kinds and status != "holds"]
    return f"{', '.join(parts)}.{beyond}"


def _part(status: Status, kinds: Sequence[str]) -> str:
    one = len(kinds) == 1
    verbs = {
        "loose": "holds loosely" if one else "hold loosely",
        "fails": "fails" if one else "fail",
        "undefined": "does not apply" if one else "do not apply",
    }
    return f"{len(kinds)} {verbs[status]} ({_steps(kinds)})"


def _steps(kinds: Sequence[str]) -> str:
    links = ", ".join(f"[{NUMBERS[kind]}](#{kind})" for kind in kinds)
    return f"{'step' if len(kinds) == 1 else 'steps'} {links}"


def _largest_steps(results: Mapping[str, Descent]) -> list[str]:
    """Return the argument's conclusion as a sentence: the largest gradient step that lowers the loss, by network."""
    known = {label: one for label, one in results.items() if one.measured_largest_step}
    steps = [
        f"{'at least ' if one.beyond_range else ''}{number(one.measured_largest_step)} ({label})"
        for label, one in known.items()
    ]
    return [rf"The largest gradient step that lowers the loss here is $\eta$ = {', '.join(steps)}."] if steps else []


def _labels(results: Results) -> list[str]:
    return list(dict.fromkeys(label for own in results.values() for label in own))
