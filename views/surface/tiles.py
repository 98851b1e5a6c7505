"""The tiles below the surfaces: four numbers of the network that the verdict is about."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from normscape.views.surface.verdict import Measures, compared_pair, sign, times
from normscape.views.widgets.numbers import ABOUT_EQUAL, number, percent


def tiles(measured: Mapping[str, Measures]) -> None:
    """Show four numbers of the network that the verdict is about, each against the other network."""
    pair = compared_pair(measured)
    subject = pair[0] if pair else next(iter(measured), None)
    if subject is None:
        return
    one, other = measured[subject], measured[pair[1]] if pair else None
    against = f"vs. {pair[1]}" if pair else None
    for cell, (label, value, delta, help_text) in zip(st.columns(4), tile_values(one, other), strict=True):
        cell.metric(
            f"{label}, {subject}",
            value,
            delta,
            delta_color="off",
            delta_arrow="off",
            delta_description=against if delta else None,
            help=help_text,
            border=True,
        )


def tile_values(one: Measures, other: Measures | None) -> list[tuple[str, str, str | None, str]]:
    """Return label, value, change, and help of every tile."""
    against = other or Measures(None, None, math.nan, math.nan, math.nan)
    accuracy = math.isfinite(one.accuracy)
    return [
        (
            r"Sharpness $\lambda_{\max}$",
            _text(one.sharpness),
            _change(one.sharpness, against.sharpness),
            "Largest eigenvalue of the Hessian at the shown weights.",
        ),
        (
            r"Gradient change ($L\ge$)",
            _text(one.bound),
            _change(one.bound, against.bound),
            r"The largest $\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|$ from the marked weights to a point "
            "of the slice, a lower bound on the Lipschitz constant L of the gradient (D5). Pairs of neighboring points "
            "can give a larger one: see *Numbers*.",
        ),
        (
            "Held-out accuracy" if accuracy else "Held-out loss",
            percent(one.accuracy) if accuracy else _text(one.held_out_loss),
            _points(one, against) if accuracy else _change(one.held_out_loss, against.held_out_loss),
            f"On{_at_most(one.samples)} samples that training does not see.",
        ),
        (
            r"$2/\lambda_{\max}$ at these weights",
            _text(_step(one)),
            _change(_step(one), _step(against)),
            "Plain gradient descent that has reached these weights is locally stable only below this rate (A3). "
            "Which rates train from scratch is another question: see the page Learning rates.",
        ),
    ]


def _at_most(samples: int) -> str:
    return f" up to {samples:,}" if samples else ""


def _text(value: float | None) -> str:
    return "…" if value is None else number(value)


def _change(one: float | None, other: float | None) -> str | None:
    if sign(one, other) is None or one is None or other is None:
        return None
    if max(one / other, other / one) >= ABOUT_EQUAL:
        return f"{times(one, other)} {'lower' if one < other else 'higher'}"
    return f"{100 * (one / other - 1):+.0f} %".replace("-", "−")


def _step(one: Measures) -> float | None:
    """Return 2/λ_max, the learning rate below which gradient descent is locally stable (A3)."""
    if one.sharpness is None:
        return None
    return 2 / one.sharpness if one.sharpness > 0 else math.nan


def _points(one: Measures, other: Measures) -> str | None:
    if math.isnan(other.accuracy):
        return None
    # of the rounded values, which are shown
    return f"{round(100 * one.accuracy, 1) - round(100 * other.accuracy, 1):+.1f} points".replace("-", "−")
