"""A script that reloads the page if Streamlit removes all of it after a broken connection."""

from pathlib import Path

import streamlit as st

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def install() -> None:
    """Add the script to the page."""
    with st.container(key="recovery"):  # not displayed (`style.css`)
        st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True)
