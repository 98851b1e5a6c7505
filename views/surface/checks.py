"""Checks of the numerics: the verdict on every surface, with the rule of each check."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.landscape import Check
from normscape.views.session.results import Outcome
from normscape.views.widgets.numbers import PENDING, number
from normscape.views.widgets.tables import network_table

MARKERS = {"green": ":green[●]", "amber": ":orange[●]", "red": ":red[●]"}


def note(outcomes: Mapping[str, Outcome]) -> None:
    """Show which checks are red, if any is."""
    red = {check.name for column in _checks(outcomes).values() for check in column if check.verdict == "red"}
    if red:
        st.caption(f"{MARKERS['red']} Red in *Checks*: {'; '.join(sorted(red))}.")


def section(outcomes: Mapping[str, Outcome]) -> None:
    """Show the checks of all networks side by side, above their rules."""
    checks = _checks(outcomes)
    if not checks:
        return
    verdicts = [check.verdict for column in checks.values() for check in column]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in MARKERS if verdict in verdicts)
    st.subheader(f"Checks of the numerics ({counts})", anchor=False)
    cells = {label: {check.name: _cell(check) for check in column} for label, column in checks.items()}
    network_table(cells, missing=PENDING)
    longest = max(checks.values(), key=len)  # some checks of a network may be pending
    st.markdown("\n".join(f"- **{check.name}**: {_rule(check)} {check.sentence}" for check in longest))


def _checks(outcomes: Mapping[str, Outcome]) -> dict[str, tuple[Check, ...]]:
    return {label: outcome.measured.checks for label, outcome in outcomes.items() if outcome.measured is not None}


def _cell(check: Check) -> str:
    return f"{MARKERS[check.verdict]} {check.verdict}, {number(check.value, digits=2)}"


def _rule(check: Check) -> str:
    return f"green up to {check.green:g}, amber up to {check.amber:g}, red beyond."
