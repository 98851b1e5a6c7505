"""The compared surfaces as landscapes that turn together, or as maps where there are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from figures.surface import contour_figures, mark_landscapes, mark_maps, summary, surface_figures
from specs import Display
from views.charts import row_of_charts
from views.linked_surfaces import MOST, chosen, linked_surfaces, turned
from views.points import choose

if TYPE_CHECKING:
    from landscape import Surface


def landscapes(surfaces: Mapping[str, Surface], display: Display, colours: Mapping[str, str], *, dark: bool) -> None:
    """Show surfaces side by side from one camera, which the address keeps."""
    if not surfaces:
        return
    drawn = (surfaces, display.shown, display.scale)
    if len(surfaces) > MOST:
        st.info(f"More than {MOST} surfaces are shown as maps: browsers draw no more in three dimensions.")
    else:
        figures = surface_figures(*drawn, colours=colours, dark=dark)
        if display.point is not None:
            mark_landscapes(figures, *drawn, display.point)
        summaries = {label: summary(label, surface, display.shown) for label, surface in surfaces.items()}
        linked_surfaces(figures, summaries, display.camera, on_turn=_turn, on_choose=_choose)
        return
    maps = contour_figures(*drawn, colours=colours, dark=dark)
    if display.point is not None:
        mark_maps(maps, surfaces, display.shown, display.point)
    row_of_charts(maps, "surface as a map")


def _turn() -> None:
    """Take over the camera of the browser; one that cannot be used changes nothing."""
    camera = turned()
    if camera is None:
        return
    display: Display = st.session_state["display"]
    try:
        st.session_state["display"] = replace(display, camera=camera)
    except ValueError:  # turned so far away that no picture would be left
        return


def _choose() -> None:
    if (point := chosen()) is not None:
        choose(point)
