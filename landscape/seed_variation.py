"""Variation of scalar results across seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from normscape.landscape.objective.curvature.sharpness import Sharpness
from normscape.landscape.surface import Surface, largest
from normscape.landscape.training.train import Run


@dataclass(frozen=True)
class Spread:
    """A scalar over seeds; values that are not finite are left out."""

    values: tuple[float, ...]

    @property
    def finite(self) -> np.ndarray:
        """The finite values."""
        array = np.array(self.values, dtype=np.float64)
        return array[np.isfinite(array)]

    @property
    def mean(self) -> float:
        """The mean of the finite values; nan if there is none."""
        return float(self.finite.mean()) if self.finite.size else float("nan")

    @property
    def deviation(self) -> float:
        """The sample standard deviation (n - 1) of the finite values; nan for fewer than two."""
        return float(self.finite.std(ddof=1)) if self.finite.size > 1 else float("nan")

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest finite value; nan if there is none."""
        return (float(self.finite.min()), float(self.finite.max())) if self.finite.size else (float("nan"),) * 2


def scalars_of(run: Run, surface: Surface, sharpness: Sharpness, scale_free: Sharpness) -> Mapping[str, float]:
    """Return the scalar results of one network for one seed, by their labels."""
    center, history = surface.center, run.history
    matching = np.flatnonzero(history.step == surface.spec.evaluation.checkpoint)
    index = int(matching[0]) if matching.size else -1
    return {
        "Training loss": float(history.train_loss[index]),
        "Held-out loss": float(history.held_out_loss[index]),
        "Training accuracy": float(history.train_accuracy[index]),
        "Held-out accuracy": float(history.held_out_accuracy[index]),
        r"$\|\theta\|$": float(np.linalg.norm(surface.plane.theta)),
        "Loss at the center": float("nan") if center is None else float(surface.loss[center]),
        r"$L \ge$, from the center": surface.lipschitz_bound,
        r"$L \ge$, between neighbors": largest(surface.local_ratio),
        r"Largest $\|Hu\|$ in the plane": float("nan")
        if center is None
        else float(surface.gradient_change_ratio[center]),
        "In-plane ratio up to": largest(surface.in_plane_ratio),
        r"$\lambda_{\max}$": sharpness.value,
        r"$2/\lambda_{\max}$": sharpness.largest_stable_step,
        r"$\lambda_{\max}(SHS)$": scale_free.value,
    }


def spreads_of(scalars: Sequence[Mapping[str, float]]) -> Mapping[str, Spread]:
    """Return the spread of every scalar over several seeds, by name."""
    names = dict.fromkeys(name for scalars_of_seed in scalars for name in scalars_of_seed)
    return {
        name: Spread(tuple(scalars_of_seed.get(name, float("nan")) for scalars_of_seed in scalars)) for name in names
    }
