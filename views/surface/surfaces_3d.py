"""The compared surfaces in three dimensions, turning together, and the point selected on them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.style.notation import split_subscripts
from normscape.figures.style.palette import colors
from normscape.figures.style.scales import metric_of
from normscape.figures.style.template import sentence_figure
from normscape.figures.surface import (
    color_scale,
    nearest,
    preview_figures,
    values_at,
)
from normscape.figures.surface.surface_3d import HEIGHT
from normscape.figures.training import Training, live_training_figures
from normscape.landscape.surface import interpolate_surface
from normscape.specs import Display, Experiment
from normscape.views.session import address, pictures
from normscape.views.session.linked_view import adopt_camera, adopt_point, panels, select_point
from normscape.views.session.previews import Preview
from normscape.views.session.results import ComparisonState, Outcome, displayed_surface
from normscape.views.surface.controls import FIRST_METRICS
from normscape.views.texts import surface as texts
from normscape.views.widgets import linked_surfaces as linked
from normscape.views.widgets.charts import page_theme
from normscape.views.widgets.linked_surfaces import Presentation, Renders, SavedPicture, SurfacePanel
from normscape.views.widgets.numbers import number, percent
from normscape.views.widgets.story_cards import story_still
from normscape.views.widgets.tables import network_table

LONGEST_ROW = 3
"""Most surfaces in one row on a wide screen (`surface_grid.js`)."""


def comparison_of(experiment: Experiment, display: Display, outcomes: Mapping[str, Outcome]) -> Comparison:
    """Return the available surfaces, interpolated unless the display is of every point."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    drawn = {label: displayed_surface(surface, display) for label, surface in surfaces.items()}
    trained = frozenset(label for label, outcome in outcomes.items() if _is_final(outcome))
    theme = page_theme()
    shown: dict[str, Any] = {"colors": colors(experiment, theme), "theme": theme, "trained": trained}
    shown["losses"] = frozenset(run.data.loss for run, _ in experiment.variants().values())
    return Comparison(drawn, display.shown, display.scale, **shown)


def _is_final(outcome: Outcome) -> bool:
    """Whether an outcome is about the weights at the end of training; published ones count as step 0."""
    spec = outcome.run.spec
    return spec.weights is not None or outcome.checkpoint == spec.last_step > 0


def still(experiment: Experiment, display: Display) -> None:
    """Show the gallery's picture of an experiment, if it has one, until the browser has drawn the surfaces.

    It is sent before the surfaces and covers their place (`style.css`).
    """
    rows = 2 if len(experiment.values) > LONGEST_ROW else 1
    with st.container(key="still"), st.container(key=f"still-rows-{rows}-of-{len(experiment.values)}"):
        picture = story_still(experiment, display)
        if picture is not None:
            encoded = base64.b64encode(picture.read_bytes()).decode()
            # not st.image or st.html: the browser would load their code first
            st.markdown(f"![A still picture of the surfaces](data:image/jpeg;base64,{encoded})")


def surfaces(
    comparison: Comparison,
    display: Display,
    *,
    missing: Mapping[str, str],
    trainings: Mapping[str, Training],
    previews: Mapping[str, Preview],
    verdict: str,
    compose: Callable[[Renders], SavedPicture | None],
) -> None:
    """Show the surfaces from one camera, which the URL stores.

    In place of a missing one is its training curve, below the surface of an earlier checkpoint if there is one, or a
    sentence.

    Args:
        comparison: the surfaces; with the missing ones at most 8. Its colors have all networks in order.
        display: camera and point.
        missing: a sentence for every network without a surface, by label.
        trainings: of those of them that have begun to train.
        previews: of these, at earlier checkpoints.
        verdict: one line of Markdown, above the surfaces when they fill the screen.
        compose: makes one picture of the renders from the browser when the user saves it.
    """
    shown = panels(comparison, display)
    live = live_training_figures(comparison.with_results(trainings), missing, height=HEIGHT)
    if not comparison.results:  # a surface of other weights would not be comparable
        live |= preview_figures(_previewed(comparison, previews), live)
    for label, sentence in missing.items():
        color = comparison.color(label)
        figure = live.get(label) or sentence_figure(
            sentence, comparison.theme_colors, height=HEIGHT, title=label, title_color=color
        )
        shown[label] = SurfacePanel(figure, f"{label}: {sentence}", color)
    linked.linked_surfaces(
        {label: shown[label] for label in comparison.colors if label in shown},
        display.camera,
        on_camera=adopt_camera,
        on_point=adopt_point,
        on_renders=pictures.store_renders,
        on_metric=_step_metric,
        presentation=Presentation(comparison.title, _runs(verdict)),
        color_scale=color_scale(comparison),
        saved=pictures.requested_picture(compose),
    )


def _runs(markdown: str) -> tuple[tuple[str, bool], ...]:
    """Return a line of Markdown as runs of text, each with whether it is a subscript."""
    return tuple(split_subscripts(markdown.replace("**", "")))


def notes(comparison: Comparison, display: Display, state: ComparisonState) -> None:
    """Show the resolution, and every metric at the selected point.

    Args:
        comparison: the surfaces.
        display: camera and point.
        state: the available results.
    """
    if not state.outcomes:
        return
    st.caption(texts.resolution(state, display))
    _selected_point(comparison, display)


def thumbnails(comparison: Comparison, display: Display, key: str) -> None:
    """Show any number of surfaces as small images on one scale, from the camera of the large ones.

    Args:
        comparison: the surfaces.
        display: camera and point.
        key: a name for these images that is unique on the page.
    """
    linked.surface_thumbnails(panels(comparison, display), display.camera, key)


def _previewed(comparison: Comparison, previews: Mapping[str, Preview]) -> Comparison:
    surfaces = {label: interpolate_surface(one.surface) for label, one in previews.items()}
    return replace(comparison, results=surfaces, metric="loss")


def _step_metric() -> None:
    """Select the next or the previous of the first metrics; the controls start again from it."""
    display: Display = st.session_state["display"]
    index = FIRST_METRICS.index(display.metric) if display.metric in FIRST_METRICS else 0
    metric = FIRST_METRICS[(index + linked.requested_metric_step()) % len(FIRST_METRICS)]
    st.session_state["display"] = replace(display, metric=metric)
    address.adopt(st.session_state["experiment"])


def _selected_point(comparison: Comparison, display: Display) -> None:
    """Show every metric of all surfaces at the selected point, and a button that clears the selection."""
    if display.point is None or not comparison.results:
        return
    surface = next(iter(comparison.results.values()))
    row, column = nearest(surface, display.point)
    with st.container(horizontal=True, vertical_alignment="center"):
        position = rf"$\alpha$ = {number(surface.alpha[column])}, $\beta$ = {number(surface.beta[row])}"
        st.markdown(f"**At {position}**, the nearest drawn point")
        st.button("Clear point", on_click=select_point, args=(None,))
    _metrics_table({label: values_at(one, display.point) for label, one in comparison.results.items()})


def _metrics_table(values: Mapping[str, Mapping[str, float]]) -> None:
    """Show metrics by label and name; one that is finite for no network is left out."""
    names = [name for name in next(iter(values.values())) if any(np.isfinite(own[name]) for own in values.values())]
    titles = {name: metric_of(name).title for name in names}
    network_table({label: {titles[name]: _value(name, own[name]) for name in names} for label, own in values.items()})


def _value(metric: str, value: float) -> str:
    """Return a value as the tiles and the key numbers have it."""
    if not np.isfinite(value):
        return "unknown"
    return percent(value) if metric == "accuracy" else number(value)
