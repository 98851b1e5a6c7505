"""Growth of backward gradients from layer to layer (A15; Yang et al. 2019, arXiv 1902.08129)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from normscape.landscape.layers.activations import layer_activations
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective


@dataclass(frozen=True, eq=False)
class GradientGrowth:
    """The norm of the signal at every layer's output, over all samples, positions and units."""

    layers: tuple[str, ...]  # in call order
    size: np.ndarray  # (L,) sqrt(Σ δ²)
    plain: bool  # whether the network is a chain without shortcuts, so that a ratio is the effect of one layer

    @property
    def ratio(self) -> np.ndarray:
        """‖δ_l‖ / ‖δ_{l+1}‖ (L - 1,); above 1, gradients grow in the backward pass; nan where the signal is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.size[1:] > 0, self.size[:-1] / self.size[1:], np.nan)

    @property
    def interior(self) -> np.ndarray:
        """The ratios between hidden layers, except the first and the last, which have other neighbors.

        With fewer than three hidden ratios, all of them.
        """
        hidden = self.ratio[:-1]
        return hidden[1:-1] if len(hidden) >= 3 else hidden

    @property
    def per_layer(self) -> float:
        """The mean of the interior ratios; nan if none is finite."""
        finite = self.interior[np.isfinite(self.interior)]
        return float(finite.mean()) if finite.size else float("nan")


def measure_gradient_growth(objective: Objective, *, stop: Stop = lambda: False) -> GradientGrowth:
    """Measure the norm of every linear or convolution layer's signal relative to the next layer's (A15).

    For deep plain ReLU networks with batch norm after every layer, no affine map, and random weights the ratio
    approaches √(π/(π - 1)) = 1.2112 (Yang et al.); with He initialization and no normalization, 1.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit into one pass (see `layer_activations`).
    """
    squares: dict[str, float] = {}
    for batch in layer_activations(objective, objective.theta, stop=stop):
        for activations in batch:
            squares[activations.layer] = squares.get(activations.layer, 0.0) + float(
                activations.signal.double().square().sum()
            )
    return GradientGrowth(tuple(squares), np.sqrt(list(squares.values())), _is_chain(objective.module))


def _is_chain(network: nn.Module) -> bool:
    """Return whether all modules with children are `nn.Sequential`."""
    return all(
        isinstance(module, nn.Sequential) or not any(True for _ in module.children()) for module in network.modules()
    )
