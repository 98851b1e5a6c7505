"""Logistic regression with one weight, where centering lowers the second moment and raises the curvature (A7, A15)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INPUTS = (0.0, 20.0)
SHARES = (0.9, 0.1)
WEIGHT = 1.0


@dataclass(frozen=True)
class Centering:
    """Logistic regression with one weight before and after its input is centered, for the same function."""

    mean: float  # E[x]
    raw: float  # E[x²]
    centered: float  # E[(x - E x)²]
    curvature_raw: float  # ∂²f/∂w² of h = wx
    curvature_centered: float  # ∂²f/∂w² of h = w(x - E x) + c, c = w E[x]
    weighted_mean: float  # E[ax] / E[a], a = p(1 - p), which minimizes the curvature


def logistic_counterexample(
    inputs: tuple[float, ...] = INPUTS, shares: tuple[float, ...] = SHARES, weight: float = WEIGHT
) -> Centering:
    """Return second moments and curvatures of logistic regression with one weight on a discrete input (A7).

    With ℓ = log(1 + exp(-y h)) and p = 1/(1 + exp(-h)), ∂²ℓ/∂h² is a = p(1 - p) for either label, and ∂²f/∂w² is E[a (x
    - μ)²]. Its minimum is at μ = E[ax]/E[a], which equals E[x] only if a does not depend on x.

    Args:
        inputs: the values of x.
        shares: their probabilities.
        weight: w.

    Raises:
        ValueError: `shares` has another length than `inputs`, or does not sum to 1.
    """
    x, weights = np.array(inputs, dtype=float), np.array(shares, dtype=float)
    if x.shape != weights.shape or not np.isclose(weights.sum(), 1.0):
        raise ValueError(f"shares must be {len(x)} numbers that sum to 1; got {shares}")
    p = 1 / (1 + np.exp(-weight * x))
    a = p * np.exp(-weight * x) * p  # p(1 - p) without cancellation in 1 - p
    mean = float(weights @ x)
    return Centering(
        mean,
        float(weights @ x**2),
        float(weights @ (x - mean) ** 2),
        float(weights @ (a * x**2)),
        float(weights @ (a * (x - mean) ** 2)),
        float(weights @ (a * x)) / float(weights @ a),
    )
