"""Which steps of the argument are measured, and the lists of all steps: the overview and the links beside the story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from normscape.jobs import settings
from normscape.landscape import estimate_gradient_seconds, layer_names
from normscape.specs.experiment import Variants
from normscape.views.analysis.steps import ARGUMENT, GROUPS, STEPS
from normscape.views.analysis.steps.status import NO_BREAK, WORDS, hinted, legend, named
from normscape.views.analysis.steps.step import Step
from normscape.views.session.address import control
from normscape.views.texts.escape import printable
from normscape.views.texts.labels import in_text, listed
from normscape.views.widgets.numbers import duration

QUICK_SECONDS = 15.0
"""Estimated time of a step, for all networks together, up to which it is measured at once."""

FIGURE_HEIGHT = 204
"""Height of a step's figure, and of its place until there is one."""

MAX_BRIEFS = 3
"""Compared networks up to which the overview has words on each; with more it has only the chips."""

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

    Args:
        seconds: estimated time by kind of the step.
    """
    if st.session_state.get(_requested()):
        return STEPS
    slow = slow_steps(seconds)
    return tuple(step for step in STEPS if step not in slow or step.kind == st.session_state["step"])


def offer(steps: Sequence[Step], seconds: Mapping[str, float]) -> None:
    """Show a button, with the estimated time, that measures the steps that are left out, if there are any.

    Args:
        steps: those that are measured.
        seconds: estimated time by kind of the step.
    """
    others = [step for step in STEPS if step not in steps]
    if not others:
        return
    count = f"step {NUMBERS[others[0].kind]}" if len(others) == 1 else f"{len(others)} more steps"
    st.button(
        f"Measure {count} (about {duration(sum(seconds[step.kind] for step in others))})",
        key=control("analysis:all"),
        type="primary",
        on_click=st.session_state.update,  # before the page runs, which then has no button
        args=({_requested(): True},),
    )


def _requested() -> str:
    """Return the key of the request for all steps."""
    return f"{control('analysis:all')}:requested"


def slow_steps(seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """Return the steps that are measured only on request."""
    return tuple(step for step in STEPS if seconds[step.kind] > QUICK_SECONDS)


def outline() -> None:
    """Show all claims with places for their figures, until the page knows what to measure."""
    for heading, steps in GROUPS.items():
        st.header(heading, anchor=False)
        for step in steps:
            st.markdown(f"**{NUMBERS[step.kind]}. {step.title}**")
            st.markdown(step.sentence)
            st.container(height=FIGURE_HEIGHT, border=True)


def strip(results: Results, labels: Sequence[str], counts: str = "") -> None:
    """Show how many steps hold, and a row of chips for each network, one chip per step.

    Args:
        results: the available results.
        labels: of the compared networks.
        counts: how many steps hold; empty if that is not known.
    """
    with st.container(key="strip-of-steps"):
        if counts:
            st.markdown(counts)
        heads = " | ".join(f"[<span>{step.short} </span>{number}](#{step.kind})" for step, number in _numbered())
        rows = [f"| {printable(label)} | {' | '.join(_marks(results, label))} |" for label in labels]
        table = "\n".join([f"| Step or test | {heads} |", f"|{' --- |' * (1 + len(STEPS))}", *rows])
        st.markdown(table, unsafe_allow_html=True)  # labels are escaped
        st.caption(_key(results, labels))


def _numbered() -> list[tuple[Step, int]]:
    return [(step, NUMBERS[step.kind]) for step in STEPS]


def _key(results: Results, labels: Sequence[str]) -> str:
    """Return what every chip of the strip means, in a word."""
    found = {
        step.status(own[label])
        for step in STEPS
        for own in [results.get(step.kind, {})]
        for label in labels
        if label in own
    }
    return " · ".join(named(status) for status in WORDS if status in found)


def _marks(results: Results, label: str) -> list[str]:
    known = [results.get(step.kind, {}) for step in STEPS]
    return [
        hinted(step.status(own[label]), f"{label}, {step.short}") if label in own else ":gray[…]"
        for step, own in zip(STEPS, known, strict=True)
    ]


def overview(results: Results, labels: Sequence[str]) -> None:
    """Show all steps as a table: the claim, and for each network what is measured; what the chips mean is above it.

    Args:
        results: the available results.
        labels: of the compared networks.
    """
    with st.container(key="legend"):
        st.markdown(f"{parts()} {legend()}.")
    columns = " | ".join(["Step", *map(printable, labels)])
    rows = [f"| {_claim(step)} | {' | '.join(_cells(step, results, labels))} |" for step in STEPS]
    table = "\n".join([f"| {columns} |", f"|{' --- |' * (1 + len(labels))}", *rows])
    st.markdown(table, unsafe_allow_html=len(labels) > MAX_BRIEFS)  # labels are escaped


def parts() -> str:
    """Return which steps are the argument, and what the others are."""
    first, last = len(ARGUMENT) + 1, len(STEPS)
    return f"Steps 1 to {len(ARGUMENT)} are the argument, {first} to {last} test it in practice and against rivals."


def _claim(step: Step) -> str:
    """Return the number of a step and its claim as a link, and its short form, which narrow screens show instead."""
    return f"**{NUMBERS[step.kind]}** [{step.title}](#{step.kind})[{step.short}](#{step.kind})"


def _cells(step: Step, results: Results, labels: Sequence[str]) -> list[str]:
    own = results.get(step.kind, {})
    return [_cell(step, label, own[label], len(labels)) if label in own else ":gray[…]" for label in labels]


def _cell(step: Step, label: str, result: Any, networks: int) -> str:
    """Return the status of a network in words and what is measured; with many networks only the chip fits."""
    status = step.status(result)
    return hinted(status, label) if networks > MAX_BRIEFS else f"{named(status)} *{step.brief(result)}*"


def steps_list(results: Results, labels: Sequence[str]) -> None:
    """Show all steps as links below their headings, each with one chip per network that is measured.

    Args:
        results: the available results.
        labels: of the compared networks; with several, a line says which chip is whose.
    """
    if len(labels) > 1:
        with st.container(key="marks"):  # hidden where the list is one row (`style.css`)
            st.caption(f"Marks, left to right: {listed([printable(in_text(label)) for label in labels])}.")
    text = "\n\n".join(f"**{heading}**\n\n{_lines(steps, results)}" for heading, steps in GROUPS.items())
    st.markdown(text, unsafe_allow_html=True)  # the chips have words for pointers and screen readers


def _lines(steps: Sequence[Step], results: Results) -> str:
    return "\n".join(
        f"{NUMBERS[step.kind]}. [{step.short}](#{step.kind}){NO_BREAK}{_chips(step, results.get(step.kind, {}))}"
        for step in steps
    )


def _chips(step: Step, results: Mapping[str, Any]) -> str:
    return NO_BREAK.join(hinted(step.status(result), label) for label, result in results.items())
