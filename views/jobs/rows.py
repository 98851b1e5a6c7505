"""One row of a list on the page Jobs: a small picture, what was compared, and the place of links or buttons."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

NO_PICTURE = '<div class="no-picture" aria-hidden="true"></div>'
"""The grounds of two surfaces (`style.css`), as in pictures of surfaces without values."""


class Row(NamedTuple):
    """The places of a row."""

    text: DeltaGenerator
    actions: DeltaGenerator


def row(name: str, picture: Path | bytes | None, alt: str) -> Row:
    """Show a row with its picture, and return the places beside it (`style.css`).

    Args:
        name: unique on the page.
        picture: 2:1; the outline of two surfaces if there is none.
        alt: what the picture shows.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"row-{name}"):
        with st.container(key=f"row-picture-{name}", width="content"):
            if picture is None:
                st.html(NO_PICTURE)
            else:
                st.image(picture, alt=alt, width="stretch")
        text = st.container(key=f"row-text-{name}", gap=None)
        actions = st.container(horizontal=True, gap="small", width="content", key=f"row-actions-{name}")
    return Row(text, actions)
