"""The result: a measured slice, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from normscape.landscape.plane.plane import Plane
from normscape.specs import SurfaceSpec


@dataclass(frozen=True, eq=False)
class Surface:
    """A measured slice. Values that are not evaluated or not finite are missing (nan), never replaced."""

    spec: SurfaceSpec
    plane: Plane
    alpha: np.ndarray  # (A,)
    beta: np.ndarray  # (B,)
    loss: np.ndarray  # (B, A)
    accuracy: np.ndarray | None  # (B, A) share correct in [0, 1]; None where the loss has no classes
    gradient_norm: np.ndarray  # (B, A)
    gradient_change_ratio: np.ndarray  # (B, A); at the centre the maximum over directions in the plane
    row_ratio: np.ndarray  # (L, B, A) the same with the change of one layer's gradient alone, in the order of `layers`
    plane_form: np.ndarray  # (B, A) ‖Dᵀ(∇f(θ+Δ) - ∇f(θ))‖ / ‖(α, β)‖ with D = [d1 d2] (D8)
    across: np.ndarray  # (B, A - 1) ratios between neighbours in a row (D6)
    along: np.ndarray  # (B - 1, A) ratios between neighbours in a column (D6)
    step: np.ndarray  # (B, A) ‖Δ‖
    evaluated: np.ndarray  # (B, A) bool
    non_finite: np.ndarray  # (B, A) bool: evaluated, and the loss or the gradient is not finite
    layers: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every point was evaluated."""
        return bool(self.evaluated.all())

    @property
    def centre(self) -> tuple[int, int] | None:
        """Row and column of the grid point on θ* itself, or None where the grid has none."""
        rows, columns = np.flatnonzero(self.beta == 0), np.flatnonzero(self.alpha == 0)
        return (int(rows[0]), int(columns[0])) if rows.size and columns.size else None

    @property
    def pairs(self) -> int:
        """The number of pairs (θ*, θ* + Δ) with a finite ratio; the centre cell is a limit and no pair (D7)."""
        return int(self._paired.sum())

    @property
    def smallest_step(self) -> float:
        """The smallest ‖Δ‖ among the pairs, nan if there is none (D7)."""
        return float(self.step[self._paired].min(initial=np.inf)) if self.pairs else float("nan")

    @property
    def lipschitz_bound(self) -> float:
        """L̂ (D7): the largest ratio seen; every Lipschitz constant of ∇f on the slice is at least this; nan if none."""
        return largest(self.gradient_change_ratio)

    @property
    def local_ratio(self) -> np.ndarray:
        """The largest ratio between a point and its neighbours in the grid (B, A), nan where there is none (D6)."""
        found = np.full((4, *self.loss.shape), np.nan)
        found[0, :, :-1] = found[1, :, 1:] = self.across
        found[2, :-1] = found[3, 1:] = self.along
        local: np.ndarray = np.fmax.reduce(found)
        return local

    @property
    def spacing(self) -> tuple[float, float]:
        """How far neighbours along d1 and along d2 are apart, to which local ratios belong; nan for one point."""
        return _spacing(self.alpha, self.plane.norms[0]), _spacing(self.beta, self.plane.norms[1])

    @property
    def scale_free(self) -> bool:
        """Whether the plane form stays the same when weights in front of a normalization are rescaled (D8)."""
        return self.plane.scaling == "filter" and not self.spec.plane.orthogonal

    @property
    def _paired(self) -> np.ndarray:
        finite: np.ndarray = np.isfinite(self.gradient_change_ratio)
        return finite & (self.step > 0)


def _spacing(axis: np.ndarray, norm: float) -> float:
    return float(axis[1] - axis[0]) * norm if len(axis) > 1 else float("nan")


def largest(values: np.ndarray) -> float:
    """Return the largest finite value, nan if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else float("nan")
