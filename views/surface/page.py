"""What does the loss surface look like? Controls, results, figures, explanation and downloads."""

import streamlit as st

from normscape.landscape import MissingDataError, TooLargeError
from normscape.views.session import address, limits, progress, results
from normscape.views.session.requests import within_time
from normscape.views.surface import (
    checks,
    controls,
    downloads,
    key_numbers,
    layer_curvature,
    maps,
    seed_variation,
    statistics_modes,
    surfaces_3d,
    training,
)
from normscape.views.texts import surface as texts
from normscape.views.widgets.data_download import offer_download
from normscape.views.widgets.page_header import page_header

GLOSSARY_TERMS = (
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
    "in-plane ratio",
    "population statistics",
    "per-layer ratio",
    "running statistics",
    "scale-free",
    "slice",
    r"$\theta^*$",
    r"$\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$",
)

experiment, display = address.opened("")
page_header("Loss surfaces", texts.INTRODUCTION)
experiment, display = controls.section(experiment, display, GLOSSARY_TERMS)

try:
    variants, left_out = limits.possible(experiment)
    for label, reason in left_out.items():
        st.warning(f"**{label}** is left out: {reason}.")
    limits.check_limits(variants)
    if not variants or not within_time(variants):
        st.stop()
except MissingDataError as error:
    offer_download(error)
    st.stop()
except (TooLargeError, ValueError) as error:
    st.error(str(error))
    st.stop()
request = results.experiment_request(experiment, display, variants, address.of(experiment, display))
stopped = progress.stopped(request)
now = results.now(request, variants) if stopped else results.asked(request, variants)
progress.waiting(request, now.over, told=[str(failure) for failure in now.failures.values()])
for label, failure in now.failures.items():
    st.error(f"**{label}**: {failure}")

outcomes = now.outcomes
comparison = surfaces_3d.comparison_of(experiment, display, outcomes)
missing = texts.missing_surfaces(variants, now, stopped=stopped)
compose = downloads.composer(experiment, display, comparison, outcomes)
surfaces_3d.section(comparison, display, now, missing=missing, compose=compose)
if not outcomes or now.first_glance:
    st.stop()  # a browser takes longer to draw the rest than the next grid takes to arrive

maps.gradient_change_section(experiment, comparison)
maps.section(experiment, display, comparison)
statistics_modes.section(experiment, display, comparison)
key_numbers.section(outcomes)
layer_curvature.section(experiment)
checks.section(outcomes)
seed_variation.section(experiment, display, comparison)
training.section(comparison, outcomes)
st.subheader("Reading it")
st.markdown(texts.READING)
downloads.section(experiment, display, comparison, outcomes)
