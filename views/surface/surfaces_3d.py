"""The compared surfaces as landscapes that turn together, and small ones where there are too many to turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.style.scales import metric_of
from normscape.figures.style.template import sentence_figure
from normscape.figures.surface import mark_surfaces, metrics_of, summary, surface_figures
from normscape.figures.surface.surface_3d import HEIGHT
from normscape.specs import Display
from normscape.views.session import pictures
from normscape.views.surface.selected_point import choose
from normscape.views.widgets.linked_surfaces import Drawn, Saved, Shown, chosen, linked_surfaces, small_pictures, turned


def landscapes(
    comparison: Comparison,
    display: Display,
    missing: Mapping[str, str],
    *,
    compose: Callable[[Drawn], Saved | None],
) -> None:
    """Show surfaces side by side from one camera, which the URL stores; every compared network has its place.

    Args:
        comparison: the surfaces; 8 at most, with those that are missing. Its colors have all networks in order.
        display: camera and point.
        missing: a sentence for every network without a surface.
        compose: makes one picture of the renders from the browser, when the user saves it.
    """
    shown = _shown(comparison, display)
    for label, sentence in missing.items():
        color = comparison.color(label)
        figure = sentence_figure(sentence, comparison.theme_colors, height=HEIGHT, title=label, title_color=color)
        shown[label] = Shown(figure, f"{label}: {sentence}", color)
    linked_surfaces(
        {label: shown[label] for label in comparison.colors if label in shown},
        display.camera,
        on_turn=_turn,
        on_choose=_choose,
        on_draw=pictures.take,
        saved=pictures.asked_for(compose),
    )


def small_landscapes(comparison: Comparison, display: Display, key: str) -> None:
    """Show any number of surfaces in small, all on one scale and from the camera of the large ones.

    Args:
        comparison: the surfaces.
        display: camera and point.
        key: a name for these pictures that is unique on the page.
    """
    small_pictures(_shown(comparison, display), display.camera, key)


def _shown(comparison: Comparison, display: Display) -> dict[str, Shown]:
    figures = surface_figures(comparison)
    if display.point is not None:
        mark_surfaces(figures, comparison, display.point)
    return {
        label: Shown(
            figures[label],
            summary(label, surface, comparison.metric),
            comparison.color(label),
            surface.alpha,
            surface.beta,
            {metric_of(name).title: array for name, array in metrics_of(surface).items()},
        )
        for label, surface in comparison.results.items()
    }


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
