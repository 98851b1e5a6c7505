"""Learning-rate sweeps in sentences and key numbers (A3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from normscape.landscape.stability import TrainingOutcome, largest_stable
from normscape.models import NORMALIZATIONS
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
    count = len({outcome.seed for outcome in outcomes})
    seeds = "1 seed" if count == 1 else f"all {count} seeds"
    if not rate:
        return f"**{label}**: no learning rate of the sweep trains stably ({seeds})."
    at_least = "at least " if rate == max(outcome.learning_rate for outcome in outcomes) else ""
    sentence = f"**{label}**: stable at learning rates up to {at_least}{number(rate)} ({seeds})"
    if 0 not in predicted:
        return rf"{sentence}. $2/\lambda_{{\max}}$ at initialization is not available."
    low, high = min(predicted.values()), max(predicted.values())
    memory = f" (which ignores the momentum of {momentum:g})" if momentum else ""
    return (
        rf"{sentence}, {number(rate / predicted[0], 2)}× the prediction $2/\lambda_{{\max}}$ = {number(predicted[0])} "
        rf"at initialization{memory}. Along its own training $2/\lambda_{{\max}}$ ranges from {number(low)} to "
        f"{number(high)}."
    )


def headline(largest: Mapping[str, float], predicted: Mapping[str, float]) -> str:
    """Return the largest learning rate at which each network trains stably as one sentence, and what 2/λ_max predicts.

    If the prediction ranks the networks in the opposite order, the sentence says so.

    Args:
        largest: the largest stable learning rate by label, 0 if none is stable.
        predicted: 2/λ_max at initialization by label, NaN if unknown.
    """
    (reference, rate), *others = largest.items()
    known = [f"{number(value, 2)} for {label}" for label, value in predicted.items() if math.isfinite(value)]
    order = ", the opposite order" if _opposite(largest, predicted) else ""
    prediction = rf" $2/\lambda_{{\max}}$ at initialization predicts {', '.join(known)}{order}." if known else ""
    stable = [(other, f"{number(own)}{_times(own, rate)}") for other, own in others if own]
    stable += [(reference, number(rate))] if rate else []
    parts = [
        f"{label} trains at rates up to {text}" if k == 0 else f"{_without(label)}, up to {text}"
        for k, (label, text) in enumerate(stable)
    ]
    none = [f"{label} trains at none" for label, own in largest.items() if not own]
    return f"**{'; '.join([*parts, *none])}.**{prediction}"


def _without(label: str) -> str:
    """Return a network's label in the middle of a sentence."""
    return "without normalization" if label == NORMALIZATIONS["none"].label else label


def _opposite(largest: Mapping[str, float], predicted: Mapping[str, float]) -> bool:
    """Return whether two networks differ in both numbers, and every such pair is ranked in opposite orders."""
    signs = [
        (largest[a] - largest[b]) * (predicted[a] - predicted[b])
        for a, b in combinations([label for label in largest if math.isfinite(predicted.get(label, math.nan))], 2)
    ]
    return any(sign < 0 for sign in signs) and all(sign <= 0 for sign in signs)


def _times(rate: float, reference: float) -> str:
    """Return how many times a rate is the first network's, as a bracket; empty if equal or unknown."""
    if not reference or rate == reference:
        return ""
    higher = rate > reference
    return f" ({number(max(rate / reference, reference / rate), 2)}× {'higher' if higher else 'lower'})"


def key_numbers(outcomes: Sequence[TrainingOutcome], predicted: Mapping[int, float]) -> dict[str, str]:
    """Return the key numbers of a network as text, by name."""
    counts = {name: sum(outcome.outcome == name for outcome in outcomes) for name in OUTCOMES}
    return {
        "Largest learning rate, all seeds stable": number(largest_stable(outcomes)),
        r"$2/\lambda_{\max}$ before training": number(predicted.get(0, math.nan)),
        r"Smallest $2/\lambda_{\max}$ along its own training": number(min(predicted.values(), default=math.nan)),
        "Lowest final training loss": _lowest_loss(outcomes),
        "Loss of the best constant prediction": number(outcomes[0].constant) if outcomes else MISSING,
        **{f"Trainings: {name}": f"{count} of {len(outcomes)}" for name, count in counts.items()},
    }


def _lowest_loss(outcomes: Sequence[TrainingOutcome]) -> str:
    finite = [outcome for outcome in outcomes if math.isfinite(outcome.final)]
    best = min(finite, key=lambda outcome: outcome.final, default=None)
    return MISSING if best is None else f"{number(best.final)} at {number(best.learning_rate)}"
