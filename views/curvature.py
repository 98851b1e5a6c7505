"""Curvature weight by weight, each raw number beside the one that rescaling leaves alone (D8)."""

from __future__ import annotations

import streamlit as st

from landscape import Sharpness
from specs import Experiment
from views.facts import MISSING, number
from views.studies import layer_curvatures

HELP = (
    "λ_max of the Hessian's block of every weight w, and ‖w‖²·λ_max(H_ww), which stays as it is when w is rescaled in "
    "front of a normalization. Takes about twenty Hessian-vector products per weight."
)


def curvature_panel(experiment: Experiment) -> None:
    """Show the switch, and the table of all weights where it is on."""
    if not st.toggle("Show curvature by layer", key="field:layer-curvature", help=HELP):
        return
    with st.spinner("Measuring the curvature of every weight"):
        found = layer_curvatures(experiment)
    names = list(dict.fromkeys(name for weights in found.values() for name in weights))
    if not names:
        st.caption("No compared network has weights at this training step.")
        return
    st.table({"": names} | {label: [_line(weights.get(name)) for name in names] for label, weights in found.items()})
    st.caption("λ_max(H_ww), and in brackets ‖w‖²·λ_max(H_ww), the scale-free one.")


def _line(found: tuple[float, Sharpness] | None) -> str:
    if found is None:
        return MISSING
    square, sharpness = found
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} ({number(square * sharpness.value)}{note})"
