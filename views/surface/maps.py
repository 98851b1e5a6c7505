"""The surfaces from above: gradient-change ratio, contour maps, cut, refinement and differences."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.surface import (
    contour_figures,
    cut_figure,
    difference_figures,
    mark_cut,
    mark_maps,
    refinement_figure,
)
from normscape.specs import Display, Experiment
from normscape.views.session.address import control
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import measure_networks
from normscape.views.share.files import Charts
from normscape.views.share.protocol import comparability, same_grid
from normscape.views.share.row import share_row
from normscape.views.texts import surface as texts
from normscape.views.widgets.charts import chart, in_light_theme, row_of_charts

CUT = "cut through the center"

MOST_BESIDE = 2
"""Maps that leave room for the cut in their row."""


def gradient_change_section(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show maps of the gradient-change ratio and of its scale-free form."""
    st.caption(f"{texts.STATISTICS[experiment.surface.evaluation.statistics]} {comparability(experiment)}")
    st.subheader("Gradient-change ratio")
    st.markdown(texts.RATIO)
    row_of_charts(contour_figures(replace(comparison, metric="gradient-change-ratio")), "gradient-change ratio")
    if all(surface.scale_free for surface in comparison.results.values()):
        st.markdown(texts.IN_PLANE_RATIO)
        row_of_charts(contour_figures(replace(comparison, metric="in-plane-ratio")), "in-plane ratio")
    else:
        st.caption(texts.NOT_SCALE_FREE)
    light = in_light_theme(comparison, experiment)
    share_row(Charts("gradient change", "Gradient change", lambda: _ratio_maps(light), experiment, display, True))


def _ratio_maps(comparison: Comparison) -> dict[str, go.Figure]:
    """Return the maps of the gradient-change ratio and, where it exists, of its scale-free form."""
    scale_free = all(surface.scale_free for surface in comparison.results.values())
    metrics = ("gradient-change-ratio", "in-plane-ratio") if scale_free else ("gradient-change-ratio",)
    return {
        f"{label}, {metric}": figure
        for metric in metrics
        for label, figure in contour_figures(replace(comparison, metric=metric)).items()
    }


def section(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show contour maps and a cut of the selected metric, and on request its refinement and its differences."""
    st.subheader("From above, and cut through the center")
    beside = len(comparison.results) <= MOST_BESIDE
    maps, cut = _maps_and_cut(comparison, display, narrow=beside)
    row_of_charts(maps, "contour map", after=(lambda: _beside(cut)) if beside else None)
    if not beside:
        chart(cut, CUT)
    light, title = in_light_theme(comparison, experiment), comparison.title

    def draw() -> dict[str, go.Figure]:
        light_maps, light_cut = _maps_and_cut(light, display)
        return light_maps | {CUT: light_cut}

    share_row(Charts("maps", title, draw, experiment, display, True))
    _refinement(experiment, display, comparison)
    _differences(experiment, display, comparison)


def _beside(cut: go.Figure) -> None:
    """Show the cut in the row of the maps."""
    with st.container(key="side-by-side-cut"):
        chart(cut, CUT)


def _maps_and_cut(
    comparison: Comparison, display: Display, *, narrow: bool = False
) -> tuple[dict[str, go.Figure], go.Figure]:
    maps, cut = contour_figures(comparison), cut_figure(comparison, narrow=narrow)
    if display.point is not None:
        mark_maps(maps, comparison, display.point)
        mark_cut(cut, comparison, display.point)
    return maps, cut


def _refinement(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    if not st.toggle(r"Show how $\hat L$ grows with refinement", key=control("refinement"), help=texts.REFINEMENT):
        return
    bounds = measure_networks(experiment, "ratio-by-spacing", r"$\hat L$ against spacing")
    show_progress(bounds.request, bounds.finished)
    if bounds.results:
        measured = comparison.with_results(bounds.results)
        chart(refinement_figure(measured), "bound against spacing")
        light = in_light_theme(measured, experiment)

        def draw() -> dict[str, go.Figure]:
            return {"bound against spacing": refinement_figure(light)}

        share_row(Charts("refinement", "Lower bound on L against spacing", draw, experiment, display, True))


def _differences(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    if len(comparison.results) < 2 or not same_grid(experiment):
        return
    if st.toggle("Show differences", key=control("differences"), help=texts.DIFFERENCES):
        row_of_charts(difference_figures(comparison), "difference")
        light, title = in_light_theme(comparison, experiment), f"Differences: {comparison.metric_title}"
        share_row(Charts("differences", title, lambda: difference_figures(light), experiment, display, True))
