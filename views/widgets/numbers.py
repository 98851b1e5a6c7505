"""Facts: what is known of each compared network, in numbers, and the table of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

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
from normscape.models import count_parameters
from normscape.views.session.results import Measured, Outcome
from normscape.views.texts.terms import explained

MISSING = "n/a"
WAITING = "…"
NOT_SCALE_FREE = "needs directions that are filter-scaled and not orthogonalised"

TERMS_OF_FACTS: Mapping[str, str] = {
    "Parameters": "parameters",
    "Step shown": "checkpoint",
    "Diverged": "diverged",
    "Training loss": "recorded loss and accuracy",
    "Held-out loss": "recorded loss and accuracy",
    "Training accuracy": "recorded loss and accuracy",
    "Held-out accuracy": "recorded loss and accuracy",
    r"$\|\theta\|$": r"$\|\theta\|$",
    r"$L \ge$, from the centre": r"$L \ge$",
    r"$L \ge$, between neighbours": r"$L \ge$",
    r"Largest $\|Hu\|$ in the plane": r"largest $\|Hu\|$ in the plane",
    "Plane form up to (scale-free)": "plane form",
    r"$\lambda_{\max}$": r"$\lambda_{\max}$",
    r"$2/\lambda_{\max}$": r"$2/\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$ (scale-free)": r"$\lambda_{\max}(SHS)$",
    "Points not finite": "non-finite points",
    r"$\|d_1\|$ and $\|d_2\|$": "direction",
    r"$\cos(d_1, d_2)$": r"$\cos(d_1, d_2)$",
    "Loss at the centre": "loss",
    "evaluated directly": "evaluated directly",
}
"""What explains each name of the table, in views/texts/glossary.py."""


def _help() -> str:
    """Return every name of the table with the glossary's words, names of one term together."""
    lines = {term: [name for name, one in TERMS_OF_FACTS.items() if one == term] for term in TERMS_OF_FACTS.values()}
    return "\n".join(f"- **{'; '.join(names)}**: {explained(term)}" for term, names in lines.items())


HELP = _help()


def facts(outcomes: Mapping[str, Outcome]) -> Mapping[str, Mapping[str, str]]:
    """Return the facts of every network, by label: names and values as people read them."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    groups = _of_one_shape(surfaces)
    centre, near = (
        {label: bound for group in groups for label, bound in bounds(group).items()}
        for bounds in (bounds_from_center, bounds_between_neighbors)
    )
    return {
        label: _run_facts(outcome) | _surface_facts(outcome.measured, centre.get(label), near.get(label))
        for label, outcome in outcomes.items()
    }


def _of_one_shape(surfaces: Mapping[str, Surface]) -> list[dict[str, Surface]]:
    """Group surfaces by the shape of their grids: only equal grids have pairs of points in common."""
    shapes = dict.fromkeys(surface.loss.shape for surface in surfaces.values())
    return [{label: one for label, one in surfaces.items() if one.loss.shape == shape} for shape in shapes]


def facts_table(rows: Mapping[str, Mapping[str, str]]) -> None:
    """Show facts as a table, a column for each network, with the names' formulas typeset.

    Args:
        rows: values by label and then by name; a label that lacks one has "n/a".
    """
    names = list(dict.fromkeys(name for known in rows.values() for name in known))
    columns = {label: [known.get(name, MISSING) for name in names] for label, known in rows.items()}
    st.table({"": names} | columns)


def _run_facts(outcome: Outcome) -> dict[str, str]:
    run, history = outcome.run, outcome.run.history
    recorded = outcome.checkpoint in history.step
    entry = history.at(outcome.checkpoint if recorded else int(history.step[-1]))
    data = load_data(run.spec.data)
    parameters = count_parameters(run.spec.model, data.input_shape, data.outputs)
    diverged = "no" if run.diverged_at is None else f"yes, at step {run.diverged_at}"
    return {
        "Parameters": f"{parameters:,}",
        "Step shown": str(outcome.checkpoint),
        "Diverged": diverged,
        "Training loss": number(entry.train_loss),
        "Held-out loss": number(entry.held_out_loss),
        "Training accuracy": _percent(entry.train_accuracy),
        "Held-out accuracy": _percent(entry.held_out_accuracy),
    }


def _surface_facts(measured: Measured | None, centre: Bound | None, near: Bound | None) -> dict[str, str]:
    if measured is None or centre is None or near is None:
        return dict.fromkeys(_SURFACE_FACTS, MISSING)
    surface = measured.surface
    values = (
        number(float(np.linalg.norm(surface.plane.theta))),
        _with_pairs(centre),
        _with_pairs(near),
        _at_centre(surface, surface.gradient_change_ratio),
        number(largest(surface.plane_form)) if surface.scale_free else NOT_SCALE_FREE,
        _with_residual(measured.sharpness),
        WAITING if measured.sharpness is None else number(measured.sharpness.largest_stable_step),
        _with_residual(measured.scale_free_sharpness),
        f"{surface.non_finite.sum()} of {surface.evaluated.sum()}",
        " and ".join(map(number, surface.plane.norms)),
        f"{surface.plane.cosine:.1e}",
        _at_centre(surface, surface.loss, digits=6),
        WAITING if measured.direct_loss is None else number(measured.direct_loss, digits=6),
    )
    return dict(zip(_SURFACE_FACTS, values, strict=True))


_SURFACE_FACTS = (
    r"$\|\theta\|$",
    r"$L \ge$, from the centre",
    r"$L \ge$, between neighbours",
    r"Largest $\|Hu\|$ in the plane",
    "Plane form up to (scale-free)",
    r"$\lambda_{\max}$",
    r"$2/\lambda_{\max}$",
    r"$\lambda_{\max}(SHS)$ (scale-free)",
    "Points not finite",
    r"$\|d_1\|$ and $\|d_2\|$",
    r"$\cos(d_1, d_2)$",
    "Loss at the centre",
    "evaluated directly",
)


def number(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits; what is not finite is said in words."""
    if math.isnan(value):
        return MISSING
    return f"{value:.{digits}g}" if math.isfinite(value) else "infinite"


def span(values: Iterable[float]) -> str:
    """Write the smallest and the largest of some numbers, or the one that they all are; what is not finite is not."""
    known = [float(value) for value in values if math.isfinite(value)]
    if not known:
        return MISSING
    low, high = number(min(known)), number(max(known))
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return MISSING if math.isnan(share) else f"{100 * share:.1f} %"


def _with_residual(sharpness: Sharpness | None) -> str:
    if sharpness is None:
        return WAITING
    if math.isnan(sharpness.value):
        return MISSING
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} (residual {sharpness.residual:.0e}{note})"


def _with_pairs(bound: Bound) -> str:
    return f"{number(bound.value)} ({bound.pairs} pairs, steps from {number(bound.smallest_step)})"


def _at_centre(surface: Surface, values: np.ndarray, digits: int = 3) -> str:
    return "no grid point there" if surface.centre is None else number(float(values[surface.centre]), digits)
