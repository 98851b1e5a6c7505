"""The table of facts: what is known of each compared network, in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscape import Sharpness, Surface, load_data
from models import count_parameters
from views.work import Outcome

MISSING = "n/a"

HELP = """
- **Parameters**: how many numbers θ has.
- **Training and held-out loss and accuracy**: of the network as it would be used, batch norm with its running averages;
  on at most as many samples of each split as the training controls say. A regression has no accuracy.
- **‖θ‖**: the Euclidean norm of all weights.
- **L ≥**: the largest gradient-change ratio seen on the slice, centre included. Every Lipschitz constant of ∇f on the
  slice is at least this; the true one can be far larger, because a random plane misses sharp directions (D7).
- **λ_max**: the largest eigenvalue of the Hessian at the centre, over *all* directions, with the residual ‖Hv - λv‖.
- **2/λ_max**: the learning rate above which gradient descent on a quadratic of this curvature would diverge. Local.
- **Loss at the centre** and **evaluated directly**: two independent computations of one number; they should agree.
"""


def facts(outcomes: Mapping[str, Outcome]) -> Mapping[str, Mapping[str, str]]:
    """Return the facts of every network, by label: names and values as people read them."""
    return {label: _run_facts(outcome) | _surface_facts(outcome) for label, outcome in outcomes.items()}


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


def _surface_facts(outcome: Outcome) -> dict[str, str]:
    surface = outcome.surface
    if surface is None or outcome.sharpness is None or outcome.direct_loss is None:
        return dict.fromkeys(_SURFACE_FACTS, MISSING)
    values = (
        number(float(np.linalg.norm(surface.plane.theta))),
        number(surface.lipschitz_bound),
        f"{surface.pairs} pairs, smallest step {number(surface.smallest_step)}",
        _with_residual(outcome.sharpness),
        number(outcome.sharpness.largest_stable_step),
        f"{surface.non_finite.sum()} of {surface.evaluated.sum()}",
        " and ".join(map(number, surface.plane.norms)),
        f"{surface.plane.cosine:.1e}",
        _centre_loss(surface),
        number(outcome.direct_loss, digits=6),
    )
    return dict(zip(_SURFACE_FACTS, values, strict=True))


_SURFACE_FACTS = (
    "‖θ‖",
    "L ≥",
    "L seen over",
    "λ_max",
    "2/λ_max",
    "Points not finite",
    "‖d1‖ and ‖d2‖",
    "cos(d1, d2)",
    "Loss at the centre",
    "evaluated directly",
)


def number(value: float, digits: int = 3) -> str:
    """Write a number with a few significant digits; what is not finite is said in words."""
    if math.isnan(value):
        return MISSING
    return f"{value:.{digits}g}" if math.isfinite(value) else "infinite"


def _percent(share: float) -> str:
    return MISSING if math.isnan(share) else f"{100 * share:.1f} %"


def _with_residual(sharpness: Sharpness) -> str:
    if math.isnan(sharpness.value):
        return MISSING
    note = "" if sharpness.converged else ", not converged"
    return f"{number(sharpness.value)} (residual {sharpness.residual:.0e}{note})"


def _centre_loss(surface: Surface) -> str:
    return "no grid point there" if surface.centre is None else number(float(surface.loss[surface.centre]), digits=6)
