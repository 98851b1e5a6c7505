"""Lanczos iteration with full reorthogonalization: eigenvalues at the upper end of a symmetric matrix (D10).

After m products with A, the basis Q (orthonormal, m columns) and the tridiagonal T = QᵀAQ satisfy
AQ = QT + β q eᵀ, so that an eigenpair (λ, s) of T gives y = Qs with ‖Ay - λy‖ = β |s_m| (Paige 1972; Parlett, The
Symmetric Eigenvalue Problem, §13). Every new vector is made orthogonal to all earlier ones twice, which keeps the
identity true in rounded arithmetic and lets no eigenvalue appear twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

Product = Callable[[Tensor], Tensor]

MAX_PRODUCTS = 300

COARSE = 1e-3
"""Rounding, ten units in the last place, above which the residual is measured: that of bfloat16 and float16."""


@dataclass(frozen=True, eq=False)
class Eigenpair:
    """An approximate eigenvalue with its unit vector."""

    value: float  # nan if a product was not finite
    vector: Tensor  # (P,)
    residual: float  # ‖Av - λv‖
    products: int
    converged: bool


def largest_eigenpair(product: Product, start: Tensor, *, tolerance: float, most: int = MAX_PRODUCTS) -> Eigenpair:
    """Return the largest eigenvalue of a symmetric matrix A.

    Args:
        product: v (P,) ↦ Av (P,).
        start: (P,), a random vector; its precision is that of the basis.
        tolerance: the iteration stops when the residual is at most this fraction of |λ|. The error of λ is then about
            the square of the residual over the distance to the next eigenvalue. It also stops when the basis is
            exhausted; the pair has converged only if its residual is small then, too.
        most: largest number of products.
    """
    unit = start / start.norm()
    basis = unit.new_empty((min(16, most), len(unit)))
    diagonal: list[float] = []
    off_diagonal: list[float] = []
    rounding = 10 * torch.finfo(unit.dtype).eps
    while True:
        count = len(diagonal)
        if count == len(basis):
            basis = torch.cat([basis, torch.empty_like(basis)])
        basis[count] = unit
        image = product(unit).to(unit.dtype)
        known, along = basis[: count + 1], unit @ image
        for _ in range(2):
            image = image - known.T @ (known @ image)
        alpha, beta = torch.stack([along, image.norm()]).tolist()  # one transfer from a GPU per product
        if not math.isfinite(alpha) or not math.isfinite(beta):
            return Eigenpair(float("nan"), unit, float("nan"), count + 1, converged=False)
        diagonal.append(alpha)
        values, vectors = np.linalg.eigh(_tridiagonal(diagonal, off_diagonal))
        scale = float(np.abs(values).max())
        value, weights = float(values[-1]), vectors[:, -1]
        residual = beta * abs(float(weights[-1]))
        exhausted = beta <= rounding * scale or count + 1 == len(unit)
        if exhausted or residual <= tolerance * abs(value) or count + 1 == most:
            vector = known.T @ torch.from_numpy(weights).to(unit)
            limit = max(tolerance * abs(value), min(rounding, tolerance) * scale if exhausted else 0.0)
            found = Eigenpair(value, vector / vector.norm(), residual, count + 1, residual <= limit)
            return _verified(product, found, limit) if rounding > COARSE else found
        off_diagonal.append(beta)
        unit = image / beta


def _verified(product: Product, pair: Eigenpair, limit: float) -> Eigenpair:
    """Return a pair with the residual of its own vector, in precisions too coarse for the residual of the basis."""
    image = product(pair.vector).double()
    residual = float((image - pair.value * pair.vector.double()).norm())
    return replace(pair, residual=residual, products=pair.products + 1, converged=residual <= limit)


def _tridiagonal(diagonal: list[float], off_diagonal: list[float]) -> np.ndarray:
    return np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
