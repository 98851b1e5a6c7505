"""One row of a list on the page Jobs: a small picture, what was compared, and the place of links or buttons."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

SKETCHES: Mapping[str, str] = {
    "Surfaces": "M14 24 40 13 66 24 40 35ZM14 24c9 13 17 17 26 17s17-4 26-17",
    "Analysis": "M16 12h6M28 12h36M16 24h6M28 24h28M16 36h6M28 36h33",
    "Along training": "M12 34c8-16 12-20 18-12s10 6 14-2 10-10 24-8",
    "Learning rates": "M12 12h18M12 24h32M12 36h52M36 8v8M50 20v8M68 32v8",
    "Curvature": "M12 40h56M16 40V14M22 40V22M28 40V28M34 40V32M40 40V35M46 40V37M62 40V30",
    "Paths": "M14 38c4-14 10-18 18-16s10 0 14-8 12-6 20-4M14 38h.1M66 10h.1",
}
"""What the chart of each page looks like, as a path in 80 by 48 units, by the page's name."""


def sketch(page: str, note: str = "") -> str:
    """Return a sketch of a page's chart above its name as HTML, in the place of surfaces that are not there.

    Args:
        page: a name of a page about experiments; any other has the sketch of surfaces and no name.
        note: in place of the page's name.
    """
    path = SKETCHES.get(page, SKETCHES["Surfaces"])
    name = html.escape(note or (page if page in SKETCHES else ""))
    lines = "fill='none' stroke='#000' stroke-width='3' stroke-linecap='round' stroke-linejoin='round'"
    drawn = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 80 48'><path d='{path}' {lines}/></svg>"
    mask = f"url(&quot;data:image/svg+xml,{quote(drawn)}&quot;)"  # st.html removes an SVG element
    return f'<div class="no-picture"><i style="--sketch: {mask}" aria-hidden="true"></i><span>{name}</span></div>'


NO_SURFACE = "No surface yet"


class Row(NamedTuple):
    """The places of a row."""

    text: DeltaGenerator
    actions: DeltaGenerator


def row(name: str, picture: Path | bytes | None, alt: str, page: str = "") -> Row:
    """Show a row with its picture, and return the places beside it (`style.css`).

    Args:
        name: unique on the page.
        picture: 2:1; a sketch of what the page shows if there is none.
        alt: what the picture shows.
        page: the name of the page that the experiment is on.
    """
    with st.container(horizontal=True, vertical_alignment="center", key=f"row-{name}"):
        with st.container(key=f"row-picture-{name}", width="content"):
            if picture is None:
                st.html(sketch(page, NO_SURFACE if page == "Surfaces" else ""))
            else:
                st.image(picture, alt=alt, width="stretch")
        text = st.container(key=f"row-text-{name}", gap=None)
        actions = st.container(horizontal=True, gap="small", width="content", key=f"row-actions-{name}")
    return Row(text, actions)
