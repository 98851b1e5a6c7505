"""L̂ of compared surfaces, over the same pairs of points for all of them (D7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from normscape.landscape.surface import Surface


@dataclass(frozen=True)
class Bound:
    """The largest measured ratio, a lower bound on any Lipschitz constant of ∇f on the region."""

    value: float  # nan if there is no pair
    pairs: int
    smallest_step: float  # the smallest ‖p - q‖ among the pairs; nan if there is no pair


def bounds_from_center(surfaces: Mapping[str, Surface]) -> Mapping[str, Bound]:
    """Return L̂ over the pairs (θ*, θ* + Δ) that are finite for all surfaces (D5, D7).

    Raises:
        ValueError: the grids differ in shape.
    """
    return _bounds(
        {label: surface.gradient_change_ratio for label, surface in surfaces.items()},
        {label: np.where(surface.step > 0, surface.step, np.nan) for label, surface in surfaces.items()},
    )


def bounds_between_neighbors(surfaces: Mapping[str, Surface]) -> Mapping[str, Bound]:
    """Return L̂ over the pairs of neighbors that are finite for all surfaces; it depends on their spacing (D6, D7).

    Raises:
        ValueError: the grids differ in shape.
    """
    ratios = {label: np.append(surface.across, surface.along) for label, surface in surfaces.items()}
    steps = {
        label: np.repeat(surface.spacing, (surface.across.size, surface.along.size))
        for label, surface in surfaces.items()
    }
    return _bounds(ratios, steps)


def _bounds(ratios: Mapping[str, np.ndarray], steps: Mapping[str, np.ndarray]) -> Mapping[str, Bound]:
    shapes = {label: array.shape for label, array in ratios.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"compared surfaces need grids of one shape; the shapes are {shapes}")
    pairs = [np.isfinite(ratios[label]) & np.isfinite(steps[label]) for label in ratios]
    common = reduce(np.logical_and, pairs) if pairs else np.zeros(0, dtype=bool)
    return {label: _bound(ratios[label][common], steps[label][common]) for label in ratios}


def _bound(ratios: np.ndarray, steps: np.ndarray) -> Bound:
    if not ratios.size:
        return Bound(float("nan"), 0, float("nan"))
    return Bound(float(ratios.max()), ratios.size, float(steps.min()))
