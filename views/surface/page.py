"""What does the surface look like? Controls, results, figures, explanation and download."""

from dataclasses import replace

import streamlit as st

from normscape.figures.comparison import Comparison
from normscape.figures.style.palette import colors
from normscape.figures.surface import (
    contour_figures,
    cut_figure,
    difference_figures,
    mark_cut,
    mark_maps,
    refinement_figure,
)
from normscape.figures.training import training_figure
from normscape.landscape import MissingDataError, TooLargeError
from normscape.views.session import address
from normscape.views.session.address import control
from normscape.views.session.limits import check_limits, possible
from normscape.views.session.progress import stopped, waiting
from normscape.views.session.requests import study, within_time
from normscape.views.session.results import asked, experiment_request, now, picture_of
from normscape.views.surface.checks import reality_panel
from normscape.views.surface.controls import fit_button, fit_range, metric_and_scale
from normscape.views.surface.downloads import composer, downloads
from normscape.views.surface.layer_curvature import curvature_panel
from normscape.views.surface.placeholders import states
from normscape.views.surface.protocol import comparability, protocol, same_grid
from normscape.views.surface.seed_variation import uncertainty_panel
from normscape.views.surface.selected_point import point_panel
from normscape.views.surface.statistics_modes import statistics_panel
from normscape.views.surface.surfaces_3d import landscapes
from normscape.views.texts import surface as explanation
from normscape.views.texts.terms import words
from normscape.views.widgets.charts import chart, page_theme, row_of_charts
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.numbers import HELP, facts, facts_table
from normscape.views.widgets.training_step import checkpoint

RATIO = "gradient-change-ratio"
WORDS = (
    r"$2/\lambda_{\max}$",
    r"$\alpha$, $\beta$",
    "error between points",
    "evaluation set",
    "filter normalization",
    "gradient-change ratio",
    "held-out",
    r"$L \ge$",
    "Lipschitz constant $L$",
    "local ratio",
    "loss surface",
    "plane form",
    "population statistics",
    "row ratio",
    "running statistics",
    "scale-free",
    "slice",
    r"$\theta^*$",
    r"$\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$",
)

experiment, display = address.opened("")
st.title("Loss surfaces")
st.markdown(explanation.INTRODUCTION)
for note in address.notes():
    st.warning(note)
display = metric_and_scale(display, experiment)
with st.container(horizontal=True, vertical_alignment="bottom"):
    experiment = checkpoint(experiment)
    fit_button()
    words(*WORDS)
fit_range(experiment)
address.publish(experiment, display)

try:
    variants, left_out = possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    check_limits(variants)
    if not variants or not within_time(variants):
        st.stop()
except MissingDataError as error:
    offer_download(error)
    st.stop()
except (TooLargeError, ValueError) as error:
    st.error(str(error))
    st.stop()
request = experiment_request(experiment, display, variants, address.of(experiment, display))
shown = now(request, variants) if stopped(request) else asked(request, variants)
waiting(request, shown.over, told=[str(failure) for failure in shown.failures.values()])
for label, failure in shown.failures.items():
    st.error(f"**{label}**: {failure}")
found = shown.outcomes
surfaces = {label: outcome.surface for label, outcome in found.items() if outcome.surface is not None}
pictures = {label: picture_of(surface, display) for label, surface in surfaces.items()}
comparison = Comparison(pictures, display.shown, display.scale, colors=colors(experiment), theme=page_theme())
missing = states(variants, shown, stopped=stopped(request))
landscapes(comparison, display, missing, compose=composer(experiment, display, comparison, found))
if not found:
    st.stop()
for label, outcome in found.items():
    if outcome.surface is None:
        st.warning(explanation.diverged(label, outcome.run.diverged_at, outcome.checkpoint))
st.caption(explanation.resolution(shown, display))
point_panel(pictures, display)
if shown.first_glance:
    st.stop()  # the rest is drawn once, with a finer grid: drawing takes a browser longer than coming here
st.caption(f"{explanation.STATISTICS[experiment.surface.evaluation.statistics]} {comparability(experiment)}")
st.subheader("How fast the gradient turns")
st.markdown(explanation.RATIO)
row_of_charts(contour_figures(replace(comparison, metric=RATIO)), "gradient-change ratio")
if all(surface.scale_free for surface in surfaces.values()):
    st.markdown(explanation.PLANE_FORM)
    row_of_charts(contour_figures(replace(comparison, metric="plane-form")), "plane form")
else:
    st.caption(explanation.NOT_SCALE_FREE)

st.subheader("From above, and cut through the centre")
maps, cut = contour_figures(comparison), cut_figure(comparison)
if display.point is not None:
    mark_maps(maps, comparison, display.point)
    mark_cut(cut, comparison, display.point)
row_of_charts(maps, "contour map")
chart(cut, "cut through the centre")
if st.toggle(r"Show how $\hat L$ grows with refinement", key=control("refinement"), help=explanation.REFINEMENT):
    grown = study(experiment, "ratio-by-spacing", r"$\hat L$ against spacing")
    waiting(grown.request, grown.over)
    if grown.found:
        chart(refinement_figure(comparison.with_results(grown.found)), "bound against spacing")
if (
    len(surfaces) > 1
    and same_grid(experiment)
    and st.toggle("Show differences", key=control("differences"), help=explanation.DIFFERENCES)
):
    row_of_charts(difference_figures(comparison), "difference")

statistics_panel(experiment, display, comparison)

st.subheader("Facts")
facts_table(facts(found))
with st.expander("What these numbers are"):
    st.markdown(HELP)

curvature_panel(experiment)
reality_panel(found)

st.subheader("How far it moves with the seeds")
uncertainty_panel(experiment, display, comparison)

st.subheader("Training")
runs = {label: outcome.run for label, outcome in found.items() if outcome.run.spec.weights is None}
if len(runs) < len(found):
    st.caption(explanation.PUBLISHED)
if runs:
    left, right = st.columns(2)
    with left:
        chart(training_figure(comparison.with_results(runs), "loss"), "training loss")
    with right:
        chart(training_figure(comparison.with_results(runs), "accuracy"), "training accuracy")

st.subheader("Reading it")
st.markdown(explanation.READING)
with st.expander("Protocol: everything needed to get this picture again"):
    st.code(protocol(experiment, display, found), language=None, wrap_lines=True)
downloads(experiment, display, comparison, found)
