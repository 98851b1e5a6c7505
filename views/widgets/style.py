"""CSS for what Streamlit has no setting for."""

import streamlit as st

STYLE = """
<style>
/* the first picture belongs on the first screen */
[data-testid="stMainBlockContainer"] { padding-top: 3.5rem; }
/* charts side by side wrap before they become unreadable */
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-side-by-side-"]) { min-width: min(19rem, 100%); }
/* formulas are taller than their line: the cells of tables would clip them or scroll */
[data-testid="stTable"] [data-testid="stMarkdownContainer"] { overflow: visible; }
/* a displayed formula that is wider than its text wraps, so that it needs no scrolling */
.katex-display > .katex { white-space: normal; }
.katex-display > .katex .base { margin: 0.2em 0; }
/* in a browser without a graphics processor, animations take up to one core from the computation */
[data-testid="stStatusWidget"] *, [data-testid="stProgress"] *, [data-stale="true"] {
  animation: none !important; transition: none !important;
}
</style>
"""


def apply() -> None:
    """Add the CSS to the page."""
    st.html(STYLE)
