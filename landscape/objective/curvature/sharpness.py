"""Sharpness: the largest eigenvalue of the Hessian (D10) and of its scale-free forms (D8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.curvature.lanczos import Product, largest_eigenpair
from normscape.landscape.objective.objective import Objective
from normscape.landscape.objective.subject import require_subject


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
    """Compute λ_max of the Hessian at θ, by Lanczos iteration on exact Hessian-vector products (D10).

    Args:
        objective: the loss.
        seed: seed of the initial vector.
        stop: polled before every product.

    Raises:
        StoppedError: `stop()` was true before a product.
    """
    return largest_eigenvalue(hessian_product(objective, stop), objective.theta, seed, objective.residual)


def measure_scale_free_sharpness(objective: Objective, *, seed: int = 0, stop: Stop = lambda: False) -> Sharpness:
    """Compute λ_max(SHS) at θ, with S the diagonal of filter norms (D8).

    S holds for each weight the norm of its filter, and 0 for parameters without filters. Rescaling weights before a
    normalization leaves f and this value unchanged, but not λ_max.

    Raises:
        StoppedError: `stop()` was true before a product.
    """
    hessian, scale = hessian_product(objective, stop), filter_scale(objective)
    return largest_eigenvalue(lambda v: scale * hessian(scale * v), objective.theta, seed, objective.residual)


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
            weight = objective.theta[position]
            block = largest_eigenvalue(_block(hessian, position, size), weight, seed, objective.residual)
            results[name] = float(weight.double() @ weight.double()), block
    return results


def filter_scale(objective: Objective) -> Tensor:
    """Return the diagonal of S (P,): the norm of each weight's filter, 0 for parameters without filters (D8)."""
    theta = objective.layout.only_moving(objective.theta)
    scales = []
    for _, position, filters in objective.layout.blocks():
        if filters.present:
            rows = filters.rows(theta[position])
            scales.append(filters.flat(rows.norm(dim=1, keepdim=True).expand_as(rows)))
        else:
            scales.append(torch.zeros_like(theta[position]))
    return objective.layout.only_moving(torch.cat(scales))


def hessian_product(objective: Objective, stop: Stop = lambda: False) -> Product:
    """Return v ↦ H(θ)v at the objective's own θ, in its precision.

    The product raises `StoppedError` when `stop()` is true.

    Raises:
        TypeError: it is no objective.
    """
    require_subject(objective, (Objective,))
    product = objective.hessian_at(objective.theta)

    def multiply(v: Tensor) -> Tensor:
        check_stop(stop)
        return product(v)

    return multiply


def _block(hessian: Product, position: slice, size: int) -> Product:
    """Return the product with one diagonal block of the Hessian."""

    def multiply(v: Tensor) -> Tensor:
        padded = v.new_zeros(size)
        padded[position] = v
        return hessian(padded)[position]

    return multiply


def largest_eigenvalue(product: Product, like: Tensor, seed: int, residual: float) -> Sharpness:
    """Return the largest eigenvalue of a symmetric matrix, given its product with vectors.

    Args:
        product: v (P,) ↦ Av (P,).
        like: (P,): size, precision and device of the vectors.
        seed: seed of the initial vector.
        residual: relative to the eigenvalue, see `largest_eigenpair`.
    """
    start = torch.from_numpy(np.random.default_rng(seed).standard_normal(len(like))).to(like)
    pair = largest_eigenpair(product, start, tolerance=residual)
    return Sharpness(pair.value, pair.residual, pair.products, pair.converged)
