"""What does the loss surface look like? Controls, results, figures, explanation and downloads."""

import streamlit as st

from normscape.views.session import address, progress, results
from normscape.views.session.admission import admitted
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

variants = admitted(experiment)
request = results.experiment_request(experiment, display, variants, address.of(experiment, display))
state = results.request_comparison(request, variants)
progress.show_progress(request, state.finished, shown=[str(failure) for failure in state.failures.values()])
for label, failure in state.failures.items():
    st.error(f"**{label}**: {failure}")

outcomes = state.outcomes
comparison = surfaces_3d.comparison_of(experiment, display, outcomes)
missing = texts.missing_surfaces(variants, state, stopped=progress.is_stopped(request))
compose = downloads.composer(experiment, display, comparison, outcomes)
surfaces_3d.section(comparison, display, state, missing=missing, compose=compose)
if not outcomes or state.surfaces_only:
    st.stop()  # a browser takes longer to draw the rest than the next grid takes to arrive

maps.gradient_change_section(experiment, comparison)
maps.section(experiment, display, comparison)
statistics_modes.section(experiment, display, comparison)
key_numbers.section(outcomes)
layer_curvature.section(experiment)
checks.section(outcomes)
seed_variation.section(experiment, display, comparison)
training.section(comparison, outcomes)
st.subheader("How to read it")
st.markdown(texts.READING)
downloads.section(experiment, display, comparison, outcomes)
