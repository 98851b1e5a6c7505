"""The share row below figures: a link and all files, in a row or behind a small button."""

from __future__ import annotations

import streamlit as st

from normscape.views.session.address import control
from normscape.views.share.copy_link import copy_link
from normscape.views.share.files import Charts, download_buttons, files


def share_row(charts: Charts) -> None:
    """Show the buttons that share charts, in a row."""
    with st.container(horizontal=True, gap="small", key=f"share-{charts.name.replace(' ', '-')}"):
        copy_link(charts.name)
        download_buttons(charts.experiment, files(charts), charts.name)


@st.fragment
def share_popover(charts: Charts) -> None:
    """Show one small button that opens the others; a closed one makes none of them."""
    key = control(f"share:{charts.name}")
    with st.popover("Share", icon=":material/share:", type="tertiary", key=key, on_change="rerun") as popover:
        if popover.open:
            copy_link(charts.name)
            download_buttons(charts.experiment, files(charts), charts.name)
