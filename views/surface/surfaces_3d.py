"""The compared surfaces as landscapes that turn together, and small ones where there are too many to turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from normscape.figures.style.scales import metric_of
from normscape.figures.style.template import sentence_figure
from normscape.figures.surface import mark_landscapes, metrics_of, summary, surface_figures
from normscape.figures.surface.surface_3d import HEIGHT
from normscape.specs import Display
from normscape.views.session import pictures
from normscape.views.surface.selected_point import choose
from normscape.views.widgets.linked_surfaces import Drawn, Saved, Shown, chosen, linked_surfaces, small_pictures, turned

if TYPE_CHECKING:
    from normscape.landscape import Surface


def landscapes(
    surfaces: Mapping[str, Surface],
    display: Display,
    colours: Mapping[str, str],
    missing: Mapping[str, str],
    *,
    dark: bool,
    compose: Callable[[Drawn], Saved | None],
) -> None:
    """Show surfaces side by side from one camera, which the address keeps; every compared network has its place.

    Args:
        surfaces: what is drawn, by label; 8 at most, with those that are missing.
        display: metric, scale, camera and point.
        colours: by label, in the order of the comparison.
        missing: a sentence for every network that has no surface.
        dark: whether the page is dark.
        compose: makes one picture of what the browser drew, when somebody wants to keep it.
    """
    there = _shown(surfaces, display, colours, dark=dark)
    for label, sentence in missing.items():
        ink = colours.get(label)
        figure = sentence_figure(sentence, dark=dark, height=HEIGHT, title=label, colour=ink)
        there[label] = Shown(figure, f"{label}: {sentence}", ink)
    linked_surfaces(
        {label: there[label] for label in colours if label in there},
        display.camera,
        on_turn=_turn,
        on_choose=_choose,
        on_draw=pictures.take,
        saved=pictures.asked_for(compose),
    )


def small_landscapes(
    surfaces: Mapping[str, Surface], display: Display, colours: Mapping[str, str], key: str, *, dark: bool
) -> None:
    """Show any number of surfaces in small, all on one scale and from the camera of the large ones.

    Args:
        surfaces: what is drawn, by label.
        display: metric, scale and camera.
        colours: by label.
        key: a name for these pictures, one of its own on a page.
        dark: whether the page is dark.
    """
    small_pictures(_shown(surfaces, display, colours, dark=dark), display.camera, key)


def _shown(
    surfaces: Mapping[str, Surface], display: Display, colours: Mapping[str, str], *, dark: bool
) -> dict[str, Shown]:
    drawn = (surfaces, display.shown, display.scale)
    figures = surface_figures(*drawn, colours=colours, dark=dark)
    if display.point is not None:
        mark_landscapes(figures, *drawn, display.point)
    return {
        label: Shown(
            figure,
            summary(label, surfaces[label], display.shown),
            colours.get(label),
            surfaces[label].alpha,
            surfaces[label].beta,
            {metric_of(name).title: array for name, array in metrics_of(surfaces[label]).items()},
        )
        for label, figure in figures.items()
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
