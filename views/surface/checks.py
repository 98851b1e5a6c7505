"""Checks of the numerics: the verdict on every surface, with the rule of each check."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from normscape.landscape import Check
from normscape.views.session.results import Outcome
from normscape.views.widgets.numbers import PENDING, number
from normscape.views.widgets.tables import network_table

WORDS = {"green": "passed", "amber": "borderline", "red": "failed"}
"""Every verdict in a word."""

MARKERS = {"green": ":green[✓", "amber": ":orange[▲", "red": ":red[✗"}
"""The color and the shape of every verdict, which its word and a bracket follow."""

MEANING = "The rule of each check is below."

MEANINGS: Mapping[str, str] = {
    "Directions apart": "the two directions are far from orthogonal, and the map shows them as if they were. Turn on "
    "*Orthogonal directions*.",
    "Size of the slice": "the edge of the slice is far from the weights at its center. Use a smaller range.",
    "Points that are not finite": "many points have no finite loss. Use a smaller range.",
    "Center against direct evaluation": "two computations of the loss at the center disagree. Set *Precision* to "
    "float64.",
    "Rounding": "rounding errors are visible in the values. Set *Precision* to float64.",
    "Ratio beside the center against the Hessian": "the gradient jumps next to the center, as it can with ReLU, or the "
    "loss is flat there. Gradient-change values at the center are not limits there; compare with GELU or tanh.",
    "Choice of samples": "the loss depends on which samples were drawn. Use more evaluation samples.",
}
"""What a failed check means and what to do, by the beginning of its name."""


def note(outcomes: Mapping[str, Outcome]) -> None:
    """Show what every failed check means, and what to do."""
    red: dict[str, list[str]] = {}
    for label, column in _checks(outcomes).items():
        for check in column:
            if check.verdict == "red":
                red.setdefault(meaning(check.name), []).append(label)
    for sentence, labels in red.items():
        st.caption(f"{_marked('red')} {', '.join(dict.fromkeys(labels))}: {sentence}")


def meaning(name: str) -> str:
    """Return what it means that a check failed, and what to do; the check's name if that is unknown."""
    known = (sentence for start, sentence in MEANINGS.items() if name.startswith(start))
    return next(known, f"{name}; see *Checks*.")


def section(outcomes: Mapping[str, Outcome]) -> None:
    """Show the checks of all networks side by side, above their rules."""
    checks = _checks(outcomes)
    if not checks:
        return
    verdicts = [check.verdict for column in checks.values() for check in column]
    counts = ", ".join(f"{verdicts.count(verdict)} {word}" for verdict, word in WORDS.items() if verdict in verdicts)
    st.subheader(f"Checks of the numerics ({counts})", anchor=False)
    cells = {label: {check.name: _cell(check) for check in column} for label, column in checks.items()}
    network_table(cells, missing=PENDING)
    st.caption(MEANING)
    longest = max(checks.values(), key=len)  # some checks of a network may be pending
    st.markdown("\n".join(f"- **{check.name}**: {_rule(check)} {_sentence(check)}" for check in longest))


def _checks(outcomes: Mapping[str, Outcome]) -> dict[str, tuple[Check, ...]]:
    return {label: outcome.measured.checks for label, outcome in outcomes.items() if outcome.measured is not None}


def _cell(check: Check) -> str:
    return f"{_marked(check.verdict)} · {number(check.value, digits=2)}"


def _marked(verdict: str) -> str:
    """Return the shape and the word of a verdict in its color."""
    return f"{MARKERS[verdict]} {WORDS[verdict]}]"


def _sentence(check: Check) -> str:
    """Return the sentence of a check, with powers of ten as in the table; stored ones have 1e-7."""
    return re.sub(r"\b1e(-?\d+)", lambda found: number(float(found[0])), check.sentence)


def _rule(check: Check) -> str:
    passed = f"up to {number(check.green)}" if check.green else "only at 0"
    return f"passed {passed}, borderline up to {number(check.amber)}, failed beyond."
