"""The button that opens Variation across seeds, which is at the end of a tab."""

from __future__ import annotations

import streamlit as st

from normscape.views.widgets import scrolling

TABS_KEY = "details"
"""Of the tabs below the surfaces."""

TAB, ANCHOR = "Numbers", "variation-across-seeds"
LABEL = "Variation across seeds"


def seeds_link(key: str) -> None:
    """Show the button.

    Args:
        key: unique name of the button.
    """
    st.button(LABEL, key=key, type="tertiary", icon=":material/arrow_downward:", on_click=_open)


def _open() -> None:
    st.session_state[TABS_KEY] = TAB
    scrolling.request(ANCHOR)
