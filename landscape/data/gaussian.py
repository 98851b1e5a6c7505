"""A regression with known moments: normal inputs, a linear teacher, squared error."""

from __future__ import annotations

import numpy as np

from normscape.specs import DataSpec
from normscape.specs.data import GaussianSpec

SAMPLES = 1000


def gaussian(spec: DataSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs x = μ + Σ^½ z (N, D) with z standard normal, and targets Wx + noise (N, K).

    The teacher's weights are normal with variance t²/D, t being the spec's `teacher`: targets are about t times as
    large as inputs.

    Raises:
        ValueError: the covariance is not symmetric, or has a negative eigenvalue.
    """
    shape = spec.gaussian
    generator = np.random.default_rng(spec.seed)
    teacher = shape.teacher * generator.standard_normal((shape.outputs, shape.inputs)) / np.sqrt(shape.inputs)
    count = SAMPLES if spec.size is None else spec.size
    inputs = mean_of(shape) + generator.standard_normal((count, shape.inputs)) @ _root(covariance_of(shape))
    noise = spec.gaussian.noise * generator.standard_normal((count, shape.outputs))
    return inputs, inputs @ teacher.T + noise


def mean_of(shape: GaussianSpec) -> np.ndarray:
    """Return μ (D,)."""
    return np.broadcast_to(np.array(shape.mean or (0.0,)), shape.inputs)


def covariance_of(shape: GaussianSpec) -> np.ndarray:
    """Return Σ (D, D)."""
    numbers = np.array(shape.covariance or (1.0,))
    if len(numbers) == shape.inputs**2 and shape.inputs > 1:
        return numbers.reshape(shape.inputs, shape.inputs)
    return np.diag(np.broadcast_to(numbers, shape.inputs))


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of Σ."""
    if not np.array_equal(covariance, covariance.T):
        raise ValueError("data.gaussian.covariance is not symmetric")
    values, vectors = np.linalg.eigh(covariance)
    if values[0] < -1e-9 * max(values[-1], 0.0) or values[-1] < 0:
        raise ValueError(f"data.gaussian.covariance has the eigenvalue {values[0]:.3g}; none may be negative")
    root: np.ndarray = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
