"""The few lines of style that Streamlit has no setting for."""

import streamlit as st

STYLE = """
<style>
/* the first picture belongs on the first screen */
[data-testid="stMainBlockContainer"] { padding-top: 3.5rem; }
/* charts side by side wrap before they become unreadable */
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-side-by-side-"]) { min-width: min(19rem, 100%); }
/* formulas rise above their line and hang below it, where the cells of tables would cut them off, or scroll */
[data-testid="stTable"] [data-testid="stMarkdownContainer"] { overflow: visible; }
/* a displayed formula goes on in a further line where it would be wider than its text: nobody has to scroll it */
.katex-display > .katex { white-space: normal; }
.katex-display > .katex .base { margin: 0.2em 0; }
/* what moves while work goes on takes up to a core from that work where the browser has no graphics processor */
[data-testid="stStatusWidget"] *, [data-testid="stProgress"] *, [data-stale="true"] {
  animation: none !important; transition: none !important;
}
</style>
"""


def apply() -> None:
    """Add the style to the page."""
    st.html(STYLE)
