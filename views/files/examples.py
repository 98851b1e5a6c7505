"""Example files: opened with one click, or downloaded."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from normscape.gallery.examples import example_files
from normscape.views.files import uploads


def examples(kind: Literal["primary", "secondary"] = "secondary") -> None:
    """Show a button that opens the example files, and their downloads; a primary one is what to do first."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="examples"):
        st.button("Open example files", on_click=_open, icon=":material/landscape:", type=kind)
        with st.container(width="content", gap=None):
            for name, content in example_files().items():
                st.download_button(
                    name,
                    content,
                    name,
                    "application/x-hdf5",
                    on_click="ignore",
                    type="tertiary",
                    icon=":material/download:",
                )


def _open() -> None:
    uploads.open_files(example_files().items())
