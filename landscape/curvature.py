"""How curved is it? The largest eigenvalue of the Hessian, λ_max (D10, the part that the surfaces' facts need)."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from landscape.evaluation import Stop, Stopped
from landscape.objective import Objective

TOLERANCE = 1e-4
"""Relative accuracy that is asked of λ_max; float32 products carry about 1e-6."""

MOST_ITERATIONS = 300


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of the Hessian at a point, with how far it can be trusted."""

    value: float  # λ_max, nan if it could not be found
    residual: float  # ‖Hv - λ_max v‖ for the unit vector v that was found
    products: int  # Hessian-vector products used
    converged: bool

    @property
    def largest_stable_step(self) -> float:
        """2/λ_max: gradient descent on a quadratic of this curvature diverges above this step; nan if λ_max ≤ 0."""
        return 2 / self.value if self.value > 0 else float("nan")


def measure_sharpness(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Sharpness:
    """Find λ_max of the Hessian at the objective's own θ, by Lanczos (ARPACK) on exact Hessian-vector products.

    Args:
        objective: whose Hessian.
        seed: of the vector that the iteration starts from.
        stop: asked before every product.

    Raises:
        Stopped: `stop()` was true before a product.
    """
    product, size, count = objective.hessian_at(objective.theta), len(objective.theta), 0

    def multiply(v: np.ndarray) -> np.ndarray:
        nonlocal count
        if stop():
            raise Stopped
        count += 1
        return product(v.ravel()).double().cpu().numpy()

    start = np.random.default_rng(seed).standard_normal(size)
    image = multiply(start)
    if not np.isfinite(image).all():
        return Sharpness(float("nan"), float("nan"), count, converged=False)
    if not image.any():  # no curvature at all, which ARPACK takes for a breakdown
        return Sharpness(0.0, 0.0, count, converged=True)
    value, vector, converged = _leading(LinearOperator((size, size), matvec=multiply, dtype=np.float64), start)
    residual = float(np.linalg.norm(multiply(vector) - value * vector))
    return Sharpness(value, residual, count, converged)


def _leading(operator: LinearOperator, start: np.ndarray) -> tuple[float, np.ndarray, bool]:
    if len(start) < 3:  # ARPACK needs more dimensions than eigenvalues, with room
        values, vectors = np.linalg.eigh(operator @ np.eye(len(start)))
        return float(values[-1]), vectors[:, -1], True
    try:
        values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=TOLERANCE, maxiter=MOST_ITERATIONS)
    except ArpackNoConvergence as error:
        if not len(error.eigenvalues):
            return float("nan"), np.zeros_like(start), False
        return float(error.eigenvalues[-1]), error.eigenvectors[:, -1], False
    except ArpackError:
        return float("nan"), np.zeros_like(start), False
    return float(values[-1]), vectors[:, -1], True
