"""How backward gradients grow from layer to layer (A15; Yang et al. 2019, arXiv 1902.08129)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from normscape.landscape.analysis.activations import flows
from normscape.landscape.measurement import Stop
from normscape.landscape.objective.objective import Objective


@dataclass(frozen=True, eq=False)
class GradientGrowth:
    """The size of the signal at every layer's output, over all samples, positions and units."""

    layers: tuple[str, ...]  # in the order in which they are met
    size: np.ndarray  # (L,) sqrt(Σ δ²)
    plain: bool  # whether layers follow one another without shortcuts, so that a ratio is one layer's doing

    @property
    def ratio(self) -> np.ndarray:
        """‖δ_l‖ / ‖δ_{l+1}‖ (L - 1,): above 1, gradients grow on their way back; nan where nothing comes back."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.size[1:] > 0, self.size[:-1] / self.size[1:], np.nan)

    @property
    def interior(self) -> np.ndarray:
        """The ratios between hidden layers, without the first and the last of them: their neighbours are of a kind.

        With fewer than three, all ratios between hidden layers.
        """
        hidden = self.ratio[:-1]
        return hidden[1:-1] if len(hidden) >= 3 else hidden

    @property
    def per_layer(self) -> float:
        """The mean of the interior ratios; nan if there is none."""
        finite = self.interior[np.isfinite(self.interior)]
        return float(finite.mean()) if finite.size else float("nan")


def measure_gradient_growth(objective: Objective, *, stop: Stop = lambda: False) -> GradientGrowth:
    """Measure the signals that come back to every linear or convolution layer, against the next layer's (A15).

    For deep plain ReLU networks with batch norm after every layer, no affine map, and random weights the ratio tends to
    √(π/(π - 1)) = 1.2112 (Yang et al.); with He's initialization and no normalization to 1.

    Args:
        objective: the loss, at its own θ.
        stop: polled before every mini-batch.

    Raises:
        StoppedError: `stop()` was true.
        ValueError: the evaluation set does not fit one pass (see `flows`).
    """
    squares: dict[str, float] = {}
    for flowing in flows(objective, objective.theta, stop=stop):
        for flow in flowing:
            squares[flow.layer] = squares.get(flow.layer, 0.0) + float(flow.signal.double().square().sum())
    return GradientGrowth(tuple(squares), np.sqrt(list(squares.values())), _plain(objective.module))


def _plain(network: nn.Module) -> bool:
    """Say whether a network is a chain: containers that call their children one after the other, and layers."""
    return all(
        isinstance(module, nn.Sequential) or not any(True for _ in module.children()) for module in network.modules()
    )
