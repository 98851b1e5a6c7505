"""The few lines of style that Streamlit has no setting for."""

import streamlit as st

STYLE = """
<style>
/* the first picture belongs on the first screen */
[data-testid="stMainBlockContainer"] { padding-top: 3.5rem; }
/* charts side by side wrap before they become unreadable */
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-side-by-side-"]) { min-width: min(19rem, 100%); }
</style>
"""


def apply() -> None:
    """Add the style to the page."""
    st.html(STYLE)
