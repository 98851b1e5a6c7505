"""The controls of the paths between two trainings."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from normscape.landscape.paths.matching import matching_refusal
from normscape.specs import ConnectivitySpec, Display
from normscape.specs.experiment import Variants
from normscape.specs.fields import rule_of
from normscape.views.paths import requests
from normscape.views.paths.requests import Chosen
from normscape.views.session import address
from normscape.views.session.admission import started
from normscape.views.texts.escape import printable


def choice(variants: Variants, display: Display) -> tuple[Chosen, Display, DeltaGenerator]:
    """Show which path is measured beside the segment, and return it once it may start, with the display and the row."""
    reasons = {label: matching_refusal(run) for label, (run, _) in variants.items()}
    refused = {label: reason for label, reason in reasons.items() if reason is not None}
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="between")
    with row:
        reason = next(iter(refused.values())) if len(refused) == len(variants) else None
        matching = _control("matching", display.matching, reason)
        curve = _control("curve", display.curve, None)
    if matching != "none":
        for label, own in refused.items():
            st.caption(f"{printable(label)} stays as trained: {printable(own)}.")
    chosen = Chosen(matching, curve)
    seconds = requests.path_seconds(variants, chosen)
    may_start = started("paths:between", "Measure the chosen paths", seconds)
    return chosen if may_start else Chosen(), replace(display, matching=matching, curve=curve), row


def _control(name: str, shown: str, reason: str | None) -> str:
    """Show the control of one field of a path, disabled where it has no effect, and return its value."""
    rule = rule_of(ConnectivitySpec, name)
    choices = [str(one) for one in rule.choices or ()]
    chosen = st.segmented_control(
        rule.label,
        choices,
        default=shown,
        format_func=lambda value: rule.labels.get(value, value),
        required=True,
        key=address.control(f"paths:{name}"),
        help=rule.help if reason is None else f"No effect: {reason}. {rule.help}",
        disabled=reason is not None,
    )
    return choices[0] if reason is not None or chosen is None else chosen
