"""The key numbers of the compared networks: from training, from the slice, and of the Hessian."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import streamlit as st

from normscape.landscape import (
    Bound,
    Sharpness,
    Surface,
    bounds_between_neighbors,
    bounds_from_center,
    largest,
    load_data,
)
from normscape.landscape.surface.topology import minima_of
from normscape.models import count_parameters
from normscape.views.session.results import Measured, Outcome
from normscape.views.texts.glossary import definition
from normscape.views.widgets.numbers import MISSING, PENDING, number, percent, three_digits
from normscape.views.widgets.tables import network_table

NOT_SCALE_FREE = "needs directions that are filter-normalized and not orthogonalized"

TRAINING_NUMBERS: Mapping[str, str] = {
    "Parameters": "parameters",
    "Step shown": "checkpoint",
    "Diverged": "diverged",
    "Training loss": "recorded loss and accuracy",
    "Held-out loss": "recorded loss and accuracy",
    "Training accuracy": "recorded loss and accuracy",
    "Held-out accuracy": "recorded loss and accuracy",
}
SURFACE_NUMBERS: Mapping[str, str] = {
    r"$\|\theta\|$": r"$\|\theta\|$",
    r"$L \ge$, from the center": r"$L \ge$",
    r"$L \ge$, between neighbors": r"$L \ge$",
    r"Largest $\|Hu\|$ in the plane": r"largest $\|Hu\|$ in the plane",
    "In-plane ratio up to (scale-free)": "in-plane ratio",
    r"$\lambda_{\max}$": r"$\lambda_{\max}$",
    r"$2/\lambda_{\max}$": r"$2/\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$ (scale-free)": r"$\lambda_{\max}(SHS)$",
    "Minima of the loss": "minima of a slice",
    "Points not finite": "non-finite points",
    r"$\|d_1\|$ and $\|d_2\|$": "direction",
    r"$\cos(d_1, d_2)$": r"$\cos(d_1, d_2)$",
    "Loss at the center": "loss",
    "Loss at the center, recomputed": "loss at the center, recomputed",
}
"""Names in the table, each with its term in the glossary."""


LOSSES = (
    "*Training loss* and *Loss at the center* differ: the first is recorded during training, with the running averages "
    "of the normalization; the second is the loss on the evaluation set, with the statistics chosen under *Slice*."
)


def section(outcomes: Mapping[str, Outcome]) -> None:
    """Show the key numbers as a table, and the definitions of all names in it."""
    st.subheader("Key numbers")
    network_table(key_numbers(outcomes))
    st.caption(LOSSES)
    with st.expander("What these numbers are"):
        st.markdown(definitions())


def definitions() -> str:
    """Return the definition of every name in the table as a Markdown list; names of one term share an item."""
    terms = {**TRAINING_NUMBERS, **SURFACE_NUMBERS}
    names = {term: [name for name in terms if terms[name] == term] for term in terms.values()}
    named = {term: "; ".join(own) for term, own in names.items()} | {"residual": "residual"}  # behind the curvatures
    return "\n".join(f"- **{name}**: {definition(term)}" for term, name in named.items())


def key_numbers(outcomes: Mapping[str, Outcome]) -> Mapping[str, Mapping[str, str]]:
    """Return the key numbers of every network as text, by label and name.

    Bounds on L are taken over the pairs of points that are finite for all networks with an equally shaped grid.
    """
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    groups = _grouped_by_shape(surfaces)
    center, neighbors = (
        {label: bound for group in groups for label, bound in bounds(group).items()}
        for bounds in (bounds_from_center, bounds_between_neighbors)
    )
    return {
        label: _training_numbers(outcome) | _surface_numbers(outcome.measured, center.get(label), neighbors.get(label))
        for label, outcome in outcomes.items()
    }


def _grouped_by_shape(surfaces: Mapping[str, Surface]) -> list[dict[str, Surface]]:
    """Group surfaces by the shape of their grids, since only equal grids have pairs of points in common."""
    shapes = dict.fromkeys(surface.loss.shape for surface in surfaces.values())
    return [{label: one for label, one in surfaces.items() if one.loss.shape == shape} for shape in shapes]


def _training_numbers(outcome: Outcome) -> dict[str, str]:
    run, history = outcome.run, outcome.run.history
    recorded = outcome.checkpoint in history.step
    entry = history.at(outcome.checkpoint if recorded else int(history.step[-1]))
    data = load_data(run.spec.data)
    values = (
        f"{count_parameters(run.spec.model, data.input_shape, data.outputs):,}",
        str(outcome.checkpoint),
        "no" if run.diverged_at is None else f"yes, at step {run.diverged_at}",
        number(entry.train_loss),
        number(entry.held_out_loss),
        percent(entry.train_accuracy),
        percent(entry.held_out_accuracy),
    )
    return dict(zip(TRAINING_NUMBERS, values, strict=True))


def _surface_numbers(measured: Measured | None, center: Bound | None, neighbors: Bound | None) -> dict[str, str]:
    if measured is None or center is None or neighbors is None:
        return dict.fromkeys(SURFACE_NUMBERS, MISSING)
    surface = measured.surface
    values = (
        number(float(np.linalg.norm(surface.plane.theta))),
        _bound(center),
        _bound(neighbors),
        _at_center(surface, surface.gradient_change_ratio),
        number(largest(surface.in_plane_ratio)) if surface.scale_free else NOT_SCALE_FREE,
        _sharpness(measured.sharpness),
        PENDING if measured.sharpness is None else number(measured.sharpness.largest_stable_step),
        _sharpness(measured.scale_free_sharpness),
        _minima(surface),
        f"{surface.non_finite.sum()} of {surface.evaluated.sum()}",
        " and ".join(map(number, surface.plane.norms)),
        number(surface.plane.cosine, digits=2),
        loss_at_center(measured, digits=6),
        PENDING if measured.direct_loss is None else number(measured.direct_loss, digits=6),
    )
    return dict(zip(SURFACE_NUMBERS, values, strict=True))


def _minima(surface: Surface) -> str:
    """Return the number of minima of the measured loss, and how many of them are on the border (D15)."""
    found = minima_of(surface)
    border = int(found.border.sum())
    return f"{len(found)}, {border} on the border" if border else f"{len(found)}"


def loss_at_center(measured: Measured | None, digits: int = 3) -> str:
    """Return the loss on the evaluation set at the marked weights, with the statistics of the surface."""
    return MISSING if measured is None else _at_center(measured.surface, measured.surface.loss, digits)


def _sharpness(sharpness: Sharpness | None) -> str:
    if sharpness is None:
        return PENDING
    if math.isnan(sharpness.value):
        return MISSING
    note = "" if sharpness.converged else ", not converged"
    return f"{three_digits(sharpness.value)} (residual {number(sharpness.residual, digits=1)}{note})"


def _bound(bound: Bound) -> str:
    return f"{three_digits(bound.value)} ({bound.pairs} pairs, steps from {number(bound.smallest_step)})"


def _at_center(surface: Surface, values: np.ndarray, digits: int = 3) -> str:
    return "no grid point there" if surface.center is None else number(float(values[surface.center]), digits)
