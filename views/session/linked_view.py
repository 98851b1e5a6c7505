"""The surfaces of a page as linked panels, and the camera and the point that all of them share."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.style.scales import metric_of
from normscape.figures.surface import mark_surfaces, metrics_of, summary, surface_figures
from normscape.specs import Display
from normscape.views.widgets import linked_surfaces as linked
from normscape.views.widgets.linked_surfaces import SurfacePanel


def panels(comparison: Comparison, display: Display) -> dict[str, SurfacePanel]:
    """Return the panels of all surfaces by label, with the selected point if there is one."""
    figures = surface_figures(comparison)
    if display.point is not None:
        mark_surfaces(figures, comparison, display.point)
    return {
        label: SurfacePanel(
            figures[label],
            summary(label, surface, comparison.metric),
            comparison.color(label),
            surface.alpha,
            surface.beta,
            {metric_of(name).title: array for name, array in metrics_of(surface).items()},
            frozenset({metric_of("accuracy").title}),
        )
        for label, surface in comparison.results.items()
    }


def adopt_camera() -> None:
    """Store the camera that the browser reported; ignore one that cannot be used."""
    camera = linked.reported_camera()
    if camera is None:
        return
    display: Display = st.session_state["display"]
    try:
        st.session_state["display"] = replace(display, camera=camera)
    except ValueError:  # so far away that the picture would be empty
        return


def adopt_point() -> None:
    """Select the point that the user clicked on."""
    if (point := linked.clicked_point()) is not None:
        select_point(point)


def select_point(point: tuple[float, float] | None) -> None:
    """Store the selected point (α, β), None for none; ignore one that cannot be used."""
    try:
        st.session_state["display"] = replace(st.session_state["display"], point=point)
    except (TypeError, ValueError):
        return
