"""The share row below figures: a link and all files, in a row or behind a small button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from normscape.views.session.address import control
from normscape.views.share.animation import animation_button
from normscape.views.share.copy_link import copy_link
from normscape.views.share.file_names import file_name
from normscape.views.share.files import Charts, File, download_buttons, files, files_in_3d


def share_row(charts: Charts, *, waiting: str = "") -> None:
    """Show the buttons that share charts: the link, and a menu of all files.

    Args:
        charts: what is shared.
        waiting: in place of the files as long as there are none, why.
    """
    with st.container(horizontal=True, gap="small", key=f"share-{charts.name.replace(' ', '-')}"):
        copy_link(charts.name)
        stem, name = file_name(charts.experiment), charts.name
        if waiting:
            downloads_menu(stem, {}, name, about=waiting)
        else:
            downloads_menu(stem, files(charts), name, more=partial(_more, charts))


def _more(charts: Charts) -> None:
    """Show the animation of growing paths, and the pictures of paths in 3-D."""
    if charts.growing:
        animation_button(charts)
    if in_3d := files_in_3d(charts):
        st.caption("Path in 3-D")
        download_buttons(file_name(charts.experiment), in_3d, f"{charts.name}-3d")


def downloads_menu(
    stem: str,
    offered: Mapping[str, File],
    name: str,
    *,
    disabled: bool = False,
    about: str = "",
    more: Callable[[], None] | None = None,
) -> None:
    """Show one button that opens a list of files: a row of them would wrap on narrow screens.

    Args:
        stem: how the file names begin.
        offered: by the label of the button.
        name: unique on the page.
        disabled: whether there is nothing to download yet.
        about: what the files contain.
        more: shows further files.
    """
    with (
        st.popover("Downloads", icon=":material/download:", key=f"downloads-{name}"),
        st.container(key=f"files-{name.replace(' ', '-')}", gap="small"),
    ):
        if about:
            st.caption(about)
        download_buttons(stem, offered, name, disabled=disabled)
        if more is not None:
            more()


@st.fragment
def share_popover(charts: Charts) -> None:
    """Show one small button that opens the others; a closed one makes none of them."""
    key = control(f"share:{charts.name}")
    with st.popover("Share", icon=":material/share:", type="tertiary", key=key, on_change="rerun") as popover:
        if popover.open:
            copy_link(charts.name)
            with st.container(key=f"files-{charts.name.replace(' ', '-')}", gap="small"):
                download_buttons(file_name(charts.experiment), files(charts), charts.name)
