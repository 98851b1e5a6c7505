"""Curvature weight by weight, each raw number beside the one that rescaling leaves alone (D8)."""

from __future__ import annotations

import streamlit as st

from normscape.landscape import Sharpness
from normscape.specs import Experiment
from normscape.views.session.address import control
from normscape.views.session.progress import waiting
from normscape.views.session.requests import COARSE, study
from normscape.views.widgets.numbers import MISSING, number

HELP = (
    r"$\lambda_{\max}$ of the Hessian's block of every weight $w$, and $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, which "
    "stays as it is when $w$ is rescaled in front of a normalization; and the largest gradient-change ratios of every "
    "layer. Takes about twenty Hessian products and 25 gradients per weight."
)


def curvature_panel(experiment: Experiment) -> None:
    """Show the switch, and the table of all weights where it is on."""
    if not st.toggle("Show layer by layer", key=control("layer-curvature"), help=HELP):
        return
    curvature = study(experiment, "layer-sharpness", "curvature by layer")
    waiting(curvature.request, curvature.over)
    found = curvature.found
    names = list(dict.fromkeys(name for weights in found.values() for name in weights))
    if not names and curvature.over:
        st.caption("No compared network has weights at this training step.")
        return
    if names:
        rows = {label: [_line(weights.get(name)) for name in names] for label, weights in found.items()}
        st.table({"": names} | rows)
        st.caption(
            r"$\lambda_{\max}(H_{ww})$, and in brackets $\|w\|^2\cdot\lambda_{\max}(H_{ww})$, the scale-free one."
        )
    _ratios_by_layer(experiment)


def _ratios_by_layer(experiment: Experiment) -> None:
    ratios = study(experiment, "layer-ratios", "ratios by layer")
    waiting(ratios.request, ratios.over)
    found = ratios.found
    if not found:
        return
    names = list(dict.fromkeys(name for layers in found.values() for name in layers))
    rows = {
        label: [" and ".join(map(number, layers[name])) if name in layers else MISSING for name in names]
        for label, layers in found.items()
    }
    st.table({"": names} | rows)
    st.caption(
        f"The largest row ratio and the largest block ratio of every layer over {COARSE} x {COARSE} points of the same "
        "range: how its gradient turns while the whole network moves, and while it alone does (D5). A layer whose "
        "weights the directions leave alone has no block ratio."
    )


def _line(found: tuple[float, Sharpness] | None) -> str:
    if found is None:
        return MISSING
    square, sharpness = found
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} ({number(square * sharpness.value)}{note})"
