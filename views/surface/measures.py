"""The numbers of each network that the verdict and the tiles compare, and the pair that they are about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from normscape.landscape import Sharpness, bounds_between_neighbors, bounds_from_center
from normscape.views.session.results import Outcome

NO_NORM = "No normalization"


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one network that the verdict is about; None if pending, NaN if undefined."""

    sharpness: float | None  # λ_max of the Hessian
    scale_free: float | None  # λ_max of SHS (D8)
    bound: float | None  # the largest gradient change in the slice, a lower bound on L (D5, D6); grids must be equal
    accuracy: float  # on held-out samples; NaN for a regression
    held_out_loss: float
    samples: int = 0  # at most so many that training does not see; 0 if that was not recorded


def measures(outcomes: Mapping[str, Outcome]) -> dict[str, Measures]:
    """Return the measures of every network that has a surface, by label."""
    surfaces = {label: outcome.surface for label, outcome in outcomes.items() if outcome.surface is not None}
    same_grid = len({surface.loss.shape for surface in surfaces.values()}) == 1
    comparable = same_grid and all(surface.has_gradients for surface in surfaces.values())
    center, neighbors = (
        bounds(surfaces) if comparable else {} for bounds in (bounds_from_center, bounds_between_neighbors)
    )
    best = {label: float(np.fmax(center[label].value, neighbors[label].value)) for label in center}
    return {label: _measures(outcomes[label], best.get(label)) for label in surfaces}


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


def _measures(outcome: Outcome, bound: float | None) -> Measures:
    history = outcome.run.history
    entry = history.at(outcome.checkpoint if outcome.checkpoint in history.step else int(history.step[-1]))
    measured = outcome.measured
    return Measures(
        _value(None if measured is None else measured.sharpness),
        _value(None if measured is None else measured.scale_free_sharpness),
        bound,
        entry.held_out_accuracy,
        entry.held_out_loss,
        entry.samples,
    )


def _value(sharpness: Sharpness | None) -> float | None:
    return None if sharpness is None else sharpness.value
