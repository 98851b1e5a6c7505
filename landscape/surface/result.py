"""The result: a measured slice, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normscape.landscape.plane.plane import Plane
from normscape.specs import SurfaceSpec


@dataclass(frozen=True, eq=False)
class Surface:
    """A measured slice f(θ* + α d1 + β d2). Values that are not evaluated or not finite are nan, never replaced.

    Rows belong to β and columns to α: `loss[row, column]` is the loss at `alpha[column]`, `beta[row]`. With A and B
    points along d1 and d2 and L layers:

    Attributes:
        spec: the question; for an objective, with its own settings.
        plane: θ*, d1 and d2.
        alpha: α of every column (A,).
        beta: β of every row (B,).
        loss: f (B, A).
        accuracy: share of correct items (B, A), in [0, 1]; None for losses without classes.
        gradient_norm: ‖∇f‖ (B, A).
        gradient_change_ratio: R(θ*, Δ) (B, A), at the center the largest ‖Hu‖ in the plane (D5).
        layer_ratio: per-layer ratio (L, B, A), in the order of `layers` (D5).
        in_plane_ratio: ‖Dᵀ(∇f(θ*+Δ) - ∇f(θ*))‖ / ‖(α, β)‖ (B, A), with D = [d1 d2] (D8).
        across: ratios between neighbors in a row (B, A - 1) (D6).
        along: ratios between neighbors in a column (B - 1, A) (D6).
        step: ‖Δ‖ (B, A).
        evaluated: whether a point was evaluated (B, A).
        non_finite: whether a point was evaluated and its loss or gradient is not finite (B, A).
        layers: names of the layers (L).
    """

    spec: SurfaceSpec
    plane: Plane
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    loss: np.ndarray  # (B, A)
    accuracy: np.ndarray | None  # (B, A)
    gradient_norm: np.ndarray  # (B, A)
    gradient_change_ratio: np.ndarray  # (B, A)
    layer_ratio: np.ndarray  # (L, B, A)
    in_plane_ratio: np.ndarray  # (B, A)
    across: np.ndarray  # (B, A - 1)
    along: np.ndarray  # (B - 1, A)
    step: np.ndarray  # (B, A)
    evaluated: np.ndarray  # (B, A) bool
    non_finite: np.ndarray  # (B, A) bool
    layers: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every point was evaluated."""
        return bool(self.evaluated.all())

    @property
    def has_gradients(self) -> bool:
        """Whether gradients were evaluated, so that norms and ratios exist."""
        return bool(np.isfinite(self.gradient_norm).any())

    @property
    def center(self) -> tuple[int, int] | None:
        """Row and column of the grid point at θ*; None if the grid does not contain θ*."""
        rows, columns = np.flatnonzero(self.beta == 0), np.flatnonzero(self.alpha == 0)
        return (int(rows[0]), int(columns[0])) if rows.size and columns.size else None

    @property
    def pairs(self) -> int:
        """The number of pairs (θ*, θ* + Δ) with a finite ratio; the center cell is a limit, not a pair (D7)."""
        return int(self._paired.sum())

    @property
    def smallest_step(self) -> float:
        """The smallest ‖Δ‖ among the pairs; nan if there is no pair (D7)."""
        return float(self.step[self._paired].min(initial=np.inf)) if self.pairs else float("nan")

    @property
    def lipschitz_bound(self) -> float:
        """L̂ (D7), the largest ratio of the pairs: a lower bound on any Lipschitz constant of ∇f on the slice.

        The center cell is a limit and not a pair; it is `gradient_change_ratio[center]`. Without pairs, L̂ is nan.
        """
        return largest(self.gradient_change_ratio[self._paired])

    @property
    def local_ratio(self) -> np.ndarray:
        """The largest ratio between a point and its grid neighbors (B, A); nan if none is finite (D6)."""
        ratios = np.full((4, *self.loss.shape), np.nan)
        ratios[0, :, :-1] = ratios[1, :, 1:] = self.across
        ratios[2, :-1] = ratios[3, 1:] = self.along
        local: np.ndarray = np.fmax.reduce(ratios)
        return local

    @property
    def spacing(self) -> tuple[float, float]:
        """The distance between neighbors along d1 and along d2, on which local ratios depend; nan for one point."""
        return _spacing(self.alpha, self.plane.norms[0]), _spacing(self.beta, self.plane.norms[1])

    @property
    def scale_free(self) -> bool:
        """Whether the in-plane ratio is unchanged when weights before a normalization are rescaled (D8)."""
        return self.plane.scaling == "filter" and not self.spec.plane.orthogonal

    @property
    def _paired(self) -> np.ndarray:
        finite: np.ndarray = np.isfinite(self.gradient_change_ratio)
        return finite & (self.step > 0)


def _spacing(axis: np.ndarray, norm: float) -> float:
    return float(axis[1] - axis[0]) * norm if len(axis) > 1 else float("nan")


def largest(values: np.ndarray) -> float:
    """Return the largest finite value; nan if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else float("nan")
