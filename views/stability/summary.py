"""Learning-rate sweeps in sentences and key numbers (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from normscape.landscape.stability import TrainingOutcome, largest_stable
from normscape.views.widgets.numbers import MISSING, number

OUTCOMES = ("stable", "not learned", "overshot", "diverged")


def conclusion(label: str, outcomes: Sequence[TrainingOutcome], predicted: Mapping[int, float], momentum: float) -> str:
    """Return a sentence on the largest stable learning rate of a network and on the prediction 2/λ_max.

    Args:
        label: of the network.
        outcomes: of all trainings of the sweep.
        predicted: 2/λ_max by step.
        momentum: of the optimizer.
    """
    rate = largest_stable(outcomes)
    if not rate:
        return f"**{label}**: at no learning rate of the sweep were the trainings of all seeds stable."
    at_least = "at least " if rate == max(outcome.learning_rate for outcome in outcomes) else ""
    sentence = f"**{label}**: stable with all seeds up to a learning rate of {at_least}{number(rate)}"
    if 0 not in predicted:
        return rf"{sentence}. There is no $2/\lambda_{{\max}}$ before training to hold against it."
    low, high = min(predicted.values()), max(predicted.values())
    memory = f" (of the momentum of {momentum:g} it knows nothing)" if momentum else ""
    return (
        rf"{sentence}, {number(rate / predicted[0], 2)} times $2/\lambda_{{\max}}$ before training, which is "
        rf"{number(predicted[0])}{memory}. Along its own training $2/\lambda_{{\max}}$ goes from {number(low)} to "
        f"{number(high)}."
    )


def contrast(largest: Mapping[str, float]) -> str:
    """Return a sentence that compares the largest stable learning rates of further networks with the first one's."""
    (label, reference), *others = largest.items()
    if not reference or not others:
        return ""
    quotients = [f"{other} {number(rate / reference, 2)} times" for other, rate in others]
    return f"Of the largest learning rate that {label} stood, the others stood: {', '.join(quotients)}."


def key_numbers(outcomes: Sequence[TrainingOutcome], predicted: Mapping[int, float]) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    counts = {name: sum(outcome.outcome == name for outcome in outcomes) for name in OUTCOMES}
    return {
        "Largest learning rate, all seeds stable": number(largest_stable(outcomes)),
        r"$2/\lambda_{\max}$ before training": number(predicted.get(0, math.nan)),
        r"Smallest $2/\lambda_{\max}$ along its own training": number(min(predicted.values(), default=math.nan)),
        "Lowest last training loss": _lowest_loss(outcomes),
        "Loss of the best constant prediction": number(outcomes[0].constant) if outcomes else MISSING,
        **{f"Trainings: {name}": f"{count} of {len(outcomes)}" for name, count in counts.items()},
    }


def _lowest_loss(outcomes: Sequence[TrainingOutcome]) -> str:
    finite = [outcome for outcome in outcomes if math.isfinite(outcome.final)]
    best = min(finite, key=lambda outcome: outcome.final, default=None)
    return MISSING if best is None else f"{number(best.final)} at {number(best.learning_rate)}"
