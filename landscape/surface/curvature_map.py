"""The largest and the smallest eigenvalue of the Hessian at the points of a slice (D14; Li et al. 2018, Fig. 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.curvature.lanczos import extreme_eigenpairs
from normscape.landscape.surface.slice import Slice
from normscape.specs import CurvaturePointSpec


@dataclass(frozen=True)
class CurvaturePoint:
    """Both ends of the spectrum at one point of a slice."""

    largest: float  # λ_max; nan where a product was not finite
    smallest: float  # λ_min
    largest_residual: float  # ‖Hv - λv‖
    smallest_residual: float
    products: int
    converged: bool

    @property
    def ratio(self) -> float:
        """|λ_min / λ_max|: how large negative curvature is; nan if λ_max is not positive."""
        return abs(self.smallest / self.largest) if self.largest > 0 else float("nan")


def measure_curvature_point(
    subject: Slice, spec: CurvaturePointSpec, *, seed: int = 0, stop: Stop = lambda: False
) -> CurvaturePoint:
    """Compute λ_max and λ_min at θ* + α d1 + β d2 by one Lanczos iteration (D14).

    Args:
        subject: the slice.
        spec: α and β.
        seed: seed of the initial vector.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true.
    """
    objective = subject.objective
    product = objective.hessian_at(subject.point(spec.alpha, spec.beta), stop=stop)

    def multiply(v: torch.Tensor) -> torch.Tensor:
        check_stop(stop)
        return product(v)

    start = torch.from_numpy(np.random.default_rng(seed).standard_normal(len(objective.theta))).to(objective.theta)
    largest, smallest = extreme_eigenpairs(multiply, start, tolerance=objective.residual)
    return CurvaturePoint(
        largest.value,
        smallest.value,
        largest.residual,
        smallest.residual,
        largest.products,
        largest.converged and smallest.converged,
    )
