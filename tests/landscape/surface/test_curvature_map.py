"""Both ends of the spectrum at points of a slice, against a closed form (D14)."""

import math

import numpy as np
import pytest

from normscape.landscape import Plane
from normscape.landscape.surface import Slice
from normscape.landscape.surface.curvature_map import CurvaturePoint, measure_curvature_point
from normscape.specs import CurvaturePointSpec, EvaluationSpec, PlaneSpec
from tests.landscape.networks import objective_from_function


def at(alpha: float, beta: float) -> CurvaturePointSpec:
    return CurvaturePointSpec(EvaluationSpec(), PlaneSpec(), alpha, beta)


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.5, -0.5), (-2.0, 1.0)])
def test_eigenvalues_at_a_point_are_those_of_the_closed_form(alpha: float, beta: float) -> None:
    theta = np.array([0.3, -0.2, 0.5])
    objective = objective_from_function(lambda t: (t**4).sum(1) / 12 - t[:, 0] * t[:, 1], theta)
    d1, d2 = np.array([1.0, 0.5, 0.0]), np.array([0.0, 1.0, -1.0])
    found = measure_curvature_point(Slice(objective, Plane(theta, d1, d2)), at(alpha, beta))
    point = theta + alpha * d1 + beta * d2
    hessian = np.diag(point**2)
    hessian[0, 1] = hessian[1, 0] = -1
    smallest, _, largest = np.linalg.eigvalsh(hessian)
    assert (found.largest, found.smallest) == pytest.approx((largest, smallest), abs=1e-9)
    assert found.ratio == pytest.approx(abs(smallest / largest))
    assert found.converged


def test_without_positive_curvature_there_is_no_ratio() -> None:
    assert math.isnan(CurvaturePoint(-1.0, -2.0, 0.0, 0.0, 3, converged=True).ratio)
