"""CSS for what Streamlit has no setting for."""

from pathlib import Path

import streamlit as st

FILE = Path(__file__).with_suffix(".css")


DARK = '<style>[data-testid="stMain"] [data-testid="stBaseButton-primary"] { color: #0f1420; }</style>'
"""Dark text on filled buttons of the page, whose blue is light there: Streamlit would write white on it."""


def apply() -> None:
    """Add the CSS to the page."""
    st.html(FILE)
    if st.context.theme.type == "dark":
        st.html(DARK)
