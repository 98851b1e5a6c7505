"""Eigenvalues at one end of a spectrum, and the loss along their eigenvectors (D10)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from normscape.landscape.curvature.matrix import Matrix, matrix_of
from normscape.landscape.measurement import Stop, check_stop
from normscape.landscape.objective.curvature.lanczos import Eigenpair, leading_eigenpairs
from normscape.landscape.objective.layers import LayerNorms, layers_of
from normscape.landscape.objective.objective import Objective
from normscape.specs import EigenvaluesSpec

CUT_POINTS = 21
"""Points of a cut along an eigenvector; an odd number, so that θ is one."""

RISE = 1.0
"""How much the quadratic model along an eigenvector rises or falls to the ends of its cut, at least."""


@dataclass(frozen=True, eq=False)
class Eigenvalues:
    """Eigenvalues at one end of a spectrum of n dimensions, the outermost first, and cuts along their eigenvectors."""

    values: np.ndarray  # (K,) nan where a product was not finite
    residuals: np.ndarray  # (K,) ‖Av - λv‖ of the unit vector v
    converged: np.ndarray  # (K,) bool
    products: int
    dimensions: int
    layers: tuple[str, ...]  # names of the L layers
    layer_shares: np.ndarray  # (K, L) share of each layer in ‖v‖²
    distance: np.ndarray  # (K, T) t along the direction v of θ, or Sv if scale-free
    loss: np.ndarray  # (K, T) f(θ + t v)
    slope: np.ndarray  # (K,) ⟨∇f(θ), v⟩

    def quadratic(self, number: int) -> np.ndarray:
        """Return f(θ) + t⟨∇f, v⟩ + ½λt² along an eigenvector (T,)."""
        t, center = self.distance[number], len(self.distance[number]) // 2
        model: np.ndarray = self.loss[number, center] + self.slope[number] * t + 0.5 * self.values[number] * t**2
        return model


def measure_eigenvalues(
    objective: Objective, spec: EigenvaluesSpec, *, seed: int = 0, stop: Stop = lambda: False
) -> Eigenvalues:
    """Compute the leading eigenvalues at one end of the spectrum, and the loss along each eigenvector (D10).

    Along v the points are θ + tv for t up to √(2·rise/|λ|), where the quadratic model has risen or fallen by `RISE` or
    by f(θ), whichever is larger, and at most up to ‖tv‖ = ‖θ‖.

    Args:
        objective: the loss; its own settings replace the evaluation of the spec.
        spec: which matrix, which end, how many.
        seed: seed of the initial vector.
        stop: polled before every product and every point.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: see `matrix_of`.
    """
    matrix = matrix_of(objective, form=spec.matrix.form, layer=spec.matrix.layer, stop=stop)
    sign = 1.0 if spec.end == "largest" else -1.0
    pairs = leading_eigenpairs(
        lambda v: sign * matrix.multiply(v), matrix.gaussian(seed), count=spec.count, tolerance=objective.residual
    )
    layers = layers_of(objective.layout)
    directions = [matrix.direction(pair.vector) for pair in pairs]
    norms = LayerNorms(layers, objective.theta)
    values = np.array([sign * pair.value for pair in pairs])
    distance = np.stack([_distances(objective, value, d) for value, d in zip(values, directions, strict=True)])
    loss = [_losses(objective, d, t, stop) for d, t in zip(directions, distance, strict=True)]
    gradient = objective.gradient(objective.theta).double()
    return Eigenvalues(
        values,
        np.array([pair.residual for pair in pairs]),
        np.array([pair.converged for pair in pairs]),
        pairs[0].products,
        matrix.dimensions,
        tuple(layers),
        np.stack([_shares(norms, matrix, pair) for pair in pairs]),
        distance,
        np.stack(loss),
        np.array([float(gradient @ d.double()) for d in directions]),
    )


def _shares(norms: LayerNorms, matrix: Matrix, pair: Eigenpair) -> np.ndarray:
    """Return the share of each layer in the squared norm of an eigenvector (L,)."""
    whole = pair.vector.new_zeros(matrix.size)
    whole[matrix.positions] = pair.vector
    squares = norms.of(whole).cpu().numpy() ** 2
    shares: np.ndarray = squares / squares.sum()
    return shares


def _distances(objective: Objective, value: float, direction: Tensor) -> np.ndarray:
    """Return the distances of a cut (T,), symmetric about 0 and denser there, where loss and quadratic model part."""
    longest = float(objective.theta.double().norm() / direction.double().norm())
    rise = max(RISE, float(objective.loss(objective.theta)))
    reach = math.sqrt(2 * rise / abs(value)) if value and math.isfinite(value) else longest
    shares = np.linspace(-1, 1, CUT_POINTS)
    return shares * np.abs(shares) * min(reach, longest)


def _losses(objective: Objective, direction: Tensor, distances: Sequence[float] | np.ndarray, stop: Stop) -> np.ndarray:
    theta, losses = objective.theta.double(), []
    for t in distances:
        check_stop(stop)
        losses.append(float(objective.loss((theta + float(t) * direction.double()).to(objective.theta.dtype))))
    return np.array(losses)
