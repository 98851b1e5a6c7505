"""A network of one weight in which centring lowers the second moment and raises the curvature (A7, A15)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INPUTS = (0.0, 20.0)
SHARES = (0.9, 0.1)
WEIGHT = 1.0


@dataclass(frozen=True)
class Centering:
    """One weight of logistic regression before and after its input is centred, the function being the same."""

    mean: float  # E[x]
    raw: float  # E[x²]
    centred: float  # E[(x - E x)²]
    curvature_raw: float  # ∂²f/∂w² of h = wx
    curvature_centred: float  # ∂²f/∂w² of h = w(x - E x) + c, c = w E[x]
    weighted_mean: float  # E[ax] / E[a], a = p(1 - p): where the curvature is least


def logistic_counterexample(
    inputs: tuple[float, ...] = INPUTS, shares: tuple[float, ...] = SHARES, weight: float = WEIGHT
) -> Centering:
    """Return both second moments and both curvatures of logistic regression on a few inputs (A7).

    With ℓ = log(1 + exp(-y h)) and p = 1/(1 + exp(-h)), ∂²ℓ/∂h² is a = p(1 - p) whatever the label is, and ∂²f/∂w² is
    E[a (x - μ)²]. It is least at μ = E[ax]/E[a], which is E[x] only where a does not depend on x.

    Args:
        inputs: the values of x.
        shares: how often each occurs; their sum is 1.
        weight: w.

    Raises:
        ValueError: there is not one share for each input, or they do not sum to 1.
    """
    x, often = np.array(inputs, dtype=float), np.array(shares, dtype=float)
    if x.shape != often.shape or not np.isclose(often.sum(), 1.0):
        raise ValueError(f"{len(x)} inputs need as many shares that sum to 1, not {shares}")
    p = 1 / (1 + np.exp(-weight * x))
    a = p * np.exp(-weight * x) * p  # p(1 - p) without the cancellation in 1 - p
    mean = float(often @ x)
    return Centering(
        mean,
        float(often @ x**2),
        float(often @ (x - mean) ** 2),
        float(often @ (a * x**2)),
        float(often @ (a * (x - mean) ** 2)),
        float(often @ (a * x)) / float(often @ a),
    )
