"""Texts and verdict of A12: running averages for prediction."""

from __future__ import annotations

import math

from normscape.landscape.analysis.running_averages import RunningAverages
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number

SENTENCE = (
    "A prediction has no batch, so batch norm stores moving averages during training. This step compares them with the "
    "statistics of all samples at the same weights."
)

ASSUMES = (
    "That weights move little over the steps that the average reaches back, about 1/momentum of them: ten with torch's "
    "default of 0.1."
)

DERIVATION = r"""
After each training step the stored mean and variance move towards the batch's,

$$
\hat\mu \leftarrow {(1 - \rho)}\,\hat\mu + \rho\,\mu_B , \qquad\allowbreak
\hat v \leftarrow {(1 - \rho)}\,\hat v + \rho\,\tfrac{m}{m-1} v_B ,
$$

with the unbiased variance, though the biased $v_B$ is what normalizes. Two things keep them from the moments of all
samples at the present weights: the weights have moved since, and each batch's moments scatter. Points at (0, 1) have
neither error.
"""


def verdict(result: RunningAverages) -> str:
    """State how far the averages are off, and what that does to the loss."""
    if not result.layers:
        return "It keeps no averages of samples, so it predicts as it trains."
    errors = [layer.typical_error for layer in result.layers if math.isfinite(layer.typical_error)]
    if not errors:
        return "No channel varies, so there is nothing to hold the averages against."
    worst = max(result.layers, key=lambda layer: layer.typical_error if math.isfinite(layer.typical_error) else -1.0)
    change = result.running_loss - result.population_loss
    higher = "higher" if change > 0 else "lower"
    return (
        f"Stored means are off by {number(min(errors), 2)} to {number(max(errors), 2)} deviations (root mean square "
        f"over channels; most in {worst.layer}). With the stored averages the loss is {number(result.running_loss)}, "
        f"{number(abs(change), 2)} {higher} than with the statistics of all samples."
    )


RULE = "✓ if the stored averages change the loss by at most 5 %, ≈ up to 50 %, ✗ beyond."


def status(result: RunningAverages) -> Status:
    """Return how much predicting with the stored averages changes the loss."""
    if not result.layers or not result.population_loss:
        return "undefined"
    return graded(abs(result.running_loss / result.population_loss - 1), 0.05, 0.5)


def rows(result: RunningAverages) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    ratios = [layer.typical_ratio for layer in result.layers if math.isfinite(layer.typical_ratio)]
    errors = [layer.typical_error for layer in result.layers if math.isfinite(layer.typical_error)]
    return {
        "Layers with averages": str(len(result.layers)),
        "Error of stored means, deviations": f"{number(min(errors))} to {number(max(errors))}" if errors else MISSING,
        "Stored over true variance, medians": f"{number(min(ratios))} to {number(max(ratios))}" if ratios else MISSING,
        "Loss with stored averages": number(result.running_loss, 6),
        "Loss with statistics of all samples": number(result.population_loss, 6),
    }
