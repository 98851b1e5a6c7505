"""Curvature of single weights: λ_max of their Hessian blocks beside its scale-free form (D8)."""

from __future__ import annotations

import streamlit as st

from normscape.landscape import Sharpness
from normscape.specs import Experiment
from normscape.views.session.address import control
from normscape.views.session.progress import waiting
from normscape.views.session.requests import COARSE, study
from normscape.views.widgets.numbers import number
from normscape.views.widgets.tables import network_table

HELP = (
    r"$\lambda_{\max}$ of the Hessian's block of every weight $w$, and $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, which "
    "stays as it is when $w$ is rescaled in front of a normalization; and the largest gradient-change ratios of every "
    "layer. Takes about twenty Hessian products and 25 gradients per weight."
)


def section(experiment: Experiment) -> None:
    """Show a switch, and if it is on, the curvature of all weights and the ratios of all layers."""
    if not st.toggle("Show layer by layer", key=control("layer-curvature"), help=HELP):
        return
    curvature = study(experiment, "layer-sharpness", "curvature by layer")
    waiting(curvature.request, curvature.over)
    weights = {label: {name: _cell(*pair) for name, pair in own.items()} for label, own in curvature.found.items()}
    if not any(weights.values()):
        if curvature.over:
            st.caption("No compared network has weights at this training step.")
            return
    else:
        network_table(weights)
        st.caption(
            r"$\lambda_{\max}(H_{ww})$, and in brackets $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, the scale-free one."
        )
    _layer_ratios(experiment)


def _layer_ratios(experiment: Experiment) -> None:
    ratios = study(experiment, "layer-ratios", "ratios by layer")
    waiting(ratios.request, ratios.over)
    if not ratios.found:
        return
    network_table(
        {
            label: {name: " and ".join(map(number, pair)) for name, pair in layers.items()}
            for label, layers in ratios.found.items()
        }
    )
    st.caption(
        f"The largest per-layer ratio and the largest block ratio of every layer over {COARSE} x {COARSE} points of "
        "the same range: how its gradient turns while the whole network moves, and while it alone does (D5). A layer "
        "whose weights the directions leave alone has no block ratio."
    )


def _cell(square: float, sharpness: Sharpness) -> str:
    """Return λ_max of a weight's block and, in brackets, ‖w‖²·λ_max.

    Args:
        square: ‖w‖².
        sharpness: λ_max(H_ww).
    """
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} ({number(square * sharpness.value)}{note})"
