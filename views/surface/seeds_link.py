"""The link that opens Variation across seeds, which is at the end of a tab."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

TAB, ANCHOR = "Numbers", "variation-across-seeds"
LINK = f"[Variation across seeds →](#{ANCHOR})"
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8").replace("VALUES", json.dumps([ANCHOR, TAB]))


def install() -> None:
    """Add the script that opens the tab when the link is followed."""
    with st.container(key="recovery-seeds-link"):
        st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True)
