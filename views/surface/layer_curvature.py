"""Curvature of single weights: λ_max of their Hessian blocks beside its scale-free form (D8)."""

from __future__ import annotations

import streamlit as st

from normscape.landscape import Sharpness
from normscape.specs import Experiment
from normscape.views.session.address import control
from normscape.views.session.progress import show_progress
from normscape.views.session.requests import LAYER_RATIO_POINTS, measure_networks
from normscape.views.widgets.numbers import number
from normscape.views.widgets.tables import network_table

HELP = (
    r"$\lambda_{\max}$ of the Hessian's block of every weight $w$, and $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, which "
    "stays as it is when $w$ is rescaled in front of a normalization; and the largest gradient-change ratios of every "
    "layer. Takes about ten Hessian products and 25 gradients per weight."
)


def section(experiment: Experiment) -> None:
    """Show a switch, and if it is on, the curvature of all weights and the ratios of all layers."""
    if not st.toggle("Show layer by layer", key=control("layer-curvature"), help=HELP):
        return
    curvature = measure_networks(experiment, "layer-sharpness", "curvature by layer")
    show_progress(curvature.request, curvature.finished)
    weights = {label: {name: _cell(*pair) for name, pair in own.items()} for label, own in curvature.results.items()}
    if not any(weights.values()):
        if curvature.finished:
            st.caption("No compared network has weights at this training step.")
            return
    else:
        network_table(weights)
        st.caption(
            r"$\lambda_{\max}(H_{ww})$, and in brackets $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, the scale-free one."
        )
    _layer_ratios(experiment)


def _layer_ratios(experiment: Experiment) -> None:
    ratios = measure_networks(experiment, "layer-ratios", "ratios by layer")
    show_progress(ratios.request, ratios.finished)
    if not ratios.results:
        return
    network_table(
        {
            label: {name: " and ".join(map(number, pair)) for name, pair in layers.items()}
            for label, layers in ratios.results.items()
        }
    )
    st.caption(
        f"Maxima over {LAYER_RATIO_POINTS} × {LAYER_RATIO_POINTS} points of the same range. Per-layer ratio: the "
        "whole network moves. Block ratio: only this layer moves; layers that the directions leave unchanged have none."
    )


def _cell(square: float, sharpness: Sharpness) -> str:
    """Return λ_max of a weight's block and, in brackets, ‖w‖²·λ_max.

    Args:
        square: ‖w‖².
        sharpness: λ_max(H_ww).
    """
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} ({number(square * sharpness.value)}{note})"
