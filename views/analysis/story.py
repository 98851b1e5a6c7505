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
from normscape.views.session.address import control
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import duration, number

QUICK_SECONDS = 15.0
"""Estimated time of a step, for all networks together, up to which it is measured at once."""

FIGURE_HEIGHT = 400
"""Height of the place of a figure, about that of the figures."""

NO_BREAK = "\N{NO-BREAK SPACE}"

DECIDING = ("centering", "layer-rates")
"""Steps of the argument that measure the curvature itself; those before them are about its bound."""

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
    others = [step for step in slow_steps(seconds) if step.kind != st.session_state["step"]]
    requested = f"{control('analysis:all')}:requested"
    if not others or st.session_state.get(requested):
        return STEPS
    count = "1 more step" if len(others) == 1 else f"{len(others)} more steps"
    st.button(
        f"Measure {count} (about {duration(sum(seconds[step.kind] for step in others))})",
        key=control("analysis:all"),
        type="primary",
        on_click=st.session_state.update,  # before the page runs, which then has no button
        args=({requested: True},),
    )
    return tuple(step for step in STEPS if step not in others)


def slow_steps(seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps that are measured only on request."""
    return tuple(step for step in STEPS if seconds[step.kind] > QUICK_SECONDS)


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
    """Return which steps carry the verdict, what the chips mean, and the order of the networks."""
    labels = _labels(results)
    marks = f" · one mark each for {', '.join(labels)}" if len(labels) > 1 else ""
    first, last = len(ARGUMENT) + 1, len(STEPS)
    return f"Steps 1 to {len(ARGUMENT)} are the argument; steps {first} to {last} test it in practice. {MEANING}{marks}"


def _lines(steps: Sequence[Step], results: Results) -> str:
    return "\n".join(
        f"{NUMBERS[step.kind]}. [{step.short}](#{step.kind}){NO_BREAK}{_chips(step, results.get(step.kind, {}))}"
        for step in steps
    )


def _chips(step: Step, results: Mapping[str, Any]) -> str:
    return NO_BREAK.join(CHIPS[step.status(result)] for result in results.values())


def waiting(steps: Collection[Step], variants: Variants, seconds: Mapping[str, float], *, stopped: bool = False) -> str:
    """Return the sentence in place of the summary until the first result is available."""
    networks = "1 network" if len(variants) == 1 else f"{len(variants)} networks"
    if stopped:
        return (
            f"**Measuring was stopped before the first result.** Resume it to measure {len(steps)} steps on {networks}."
        )
    total = duration(sum(seconds[step.kind] for step in steps))
    return (
        f"**Measuring {len(steps)} steps on {networks}: about {total} after training.** "
        "Each verdict appears below its claim when it is measured."
    )


def summary(results: Results, *, stopped: bool = False) -> str:
    """Return whether the argument is measured and holds, the verdicts by network, and the largest descending steps.

    Args:
        results: the available results.
        stopped: whether measuring was stopped before all were available.
    """
    stop = " Measuring was stopped; resume it for the rest." if stopped else ""
    lines = [
        f"**{_headline(results)}**{stop}",
        *(f"**{label}**: {_counts(label, results)}" for label in _labels(results)),
    ]
    return "  \n".join([*lines, *_largest_steps(results.get("descent", {}))])


def _headline(results: Results) -> str:
    """Return how much of the argument is measured, and whether it holds; it does not while a step is missing or fails.

    Failures beyond the argument count as well.
    """
    labels = _labels(results)
    missing = [step.kind for step in ARGUMENT if set(results.get(step.kind, {})) < set(labels)]
    failing = [
        step for step in STEPS if "fails" in {step.status(result) for result in results.get(step.kind, {}).values()}
    ]
    failures = [_failure(step, results[step.kind]) for step in failing]
    if missing:
        measured = len(ARGUMENT) - len(missing)
        return " ".join(
            [f"{measured} of {len(ARGUMENT)} steps of the argument are measured.", _missing(missing), *failures]
        )
    if failures:
        inside = [step for step in failing if step in ARGUMENT]
        count = f"{len(inside)} of them {'fails' if len(inside) == 1 else 'fail'}" if inside else "none of them fails"
        return " ".join([f"All {len(ARGUMENT)} steps of the argument are measured; {count}.", *failures])
    return _holding({step.kind: {step.status(result) for result in results[step.kind].values()} for step in ARGUMENT})


def _holding(statuses: Mapping[str, Collection[Status]]) -> str:
    """Return how well the argument holds if all of it is measured and nothing fails."""
    if all(set(own) == {"undefined"} for own in statuses.values()):
        return "No step of the argument could be tested on these networks."
    untested = [kind for kind, own in statuses.items() if "undefined" in own]
    if untested:
        return f"No step of the argument fails, but {_steps(untested)} could not be tested on every network."
    loose = [kind for kind, own in statuses.items() if "loose" in own]
    return f"The argument holds on these networks{f', {_steps(loose)} only loosely' if loose else ''}."


def _missing(kinds: Sequence[str]) -> str:
    """Return which steps of the argument are not measured yet, and which of them decide."""
    deciding = [kind for kind in kinds if kind in DECIDING]
    verb = "is" if len(kinds) == 1 else "are"
    if not deciding:
        return f"Not measured yet: {_steps(kinds)}."
    if len(deciding) == len(kinds):
        decide = "decides" if len(kinds) == 1 else "decide"
        return f"{_steps(kinds).capitalize()}, which {decide}, {verb} missing."
    return f"{_steps(kinds).capitalize()} {verb} missing; {_steps(deciding)} decide{'s' if len(deciding) == 1 else ''}."


def _failure(step: Step, results: Mapping[str, Any]) -> str:
    """Return the failure of a step as a sentence, with the networks that fail if others do not."""
    failing = [label for label, result in results.items() if step.status(result) == "fails"]
    on = "" if len(failing) == len(results) else f" with {' and '.join(failing)}"
    link = f"([step {NUMBERS[step.kind]}](#{step.kind}))"
    if step.kind == "gradient-growth":
        changes = {"explode" if results[label].per_layer > 1 else "vanish" for label in failing}
        return f"Gradients {' or '.join(sorted(changes))}{on} {link}."
    return f"*{step.short}* fails{on} {link}."


def _counts(label: str, results: Results) -> str:
    """Return the verdicts on all steps of the argument for one network, and those beyond it that fail."""
    own = {step.kind: step.status(results[step.kind][label]) for step in STEPS if label in results.get(step.kind, {})}
    argument = {step.kind: own.get(step.kind) for step in ARGUMENT}
    by_status = {status: [kind for kind, one in argument.items() if one == status] for status in (*CHIPS, None)}
    holds = len(by_status["holds"])
    parts = [f"{holds} of {len(ARGUMENT)} steps of the argument {'holds' if holds == 1 else 'hold'}"]
    parts += [_part(status, kinds) for status, kinds in by_status.items() if kinds and status != "holds"]
    failing = [kind for kind, status in own.items() if status == "fails" and kind not in argument]
    beyond = f" Beyond the argument, {_steps(failing)} {'fails' if len(failing) == 1 else 'fail'}." if failing else ""
    return f"{', '.join(parts)}.{beyond}"


def _part(status: Status | None, kinds: Sequence[str]) -> str:
    one = len(kinds) == 1
    verbs: Mapping[Status | None, str] = {
        "loose": "holds loosely" if one else "hold loosely",
        "fails": "fails" if one else "fail",
        "undefined": "does not apply" if one else "do not apply",
        None: "is not measured yet" if one else "are not measured yet",
    }
    return f"{len(kinds)} {verbs[status]} ({_steps(kinds)})"


def _steps(kinds: Sequence[str]) -> str:
    links = [f"[{NUMBERS[kind]}](#{kind})" for kind in kinds]
    return f"step {links[0]}" if len(links) == 1 else f"steps {', '.join(links[:-1])} and {links[-1]}"


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
