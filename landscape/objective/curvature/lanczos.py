"""Lanczos iteration with full reorthogonalization: leading eigenpairs, and nodes of a vector's spectrum (D10).

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
    krylov = Krylov(product, start, most)
    while krylov.extend():
        residual = float(krylov.residuals()[-1])
        if krylov.exhausted or krylov.full or residual <= tolerance * abs(krylov.values[-1]):
            return krylov.pairs(1, tolerance * abs(krylov.values[-1]), tolerance)[0]
    return krylov.not_finite()


def leading_eigenpairs(
    product: Product, start: Tensor, *, count: int, tolerance: float, most: int = MAX_PRODUCTS
) -> tuple[Eigenpair, ...]:
    """Return the largest eigenvalues of a symmetric matrix A, in decreasing order; those of -A are the smallest.

    Equal eigenvalues have one direction in common with `start` and are found once, unless the iteration exhausts the
    vectors that products reach: it then continues with a new one, and the pairs are exact.

    Args:
        product: v (P,) ↦ Av (P,).
        start: (P,), a random vector; its precision is that of the basis.
        count: number of pairs; at most P are returned.
        tolerance: the iteration stops when every residual is at most this fraction of the largest |λ| of A.
        most: largest number of products.
    """
    krylov = Krylov(product, start, most)
    wanted, before = min(count, len(start)), np.zeros(0)
    while krylov.extend():
        limit = tolerance * krylov.scale
        leading = krylov.values[-wanted:]
        if krylov.exhausted:
            same = len(before) == wanted and np.abs(leading - before).max() <= limit
            done = same or len(krylov.values) == len(start)
        else:
            done = not len(before) and len(leading) == wanted and krylov.residuals()[-wanted:].max() <= limit
        if done or krylov.full:
            return krylov.pairs(wanted, limit, tolerance)
        if krylov.exhausted:
            before = leading
            krylov.restart()
    return (krylov.not_finite(),) * wanted


def extreme_eigenpairs(
    product: Product, start: Tensor, *, tolerance: float, most: int = MAX_PRODUCTS
) -> tuple[Eigenpair, Eigenpair]:
    """Return the largest and the smallest eigenvalue of a symmetric matrix A, from one iteration.

    Args:
        product: v (P,) ↦ Av (P,).
        start: (P,), a random vector; its precision is that of the basis.
        tolerance: the iteration stops when both residuals are at most this fraction of the largest |λ| of A.
        most: largest number of products.
    """
    krylov = Krylov(product, start, most)
    while krylov.extend():
        limit = tolerance * krylov.scale
        if krylov.exhausted or krylov.full or krylov.residuals()[[0, -1]].max() <= limit:
            return krylov.pairs(1, limit, tolerance)[0], krylov.pairs(1, limit, tolerance, largest=False)[0]
    return krylov.not_finite(), krylov.not_finite()


def spectral_nodes(product: Product, start: Tensor, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of the quadrature for the spectrum of A as the vector v sees it (D10).

    Σ w_j θ_j^k = vᵀA^k v / ‖v‖² for k ≤ 2m - 1, with m the number of nodes (Golub and Meurant 2010, §6).

    Args:
        product: v (P,) ↦ Av (P,).
        start: v (P,).
        steps: m, the number of products.

    Returns:
        Nodes in increasing order and their weights, each (m,), the weights with sum 1; nan where a product was not
            finite. A vector whose products span fewer dimensions has fewer nodes: the remaining weights are 0.
    """
    krylov = Krylov(product, start, steps)
    while krylov.extend():
        if krylov.exhausted or krylov.full:
            nodes, weights = np.full(steps, krylov.values[-1]), np.zeros(steps)
            nodes[: len(krylov.values)], weights[: len(krylov.values)] = krylov.values, krylov.vectors[0] ** 2
            return nodes, weights
    return np.full(steps, np.nan), np.full(steps, np.nan)


