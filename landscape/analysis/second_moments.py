"""Second moments of what every layer's weights meet: as they are, centred, and standardized (A7, A8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from normscape.landscape.analysis.activations import Flow, flows, watched_outputs
from normscape.landscape.analysis.patches import Sums, sums_of
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective

EPSILON = 1e-5
"""Added to variances before dividing, as torch's normalizations do."""


@dataclass(frozen=True, eq=False)
class LayerMoments:
    """Of one layer's true inputs x, unfolded patches for a convolution, over samples and positions."""

    layer: str
    inputs: int  # entries of x: the fan in, times the groups
    positions: int  # T, places at which a sample meets the weights
    mean: np.ndarray  # (I,) E[x_i]
    second: np.ndarray  # (I,) E[x_i²]
    by_channel: float  # Σ_i E[x̂_i²], each channel of the map standardized over all positions before it is padded
    weighted: float  # ‖E[ax]/E[a] - E[x]‖ / ‖E[x]‖ at the last layer, the mean over outputs; nan at others
    # and where something stands behind the last layer

    @property
    def variance(self) -> np.ndarray:
        """v_i = E[x_i²] - E[x_i]² (I,)."""
        return np.asarray(np.maximum(self.second - self.mean**2, 0.0))

    @property
    def raw(self) -> float:
        """‖E[x⊗x]‖₁ = Σ_i E[x_i²]."""
        return float(self.second.sum())

    @property
    def centred(self) -> float:
        """Σ_i v_i: the least that subtracting constants can make of it."""
        return float(self.variance.sum())

    @property
    def standardized(self) -> float:
        """Σ_i v_i/(v_i + ε), each entry divided by its own deviation: 0 for constant entries."""
        return float((self.variance / (self.variance + EPSILON)).sum())

    def about(self, share: np.ndarray) -> np.ndarray:
        """Return Σ_i E[(x_i - s E[x_i])²] for several s: a parabola that is least at s = 1."""
        return np.asarray(self.centred + (1 - share) ** 2 * float((self.mean**2).sum()))


@dataclass(frozen=True, eq=False)
class SecondMoments:
    """All linear layers and convolutions, in the order in which they are met."""

    layers: tuple[LayerMoments, ...]


def measure_second_moments(objective: Objective, *, stop: Stop = lambda: False) -> SecondMoments:
    """Measure the second moments of every layer's inputs (A7, A8).

    The weighted mean E[ax]/E[a], with a = p(1 - p) the curvature of the cross-entropy at an output, is where the trace
    of the last layer's block Hessian is least; it is E[x] only if a does not depend on x.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    sums: dict[str, Sums] = {}
    samples = 0
    last: tuple[torch.Tensor, ...] | None = None
    with watched_outputs(objective.module) as outputs:
        for flowing in flows(objective, objective.theta, stop=stop):
            for flow in flowing:
                found = sums_of(flow)
                sums[flow.layer] = found + sums[flow.layer] if flow.layer in sums else found
            samples += len(flowing[-1].inputs)
            known = objective.classifies and torch.equal(outputs.pop(), flowing[-1].outputs)
            part = _weighted(flowing[-1]) if known else None  # something may stand behind the last layer
            last = part if last is None or part is None else tuple(a + b for a, b in zip(last, part, strict=True))
    final = next(reversed(sums), "")
    return SecondMoments(
        tuple(
            _layer(name, one, samples, _distance(one, last) if name == final else float("nan"))
            for name, one in sums.items()
        )
    )


def _layer(name: str, sums: Sums, samples: int, weighted: float) -> LayerMoments:
    mean, second = (tensor.cpu().numpy() / sums.count for tensor in (sums.first, sums.second))
    return LayerMoments(name, len(mean), sums.count // samples, mean, second, _by_channel(sums), weighted)


def _by_channel(sums: Sums) -> float:
    """Return Σ_i E[x̂_i²] where each channel's mean and variance over the map are taken out, and padding stays 0."""
    taps = len(sums.first) // len(sums.map_first)
    mean = sums.map_first / sums.map_count
    variance = (sums.map_second / sums.map_count - mean**2).clamp(min=0)
    shift, divisor = (tensor.repeat_interleave(taps) for tensor in (mean, variance + EPSILON))
    squares = sums.second - 2 * shift * sums.first + shift**2 * sums.inside
    return float((squares / divisor).sum()) / sums.count


def _weighted(flow: Flow) -> tuple[torch.Tensor, torch.Tensor]:
    """Return Σ a_u x_i (K, I) and Σ a_u (K,) over samples, a = p(1 - p)."""
    p = torch.softmax(flow.outputs.double(), -1)
    a = (p * (1 - p)).flatten(0, -2)
    return a.T @ flow.inputs.double().flatten(0, -2), a.sum(0)


def _distance(sums: Sums, last: tuple[torch.Tensor, ...] | None) -> float:
    if last is None:
        return float("nan")
    mean = sums.first / sums.count
    means = last[0] / last[1][:, None]
    return float(((means - mean).norm(dim=1) / mean.norm()).mean())
