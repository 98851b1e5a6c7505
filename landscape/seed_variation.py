"""One number over several seeds: how far it moves when nothing but chance is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from normscape.landscape.objective.sharpness import Sharpness
from normscape.landscape.surface import Surface, largest
from normscape.landscape.training.loop import Run


@dataclass(frozen=True)
class Spread:
    """A scalar over seeds; those that have no finite value are counted and left out."""

    values: tuple[float, ...]

    @property
    def finite(self) -> np.ndarray:
        """The values that are finite."""
        array = np.array(self.values, dtype=np.float64)
        return array[np.isfinite(array)]

    @property
    def mean(self) -> float:
        """Their mean, nan if there is none."""
        return float(self.finite.mean()) if self.finite.size else float("nan")

    @property
    def deviation(self) -> float:
        """Their sample standard deviation (n - 1), nan for fewer than two."""
        return float(self.finite.std(ddof=1)) if self.finite.size > 1 else float("nan")

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest, nan if there is none."""
        return (float(self.finite.min()), float(self.finite.max())) if self.finite.size else (float("nan"),) * 2


def scalars_of(run: Run, surface: Surface, sharpness: Sharpness, scale_free: Sharpness) -> Mapping[str, float]:
    """Return the numbers of one network at one pair of seeds, by what they are called."""
    centre, history = surface.centre, run.history
    recorded = np.flatnonzero(history.step == surface.spec.evaluation.checkpoint)
    at = int(recorded[0]) if recorded.size else -1
    return {
        "Training loss": float(history.train_loss[at]),
        "Held-out loss": float(history.held_out_loss[at]),
        "Training accuracy": float(history.train_accuracy[at]),
        "Held-out accuracy": float(history.held_out_accuracy[at]),
        r"$\|\theta\|$": float(np.linalg.norm(surface.plane.theta)),
        "Loss at the centre": float("nan") if centre is None else float(surface.loss[centre]),
        r"$L \ge$, from the centre": surface.lipschitz_bound,
        r"$L \ge$, between neighbours": largest(surface.local_ratio),
        r"Largest $\|Hu\|$ in the plane": float("nan")
        if centre is None
        else float(surface.gradient_change_ratio[centre]),
        "Plane form up to": largest(surface.plane_form),
        r"$\lambda_{\max}$": sharpness.value,
        r"$2/\lambda_{\max}$": sharpness.largest_stable_step,
        r"$\lambda_{\max}(SHS)$": scale_free.value,
    }


def spreads_of(scalars: Sequence[Mapping[str, float]]) -> Mapping[str, Spread]:
    """Turn the numbers of several seeds into spreads, by name."""
    names = dict.fromkeys(name for found in scalars for name in found)
    return {name: Spread(tuple(found.get(name, float("nan")) for found in scalars)) for name in names}
