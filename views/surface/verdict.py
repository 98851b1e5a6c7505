"""The verdict above the surfaces and the tiles below them: which network is flatter, by how much, and at what fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from normscape.landscape import Sharpness, bounds_from_center
from normscape.views.session.requests import stored_ratio
from normscape.views.session.results import Outcome, Variants
from normscape.views.widgets.numbers import number, percent

EQUAL = 1.1
"""Two numbers whose quotient is below this count as about equal."""

CHANGE_IN_PERCENT = 2
"""Changes below this factor are stated in percent, larger ones as a factor."""

NO_NORM = "No normalization"


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one network that the verdict is about; None if pending, NaN if undefined."""

    sharpness: float | None  # λ_max of the Hessian
    scale_free: float | None  # λ_max of SHS (D8)
    bound: float  # the largest gradient change from the center, a lower bound on L (D5)
    accuracy: float  # on held-out samples; NaN for a regression
    held_out_loss: float


def measures(outcomes: Mapping[str, Outcome]) -> dict[str, Measures]:
    """Return the measures of every network that has a surface, by label."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    same_grid = len({surface.loss.shape for surface in surfaces.values()}) == 1
    bounds = bounds_from_center(surfaces) if same_grid else {}
    return {
        label: _measures(outcomes[label], bounds[label].value if label in bounds else math.nan) for label in surfaces
    }


def compared_pair(measured: Mapping[str, Measures]) -> tuple[str, str] | None:
    """Return the network that the verdict is about and the one it is compared with, None with fewer than two.

    Of two networks it is the second against the first. Of more it is the one with the smallest λ_max, against the one
    without normalization, or against the one with the largest λ_max.
    """
    labels = list(measured)
    if len(labels) <= 2:
        return (labels[1], labels[0]) if len(labels) == 2 else None
    known = {label: one.sharpness for label, one in measured.items() if one.sharpness is not None}
    ranked = sorted((value, label) for label, value in known.items() if math.isfinite(value))
    if len(ranked) < 2:
        return labels[1], labels[0]
    best, worst = ranked[0][1], ranked[-1][1]
    return best, NO_NORM if NO_NORM in known and best != NO_NORM else worst


def verdict(measured: Mapping[str, Measures]) -> str:
    """Return the verdict as Markdown: the claim in bold, and the numbers behind it."""
    pair = compared_pair(measured)
    if pair is None:
        return "".join(f"**{label}.** {_alone(one)}" for label, one in measured.items())
    subject, reference = pair
    one, other = measured[subject], measured[reference]
    parts = [
        _contrast(r"$\lambda_{\max}$", one.sharpness, other.sharpness),
        _ratio("scale-free", one, other),
        _fit(one, other),
    ]
    among = f" than {reference}" if len(measured) > 2 else ""
    return f"**{subject} {_claim(one, other)}{among} here.** {' · '.join(filter(None, parts))}"


def section(measured: Mapping[str, Measures], variants: Variants) -> None:
    """Show the verdict, with a link to the page Along training if its available results say the opposite."""
    if not measured:
        return
    st.markdown(verdict(measured))
    pair = compared_pair(measured)
    if pair is None or (ratio := stored_ratio(variants, *pair)) is None:
        return
    if sentence := disagreement(measured[pair[0]], measured[pair[1]], ratio.median):
        st.markdown(sentence)


def disagreement(one: Measures, other: Measures, ratio: float) -> str | None:
    """Return a sentence if smoothness along training contradicts the surfaces, None if it does not.

    Args:
        one: of the network that the verdict is about.
        other: of the network that it is compared with.
        ratio: effective β-smoothness along training of the first relative to the second (D9).
    """
    signs = [_sign(one.sharpness, other.sharpness), _sign(one.scale_free, other.scale_free)]
    along = _sign(ratio, 1.0)
    if not along or along * -1 not in signs:
        return None
    words, changes = ("*less* smooth", "more") if along > 0 else ("*smoother*", "less")
    return (
        f"Along the training path it is {words}: its gradient changes {_times(ratio, 1.0)} {changes} per unit of step. "
        "[See Along training →](along-training)"
    )


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


def _measures(outcome: Outcome, bound: float) -> Measures:
    history = outcome.run.history
    entry = history.at(outcome.checkpoint if outcome.checkpoint in history.step else int(history.step[-1]))
    measured = outcome.measured
    return Measures(
        _value(None if measured is None else measured.sharpness),
        _value(None if measured is None else measured.scale_free_sharpness),
        bound,
        entry.held_out_accuracy,
        entry.held_out_loss,
    )


def _value(sharpness: Sharpness | None) -> float | None:
    return None if sharpness is None else sharpness.value


def _claim(one: Measures, other: Measures) -> str:
    """Return what λ_max and its scale-free form say: flatter, sharper, about equal, or different things."""
    if one.sharpness is None or other.sharpness is None:
        return "is being measured"
    signs = {_sign(one.sharpness, other.sharpness), _sign(one.scale_free, other.scale_free)} - {None}
    if signs == {0}:
        return "is about as flat"
    if signs <= {0, -1}:
        return "is flatter"
    if signs <= {0, 1}:
        return "is sharper"
    return "is flatter by one measure and sharper by the other"


def _sign(one: float | None, other: float | None) -> int | None:
    """Return -1 if the first number is smaller, 1 if larger, 0 if about equal, None if one of them is not positive."""
    if one is None or other is None or not (one > 0 and other > 0):
        return None
    return 0 if max(one / other, other / one) < EQUAL else (-1 if one < other else 1)


def _contrast(name: str, one: float | None, other: float | None) -> str | None:
    if one is None or other is None:
        return f"{name} follows"
    sign, numbers = _sign(one, other), f"{name} {number(one, 2)} vs. {number(other, 2)}"
    return numbers if not sign else f"{numbers} ({_times(one, other)} {'lower' if sign < 0 else 'higher'})"


def _ratio(name: str, one: Measures, other: Measures) -> str | None:
    sign = _sign(one.scale_free, other.scale_free)
    if sign is None or one.scale_free is None or other.scale_free is None:
        return None
    if sign == 0:
        return f"{name} about equal"
    return f"{name} {_times(one.scale_free, other.scale_free)} {'lower' if sign < 0 else 'higher'}"


def _times(one: float, other: float) -> str:
    return f"{number(max(one / other, other / one), 2)}×"


def _fit(one: Measures, other: Measures) -> str:
    if math.isnan(one.accuracy) or math.isnan(other.accuracy):
        return f"held-out loss {number(one.held_out_loss)} vs. {number(other.held_out_loss)}"
    return f"held-out accuracy {percent(one.accuracy)} vs. {percent(other.accuracy)}"


def _alone(one: Measures) -> str:
    fit = percent(one.accuracy) if math.isfinite(one.accuracy) else number(one.held_out_loss)
    name = "held-out accuracy" if math.isfinite(one.accuracy) else "held-out loss"
    sharpness = "follows" if one.sharpness is None else number(one.sharpness, 2)
    return rf"$\lambda_{{\max}}$ {sharpness} · {name} {fit}"


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
            r"The largest $\|\nabla f(\theta+\Delta)-\nabla f(\theta)\|/\|\Delta\|$ on the slice, a lower bound on the "
            "Lipschitz constant L of the gradient (D5).",
        ),
        (
            "Held-out accuracy" if accuracy else "Held-out loss",
            percent(one.accuracy) if accuracy else _text(one.held_out_loss),
            _points(one, against) if accuracy else _change(one.held_out_loss, against.held_out_loss),
            "On samples that were not used for training.",
        ),
        (
            r"$2/\lambda_{\max}$ at these weights",
            _text(_step(one)),
            _change(_step(one), _step(against)),
            "Plain gradient descent that has reached these weights is locally stable only below this rate (A3). "
            "Which rates train from scratch is another question: see the page Learning rates.",
        ),
    ]


def _text(value: float | None) -> str:
    return "…" if value is None else number(value)


def _change(one: float | None, other: float | None) -> str | None:
    if _sign(one, other) is None or one is None or other is None:
        return None
    if max(one / other, other / one) >= CHANGE_IN_PERCENT:
        return f"{_times(one, other)} {'lower' if one < other else 'higher'}"
    return f"{100 * (one / other - 1):+.0f} %".replace("-", "−")


def _step(one: Measures) -> float | None:
    """Return 2/λ_max, the learning rate below which gradient descent is locally stable (A3)."""
    if one.sharpness is None:
        return None
    return 2 / one.sharpness if one.sharpness > 0 else math.nan


def _points(one: Measures, other: Measures) -> str | None:
    if math.isnan(other.accuracy):
        return None
    return f"{100 * (one.accuracy - other.accuracy):+.1f} points".replace("-", "−")
