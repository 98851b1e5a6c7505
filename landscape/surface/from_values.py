"""A surface of given values: what another program has measured, to be drawn and exported like one of ours."""

from __future__ import annotations

import numpy as np

from normscape.landscape.plane.plane import Plane
from normscape.landscape.surface.result import Surface
from normscape.specs import EvaluationSpec, GridSpec, SurfaceSpec


def surface_of_values(
    alpha: np.ndarray,
    beta: np.ndarray,
    loss: np.ndarray,
    accuracy: np.ndarray | None,
    evaluated: np.ndarray,
    *,
    split: str = "train",
) -> Surface:
    """Return a surface with losses and accuracies only; gradients and their ratios are missing.

    Directions are unknown, so the plane has two orthogonal ones of length 1, and distances are those of (α, β).

    Args:
        alpha: (A,), rising.
        beta: (B,), rising.
        loss: (B, A); nan where there is none.
        accuracy: (B, A), a share in [0, 1], or None.
        evaluated: whether there is a value (B, A).
        split: the samples, a value of `EvaluationSpec.split`.
    """
    grid = GridSpec((alpha.size, beta.size), (_range(alpha), _range(beta)))
    rows, columns = loss.shape
    missing = np.full((rows, columns), np.nan)
    return Surface(
        spec=SurfaceSpec(EvaluationSpec(split=split), grid=grid),
        plane=Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), kind="unknown"),
        alpha=alpha,
        beta=beta,
        loss=loss,
        accuracy=accuracy,
        gradient_norm=missing,
        gradient_change_ratio=missing,
        layer_ratio=np.full((0, rows, columns), np.nan),
        in_plane_ratio=missing,
        across=np.full((rows, columns - 1), np.nan),
        along=np.full((rows - 1, columns), np.nan),
        step=np.hypot(*np.meshgrid(alpha, beta)),
        evaluated=evaluated,
        non_finite=evaluated & ~np.isfinite(loss),
        layers=(),
    )


def _range(axis: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis; those of one point are around it, since a range is not empty."""
    return (float(axis[0]), float(axis[-1])) if axis.size > 1 else (float(axis[0]) - 1.0, float(axis[0]) + 1.0)
