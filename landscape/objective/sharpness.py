"""Sharpness: the largest eigenvalue of the Hessian (D10) and of its scale-free forms (D8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from normscape.landscape.measurement import Stop, StoppedError
from normscape.landscape.objective.objective import Objective

TOLERANCE = 1e-4
"""Relative accuracy of λ_max; Hessian-vector products in float32 are accurate to about 1e-6."""

MAX_ITERATIONS = 300

Product = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Sharpness:
    """The largest eigenvalue of a symmetric operator, with its residual."""

    value: float  # λ_max; nan if Lanczos did not return one
    residual: float  # ‖Av - λ_max v‖ for the computed unit vector v
    products: int  # operator-vector products
    converged: bool

    @property
    def largest_stable_step(self) -> float:
        """2/λ_max, above which gradient descent diverges on a quadratic of this curvature; nan if λ_max ≤ 0."""
        return 2 / self.value if self.value > 0 else float("nan")


def measure_sharpness(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Sharpness:
    """Compute λ_max of the Hessian at θ, by Lanczos (ARPACK) on exact Hessian-vector products (D10).

    Args:
        objective: the loss.
        seed: seed of the initial vector.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true before a product.
    """
    return largest_eigenvalue(hessian_product(objective, stop), len(objective.theta), seed)


def measure_scale_free_sharpness(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Sharpness:
    """Compute λ_max(SHS) at θ, with S the diagonal of filter norms (D8).

    S holds for each weight the norm of its filter, and 0 for parameters without filters. Rescaling weights before a
    normalization leaves f and this value unchanged, but not λ_max.

    Raises:
        StoppedError: `stop()` was true before a product.
    """
    hessian, scale = hessian_product(objective, stop), filter_scale(objective).double().cpu().numpy()
    return largest_eigenvalue(lambda v: scale * hessian(scale * v), len(objective.theta), seed)


def measure_layer_sharpness(
    objective: Objective, *, seed: int = 0, stop: Stop = lambda: False
) -> Mapping[str, tuple[float, Sharpness]]:
    """Compute ‖w‖² and λ_max of the Hessian block H_ww for every weight w that has filters, by the weight's name (D8).

    Rescaling w before a normalization leaves the product ‖w‖²·λ_max(H_ww) unchanged.

    Raises:
        StoppedError: `stop()` was true before a product.
    """
    hessian, size, results = hessian_product(objective, stop), len(objective.theta), {}
    for name, position, filters in objective.layout.blocks():
        if filters.present:
            weight = objective.theta[position].double()
            results[name] = (
                float(weight @ weight),
                largest_eigenvalue(_block(hessian, position, size), len(weight), seed),
            )
    return results


def filter_scale(objective: Objective) -> Tensor:
    """Return the diagonal of S (P,): the norm of each weight's filter, 0 for parameters without filters (D8)."""
    theta = objective.theta
    scales = []
    for _, position, filters in objective.layout.blocks():
        if filters.present:
            rows = filters.rows(theta[position])
            scales.append(filters.flat(rows.norm(dim=1, keepdim=True).expand_as(rows)))
        else:
            scales.append(torch.zeros_like(theta[position]))
    return torch.cat(scales)


def hessian_product(objective: Objective, stop: Stop = lambda: False) -> Product:
    """Return v ↦ H(θ)v at the objective's own θ, for arrays.

    The product raises `StoppedError` when `stop()` is true.
    """
    product = objective.hessian_at(objective.theta)

    def multiply(v: np.ndarray) -> np.ndarray:
        if stop():
            raise StoppedError
        return product(v.ravel()).double().cpu().numpy()

    return multiply


def _block(hessian: Product, position: slice, size: int) -> Product:
    """Return the product with one diagonal block of the Hessian."""

    def multiply(v: np.ndarray) -> np.ndarray:
        padded = np.zeros(size)
        padded[position] = v.ravel()
        return hessian(padded)[position]

    return multiply


def largest_eigenvalue(product: Product, size: int, seed: int) -> Sharpness:
    """Return the largest eigenvalue of a symmetric matrix, given its product with vectors (size,)."""
    products = 0

    def count_products(v: np.ndarray) -> np.ndarray:
        nonlocal products
        products += 1
        return product(v.ravel())

    start = np.random.default_rng(seed).standard_normal(size)
    image = count_products(start)
    if not np.isfinite(image).all():
        return Sharpness(float("nan"), float("nan"), products, converged=False)
    if not image.any():  # zero curvature, which ARPACK reports as a breakdown
        return Sharpness(0.0, 0.0, products, converged=True)
    value, vector, converged = _leading_eigenpair(
        LinearOperator((size, size), matvec=count_products, dtype=np.float64), start
    )
    residual = float(np.linalg.norm(count_products(vector) - value * vector))
    return Sharpness(value, residual, products, converged)


def _leading_eigenpair(operator: LinearOperator, start: np.ndarray) -> tuple[float, np.ndarray, bool]:
    if len(start) < 3:  # ARPACK needs at least 3 dimensions
        values, vectors = np.linalg.eigh(operator @ np.eye(len(start)))
        return float(values[-1]), vectors[:, -1], True
    try:
        values, vectors = eigsh(operator, k=1, which="LA", v0=start, tol=TOLERANCE, maxiter=MAX_ITERATIONS)
    except ArpackNoConvergence as error:
        if not len(error.eigenvalues):
            return float("nan"), np.zeros_like(start), False
        return float(error.eigenvalues[-1]), error.eigenvectors[:, -1], False
    except ArpackError:
        return float("nan"), np.zeros_like(start), False
    return float(values[-1]), vectors[:, -1], True
