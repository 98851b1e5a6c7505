"""How curved is it? Largest eigenvalues: of the Hessian (D10), and of its forms that rescaling leaves alone (D8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from normscape.landscape.measurement import Stop, Stopped
from normscape.landscape.objective.objective import Objective

TOLERANCE = 1e-4
"""Relative accuracy that is asked of λ_max; float32 products carry about 1e-6."""

MOST_ITERATIONS = 300

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of a symmetric operator, with how far it can be trusted."""

    value: float  # λ_max, nan if it could not be found
    residual: float  # ‖Av - λ_max v‖ for the unit vector v that was found
    products: int  # operator-vector products used
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
    return largest_eigenvalue(hessian_product(objective, stop), len(objective.theta), seed)


def measure_scale_free_sharpness(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Sharpness:
    """Find λ_max(SHS) at the objective's own θ, with S the diagonal of filter norms (D8).

    A weight's entry in S is the norm of the filter that it belongs to, and 0 for parameters without filters. Weights in
    front of a normalization can be rescaled without changing f; this number then stays, and λ_max does not.

    Raises:
        Stopped: `stop()` was true before a product.
    """
    hessian, scale = hessian_product(objective, stop), filter_scale(objective).double().cpu().numpy()
    return largest_eigenvalue(lambda v: scale * hessian(scale * v), len(objective.theta), seed)


def measure_layer_sharpness(
    objective: Objective, *, seed: int = 0, stop: Stop = lambda: False
) -> Mapping[str, tuple[float, Sharpness]]:
    """Find ‖w‖² and λ_max of the Hessian's block of every weight w that has filters, by the weight's name (D8).

    Their product ‖w‖²·λ_max(H_ww) stays when w is rescaled in front of a normalization.

    Raises:
        Stopped: `stop()` was true before a product.
    """
    hessian, size, found = hessian_product(objective, stop), len(objective.theta), {}
    for name, place, filters in objective.layout.blocks():
        if filters.any:
            weight = objective.theta[place].double()
            found[name] = (float(weight @ weight), largest_eigenvalue(_block(hessian, place, size), len(weight), seed))
    return found


def filter_scale(objective: Objective) -> Tensor:
    """Return the diagonal of S (P,): for every weight the norm of its filter in θ, else 0 (D8)."""
    theta = objective.theta
    parts = []
    for _, place, filters in objective.layout.blocks():
        if filters.any:
            rows = filters.rows(theta[place])
            parts.append(filters.flat(rows.norm(dim=1, keepdim=True).expand_as(rows)))
        else:
            parts.append(torch.zeros_like(theta[place]))
    return torch.cat(parts)


def hessian_product(objective: Objective, stop: Stop = lambda: False) -> Product:
    """Return v ↦ H(θ)v at the objective's own θ, for arrays.

    The product raises `Stopped` when `stop()` is true.
    """
    product = objective.hessian_at(objective.theta)

    def multiply(v: np.ndarray) -> np.ndarray:
        if stop():
            raise Stopped
        return product(v.ravel()).double().cpu().numpy()

    return multiply


def _block(hessian: Product, place: slice, size: int) -> Product:
    """Return the product with one block of the Hessian on its diagonal."""

    def multiply(v: np.ndarray) -> np.ndarray:
        whole = np.zeros(size)
        whole[place] = v.ravel()
        return hessian(whole)[place]

    return multiply


def largest_eigenvalue(product: Product, size: int, seed: int) -> Sharpness:
    """Return the largest eigenvalue of a symmetric matrix that is known by its products with vectors (size,)."""
    count = 0

    def counted(v: np.ndarray) -> np.ndarray:
        nonlocal count
        count += 1
        return product(v.ravel())

    start = np.random.default_rng(seed).standard_normal(size)
    image = counted(start)
    if not np.isfinite(image).all():
        return Sharpness(float("nan"), float("nan"), count, converged=False)
    if not image.any():  # no curvature at all, which ARPACK takes for a breakdown
        return Sharpness(0.0, 0.0, count, converged=True)
    value, vector, converged = _leading(LinearOperator((size, size), matvec=counted, dtype=np.float64), start)
    residual = float(np.linalg.norm(counted(vector) - value * vector))
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
