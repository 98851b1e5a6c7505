"""Published results beside the same measurements made here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

RESULTS = Path(__file__).parent / "published.md"
"""Written by `make reproduce`."""


def section() -> None:
    """Show the table of published results."""
    with st.expander("Published results, reproduced here"):
        text = RESULTS.read_text(encoding="utf-8").partition("\n")[2]
        st.markdown(text.replace("\n## ", "\n#### "))  # smaller headings than those of the page
