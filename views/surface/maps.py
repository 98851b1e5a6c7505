"""The surfaces from above: gradient-change ratio, contour maps, cut, refinement and differences."""

from __future__ import annotations

from dataclasses import replace

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
from normscape.views.surface.protocol import comparability, same_grid
from normscape.views.texts import surface as texts
from normscape.views.widgets.charts import chart, row_of_charts


def gradient_change_section(experiment: Experiment, comparison: Comparison) -> None:
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


def section(experiment: Experiment, display: Display, comparison: Comparison) -> None:
    """Show contour maps and a cut of the selected metric, and on request its refinement and its differences."""
    st.subheader("From above, and cut through the center")
    maps, cut = contour_figures(comparison), cut_figure(comparison)
    if display.point is not None:
        mark_maps(maps, comparison, display.point)
        mark_cut(cut, comparison, display.point)
    row_of_charts(maps, "contour map")
    chart(cut, "cut through the center")
    _refinement(experiment, comparison)
    _differences(experiment, comparison)


def _refinement(experiment: Experiment, comparison: Comparison) -> None:
    if not st.toggle(r"Show how $\hat L$ grows with refinement", key=control("refinement"), help=texts.REFINEMENT):
        return
    bounds = measure_networks(experiment, "ratio-by-spacing", r"$\hat L$ against spacing")
    show_progress(bounds.request, bounds.finished)
    if bounds.results:
        chart(refinement_figure(comparison.with_results(bounds.results)), "bound against spacing")


def _differences(experiment: Experiment, comparison: Comparison) -> None:
    if len(comparison.results) < 2 or not same_grid(experiment):
        return
    if st.toggle("Show differences", key=control("differences"), help=texts.DIFFERENCES):
        row_of_charts(difference_figures(comparison), "difference")
