"""CSS for what Streamlit has no setting for."""

from pathlib import Path

import streamlit as st

FILE = Path(__file__).with_suffix(".css")


def apply() -> None:
    """Add the CSS to the page."""
    st.html(FILE)