class Krylov:
    """An orthonormal basis Q of the vectors that products with A reach from a start, and T = QᵀAQ with its eigenpairs.

    Attributes:
        values: eigenvalues of T (m,), increasing.
        vectors: (m, m), column j is the eigenvector of value j in the basis.
        exhausted: whether a further product leaves the space of the basis by no more than rounding.
    """

    def __init__(self, product: Product, start: Tensor, most: int) -> None:
        """Start with no product."""
        self._product, self._most = product, most
        self._unit = start / start.norm()
        self._basis = self._unit.new_empty((min(16, most), len(start)))
        self._diagonal: list[float] = []
        self._off_diagonal: list[float] = []
        self._rounding = 10 * torch.finfo(self._unit.dtype).eps
        self._beta = self._coupling = 0.0  # norm of the rest of the last product, and its entry beside T's diagonal
        self.values, self.vectors, self.exhausted = np.zeros(0), np.zeros((0, 0)), False

    @property
    def full(self) -> bool:
        """Whether the largest number of products is reached."""
        return len(self._diagonal) == self._most

    @property
    def scale(self) -> float:
        """The largest absolute eigenvalue of T."""
        return float(np.abs(self.values).max())

    def residuals(self) -> np.ndarray:
        """Return ‖Ay - λy‖ of every eigenpair of T (m,)."""
        residuals: np.ndarray = self._beta * np.abs(self.vectors[-1])
        return residuals

    def extend(self) -> bool:
        """Add a vector to the basis; return whether its product with A is finite."""
        count = len(self._diagonal)
        if count:
            self._off_diagonal.append(self._coupling)
        if count == len(self._basis):
            self._basis = torch.cat([self._basis, torch.empty_like(self._basis)])
        self._basis[count] = self._unit
        image = self._product(self._unit).to(self._unit.dtype)
        known, along = self._basis[: count + 1], self._unit @ image
        for _ in range(2):
            image = image - known.T @ (known @ image)
        alpha, self._beta = torch.stack([along, image.norm()]).tolist()  # one transfer from a GPU per product
        self._diagonal.append(alpha)
        if not math.isfinite(alpha) or not math.isfinite(self._beta):
            return False
        self.values, self.vectors = np.linalg.eigh(_tridiagonal(self._diagonal, self._off_diagonal))
        self.exhausted = self._beta <= self._rounding * self.scale or count + 1 == len(self._unit)
        if self._beta:
            self._unit, self._coupling = image / self._beta, self._beta
        return True

    def restart(self) -> None:
        """Continue with a random vector orthogonal to an exhausted basis: T gets a block of its own."""
        known = self._basis[: len(self._diagonal)]
        drawn = np.random.default_rng(len(known)).standard_normal(len(self._unit))
        unit = torch.from_numpy(drawn).to(self._unit)
        for _ in range(2):
            unit = unit - known.T @ (known @ unit)
            unit = unit / unit.norm()
        self._unit, self._coupling = unit, 0.0

    def pairs(self, count: int, limit: float, tolerance: float, *, largest: bool = True) -> tuple[Eigenpair, ...]:
        """Return the pairs of the largest eigenvalues of T in decreasing order, or of the smallest in increasing order.

        Args:
            count: number of pairs; there are no more than dimensions of the basis.
            limit: largest residual of a pair that has converged.
            tolerance: the same relative to the largest absolute eigenvalue, for an exhausted basis.
            largest: which end.
        """
        if self.exhausted:
            limit = max(limit, min(self._rounding, tolerance) * self.scale)
        residuals, found = self.residuals(), []
        numbers = range(len(self.values))
        for number in reversed(numbers[-count:]) if largest else numbers[:count]:
            weights = torch.from_numpy(self.vectors[:, number].copy()).to(self._unit)
            vector = self._basis[: len(self.values)].T @ weights
            residual = float(residuals[number])
            pair = Eigenpair(
                float(self.values[number]), vector / vector.norm(), residual, len(self.values), residual <= limit
            )
            found.append(_verified(self._product, pair, limit) if self._rounding > COARSE else pair)
        return tuple(found)

    def not_finite(self) -> Eigenpair:
        """Return a pair without a value, after a product that was not finite."""
        return Eigenpair(float("nan"), self._unit, float("nan"), len(self._diagonal), converged=False)


def _verified(product: Product, pair: Eigenpair, limit: float) -> Eigenpair:
    """Return a pair with the residual of its own vector, in precisions too coarse for the residual of the basis."""
    image = product(pair.vector).double()
    residual = float((image - pair.value * pair.vector.double()).norm())
    return replace(pair, residual=residual, products=pair.products + 1, converged=residual <= limit)


def _tridiagonal(diagonal: list[float], off_diagonal: list[float]) -> np.ndarray:
    return np.diag(diagonal) + np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1)
