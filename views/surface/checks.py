"""The panel that asks whether a surface is real: every check of every network, with its rule."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from normscape.landscape import Check
from normscape.views.session.results import Outcome
from normscape.views.widgets.numbers import WAITING, number

LIGHTS = {"green": ":green[●]", "amber": ":orange[●]", "red": ":red[●]"}


def reality_panel(outcomes: Mapping[str, Outcome]) -> None:
    """Show the checks of all networks side by side, and their rules beneath; open if one of them is red."""
    checks = {label: outcome.measured.checks for label, outcome in outcomes.items() if outcome.measured is not None}
    if not checks:
        return
    found = [check.verdict for column in checks.values() for check in column]
    counts = ", ".join(f"{found.count(verdict)} {verdict}" for verdict in LIGHTS if verdict in found)
    with st.expander(f"Is this real? {len(found)} checks: {counts}", expanded="red" in found):
        first = max(checks.values(), key=len)
        names = {"": [check.name for check in first]}
        lines = {label: [_line(check) for check in column] for label, column in checks.items()}
        st.table(names | {label: column + [WAITING] * (len(first) - len(column)) for label, column in lines.items()})
        st.markdown("\n".join(f"- **{check.name}**: {_rule(check)} {check.sentence}" for check in first))


def _line(check: Check) -> str:
    return f"{LIGHTS[check.verdict]} {check.verdict}, {number(check.value, digits=2)}"


def _rule(check: Check) -> str:
    return f"green up to {check.green:g}, amber up to {check.amber:g}, red beyond."
