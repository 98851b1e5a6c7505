"""Paths of training in 3-D, and the button and slider that draw them and the maps checkpoint by checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from normscape.exports.path_player import SOURCE, STYLE, steps_of
from normscape.figures.style.template import CONFIG
from normscape.views.widgets.linked_surfaces import BUNDLE, LOADER

_SCENES = """
.path-scenes { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
.path-scene { min-width: 0; overflow: hidden; }
"""

_component = st.components.v2.component(
    "normscape.path_player",
    css=f"{STYLE}\n{_SCENES}",
    js=f"{LOADER}\n{SOURCE}\n{Path(__file__).with_suffix('.js').read_text(encoding='utf-8')}",
    isolate_styles=False,  # plotly.js adds its own style to the page
)


def path_player(maps: Mapping[str, go.Figure], surfaces: Mapping[str, go.Figure], selector: str) -> None:
    """Show the controls of all paths, and below them the paths in 3-D.

    Args:
        maps: the figures on the page whose paths the controls draw as well.
        surfaces: the figures in 3-D, by label.
        selector: CSS selector of the maps.
    """
    _component(
        key="path-player",
        data={
            **{"bundle": f"app/static/{BUNDLE}", "config": CONFIG, "maps": selector, "steps": steps_of(maps.values())},
            "figures": [{"figure": one.to_json(), "summary": f"Path in 3-D: {name}"} for name, one in surfaces.items()],
        },
    )
