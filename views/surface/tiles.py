"""The tiles below the surfaces: four numbers of one network against the other, or a table of several."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import streamlit as st

from normscape.views.surface.measures import Measures
from normscape.views.texts.escape import printable
from normscape.views.texts.labels import as_subject, in_text
from normscape.views.widgets.numbers import ABOUT_EQUAL, MISSING, PENDING, percent, sign, three_digits, times
from normscape.views.widgets.tables import network_table

NO_SURFACE = "no surface at this step"
NOT_FINITE = "the loss or a gradient is not finite"
NO_GRADIENTS = "losses only; select Gradient change"

UNKNOWN = Measures(None, None, math.nan, math.nan, math.nan)


def tiles(labels: Iterable[str], measured: Mapping[str, Measures], *, finished: bool, seed: int | None = None) -> None:
    """Show four numbers: as tiles about one network against the other, or as a table of three or more networks.

    Args:
        labels: of the compared networks, in order.
        measured: what is known of them.
        finished: whether no more will be known.
        seed: of the training that they are about, None if they differ in it.
    """
    labels, missing = list(labels), MISSING if finished else PENDING
    if len(labels) > 2:
        # names come from what is measured: a regression has no accuracy
        columns = {label: tile_values(measured.get(label), None, missing) for label in labels}
        named = {label: own for label, own in columns.items() if label in measured or not measured}
        network_table(
            {label: {name: value for name, value, *_ in named.get(label, ())} for label in labels}, missing=missing
        )
        return
    if finished:
        labels = [label for label in labels if label in measured] or labels
    _pair(labels[-1], labels[0] if len(labels) == 2 else None, measured, missing, seed)


def _pair(label: str, other: str | None, measured: Mapping[str, Measures], missing: str, seed: int | None) -> None:
    against = measured.get(other) if other else None
    values = tile_values(measured.get(label), against, missing)
    if missing == MISSING and label not in measured:
        values = [(name, value, NO_SURFACE, text) for name, value, _, text in values]
    with st.container(key="tiles-of"):
        against_other = f" compared with {printable(in_text(other))}" if other else ""
        st.markdown(
            f"**{printable(as_subject(label))}**{against_other}"
            + ("" if seed is None else f": the run drawn above, training seed {seed}")
        )
    for cell, (name, value, delta, help_text) in zip(st.columns(4), values, strict=True):
        cell.metric(
            name,
            value,
            delta,
            delta_color="off",
            delta_arrow="off",
            help=help_text,
            border=True,
        )


def tile_values(
    one: Measures | None, other: Measures | None, missing: str = PENDING
) -> list[tuple[str, str, str | None, str]]:
    """Return name, value, change, and help of every tile.

    Args:
        one: the network that the tiles are about; None if nothing is known of it yet.
        other: the one that it is compared with.
        missing: the value of a tile in that case.
    """
    against = other or UNKNOWN
    values = _values(one or UNKNOWN, against, missing)
    return values if one is not None else [(name, missing, None, text) for name, _, _, text in values]


def _values(one: Measures, against: Measures, missing: str) -> list[tuple[str, str, str | None, str]]:
    accuracy = math.isfinite(one.accuracy) or math.isnan(one.held_out_loss)
    return [
        (
            r"Largest curvature $\lambda_{\max}$",
            _text(one.sharpness, missing),
            _reason(one) or _change(one.sharpness, against.sharpness),
            "Largest eigenvalue of the Hessian at the shown weights, also called sharpness.",
        ),
        (
            r"Scale-free curvature",
            _text(one.scale_free, missing),
            _reason(one) or _change(one.scale_free, against.scale_free),
            r"Largest eigenvalue of $SHS$, where every filter of the weights is measured in units of its own length: "
            "unchanged if weights in front of a normalization layer are rescaled, which $\\lambda_{\\max}$ is not.",
        ),
        (
            "Gradient change in the slice",
            _text(one.bound, missing),
            _why_no_bound(one, missing) or _change(one.bound, against.bound),
            r"The largest $\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|$ in the slice, from the marked "
            "weights or between neighboring points: a lower bound on the Lipschitz constant L of the gradient. "
            "*Numbers* has both.",
        ),
        (
            "Held-out accuracy" if accuracy else "Held-out loss",
            percent(one.accuracy) if accuracy else _text(one.held_out_loss, missing),
            _points(one, against) if accuracy else _change(one.held_out_loss, against.held_out_loss),
            f"On{_at_most(one.samples)} samples that training does not see.",
        ),
    ]


def _reason(one: Measures) -> str | None:
    """Return why there is no λ_max."""
    return NOT_FINITE if one.sharpness is not None and math.isnan(one.sharpness) else None


def _why_no_bound(one: Measures, missing: str) -> str | None:
    """Return why there is no largest gradient change; None while it is pending."""
    if one.bound is None:
        return NO_GRADIENTS if missing == MISSING else None
    return NOT_FINITE if math.isnan(one.bound) else None


def _at_most(samples: int) -> str:
    return f" up to {samples:,}" if samples else ""


def _text(value: float | None, missing: str) -> str:
    return missing if value is None else three_digits(value)


def _change(one: float | None, other: float | None) -> str | None:
    if sign(one, other) is None or one is None or other is None:
        return None
    if max(one / other, other / one) >= ABOUT_EQUAL:
        return f"{times(one, other)} {'lower' if one < other else 'higher'}"
    return f"{100 * (one / other - 1):+.0f} %".replace("-", "−")


def _points(one: Measures, other: Measures) -> str | None:
    if math.isnan(other.accuracy):
        return None
    # of the rounded values, which are shown
    return f"{round(100 * one.accuracy, 1) - round(100 * other.accuracy, 1):+.1f} points".replace("-", "−")
