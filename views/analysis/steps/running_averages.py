"""Texts and verdict of A12: running averages for prediction."""

from __future__ import annotations

import math

from normscape.figures.analysis.running_averages import SMALL
from normscape.landscape.analysis.running_averages import RunningAverages
from normscape.views.analysis.steps.status import Status, graded
from normscape.views.widgets.numbers import MISSING, number

SENTENCE = (
    "To predict, batch norm uses averages that it stored during training, and these should give the same loss as the "
    "statistics of all samples."
)

ASSUMES = (
    "The weights move little over the steps that the average covers, about 1/momentum of them: 10 with torch's default "
    "of 0.1."
)

DERIVATION = r"""
After each training step the stored mean and variance move toward those of the batch,

$$
\hat\mu \leftarrow {(1 - \rho)}\,\hat\mu + \rho\,\mu_B , \qquad\allowbreak
\hat v \leftarrow {(1 - \rho)}\,\hat v + \rho\,\tfrac{m}{m-1} v_B ,
$$

with the unbiased variance, although the biased $v_B$ normalizes. They differ from the statistics of all samples for two
reasons: the weights have moved since, and batch statistics are noisy. Points at (0, 1) have no error.
"""


def verdict(result: RunningAverages) -> str:
    """State what predicting with the stored averages does to the loss."""
    if not result.layers:
        return "It stores no averages: training and prediction normalize in the same way, or not at all."
    if not result.population_loss:
        return "The loss with population statistics is zero, so a relative change is not defined."
    change = result.running_loss / result.population_loss - 1
    if abs(change) < EQUAL:
        return "Predicting with the stored averages leaves the loss unchanged (within 0.1 %)."
    return (
        f"Predicting with the stored averages {'raises' if change > 0 else 'lowers'} the loss by "
        f"{number(100 * abs(change), 2)} % ({number(result.population_loss)} to {number(result.running_loss)})."
    )


def brief(result: RunningAverages) -> str:
    """Return the relative change of the loss in a few words."""
    if not result.layers or not result.population_loss:
        return "the loss is zero" if result.layers else "no averages are stored"
    change = result.running_loss / result.population_loss - 1
    return (
        f"the loss {'rises' if change > 0 else 'falls'} by {number(100 * abs(change), 2)} %"
        if abs(change) >= EQUAL
        else "the loss is unchanged"
    )


EQUAL = 1e-3
"""Relative changes of the loss below this count as none."""

LARGE = 0.5
"""Relative change of the loss up to which the step holds loosely."""

RULE = f"✓ if the stored averages change the loss by at most {100 * SMALL:g} %, ≈ up to {100 * LARGE:g} %, ✗ beyond."


def status(result: RunningAverages) -> Status:
    """Return how much predicting with the stored averages changes the loss."""
    if not result.layers:
        return "absent"
    if not result.population_loss:
        return "undefined"
    return graded(abs(result.running_loss / result.population_loss - 1), SMALL, LARGE)


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
