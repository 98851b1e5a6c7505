"""Second moments of every layer's inputs: raw, centered, and standardized (A7, A8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from normscape.landscape.layers.activations import LayerActivations, capture_outputs, layer_activations
from normscape.landscape.layers.patches import PatchSums, patch_sums
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective

EPSILON = 1e-5
"""Added to variances before division, as in torch's normalizations."""


@dataclass(frozen=True, eq=False)
class LayerMoments:
    """Moments of one layer's inputs x (unfolded patches for a convolution) over samples and positions."""

    layer: str
    inputs: int  # entries of x: fan-in times groups
    positions: int  # T, positions per sample
    mean: np.ndarray  # (I,) E[x_i]
    second: np.ndarray  # (I,) E[x_i²]
    by_channel: float  # Σ_i E[x̂_i²], with each input channel standardized over all positions before padding
    weighted: float  # ‖E[ax]/E[a] - E[x]‖ / ‖E[x]‖ at the last layer, mean over outputs; else nan

    @property
    def variance(self) -> np.ndarray:
        """v_i = E[x_i²] - E[x_i]² (I,)."""
        return np.asarray(np.maximum(self.second - self.mean**2, 0.0))

    @property
    def raw(self) -> float:
        """‖E[x⊗x]‖₁ = Σ_i E[x_i²]."""
        return float(self.second.sum())

    @property
    def centered(self) -> float:
        """Σ_i v_i, the minimum over subtracted constants."""
        return float(self.variance.sum())

    @property
    def standardized(self) -> float:
        """Σ_i v_i/(v_i + ε), with each entry divided by its own standard deviation; constant entries count 0."""
        return float((self.variance / (self.variance + EPSILON)).sum())

    def about(self, share: np.ndarray) -> np.ndarray:
        """Return Σ_i E[(x_i - s E[x_i])²] for each s: a parabola with its minimum at s = 1."""
        return np.asarray(self.centered + (1 - share) ** 2 * float((self.mean**2).sum()))


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """All linear and convolution layers, in call order."""

    layers: tuple[LayerMoments, ...]


def measure_second_moments(objective: Objective, *, stop: Stop = lambda: False) -> SecondMoments:
    """Measure the second moments of every layer's inputs (A7, A8).

    The weighted mean E[ax]/E[a], with a = p(1 - p) the curvature of the cross-entropy at an output, minimizes the trace
    of the last layer's Hessian block; it equals E[x] only if a does not depend on x.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    sums: dict[str, PatchSums] = {}
    samples = 0
    totals: tuple[torch.Tensor, ...] | None = None
    with capture_outputs(objective.module) as outputs:
        for batch in layer_activations(objective, objective.theta, stop=stop):
            for activations in batch:
                batch_sums = patch_sums(activations)
                sums[activations.layer] = (
                    batch_sums + sums[activations.layer] if activations.layer in sums else batch_sums
                )
            samples += len(batch[-1].inputs)
            last_layer_outputs = objective.is_cross_entropy and torch.equal(outputs.pop(), batch[-1].outputs)
            terms = _weighted_sums(batch[-1]) if last_layer_outputs else None  # other modules may follow the last layer
            totals = (
                terms if totals is None or terms is None else tuple(a + b for a, b in zip(totals, terms, strict=True))
            )
    last_layer = next(reversed(sums), "")
    return SecondMoments(
        tuple(
            _layer_moments(
                name,
                layer_sums,
                samples,
                _weighted_distance(layer_sums, totals) if name == last_layer else float("nan"),
            )
            for name, layer_sums in sums.items()
        )
    )


def _layer_moments(name: str, sums: PatchSums, samples: int, weighted: float) -> LayerMoments:
    mean, second = (tensor.cpu().numpy() / sums.count for tensor in (sums.first, sums.second))
    return LayerMoments(name, len(mean), sums.count // samples, mean, second, _by_channel(sums), weighted)


def _by_channel(sums: PatchSums) -> float:
    """Return Σ_i E[x̂_i²], with each channel standardized by its mean and variance over the input, and zero padding."""
    taps = len(sums.first) // len(sums.map_first)
    mean = sums.map_first / sums.map_count
    variance = (sums.map_second / sums.map_count - mean**2).clamp(min=0)
    shift, divisor = (tensor.repeat_interleave(taps) for tensor in (mean, variance + EPSILON))
    squares = sums.second - 2 * shift * sums.first + shift**2 * sums.inside
    return float((squares / divisor).sum()) / sums.count


def _weighted_sums(activations: LayerActivations) -> tuple[torch.Tensor, torch.Tensor]:
    """Return Σ a_u x_i (K, I) and Σ a_u (K,) over samples, with a = p(1 - p)."""
    p = torch.softmax(activations.outputs.double(), -1)
    a = (p * (1 - p)).flatten(0, -2)
    return a.T @ activations.inputs.double().flatten(0, -2), a.sum(0)


def _weighted_distance(sums: PatchSums, totals: tuple[torch.Tensor, ...] | None) -> float:
    if totals is None:
        return float("nan")
    mean = sums.first / sums.count
    means = totals[0] / totals[1][:, None]
    return float(((means - mean).norm(dim=1) / mean.norm()).mean())
