"""Learning-rate sweeps in sentences and key numbers (A3)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from normscape.landscape.stability import OUTCOME_KINDS, RATES, TrainingOutcome, largest_stable, outcome_kind
from normscape.specs import TrainingSpec
from normscape.views.stability.thresholds import values
from normscape.views.texts.labels import capitalized, in_text, listed, of_network
from normscape.views.widgets.numbers import MISSING, number, span

FACTOR = RATES[1] / RATES[0]
"""How far the rates of a sweep are apart: the true limit is below the largest stable rate times this."""


def in_seeds(seeds: int) -> str:
    """Return the beginning of a sentence on a complete sweep: "In this one seed, "."""
    return "In this one seed, " if seeds == 1 else f"In all {seeds} seeds, "


def so_far(seeds: int) -> str:
    """Return the beginning of a sentence on seeds that are complete while others are not: "So far (1 seed): "."""
    return f"So far ({seeds} seed{'' if seeds == 1 else 's'}): "


def unfinished(finished: int, total: int, *, stopped: bool) -> str:
    """Return how many trainings are missing in a sweep of which some seeds are complete, as a sentence."""
    if stopped:
        return f"{total - finished} of {total} trainings are missing."
    return f"{finished} of {total} trainings are finished, {total - finished} are left."


def complete_seeds(
    outcomes: Mapping[str, Sequence[TrainingOutcome]],
) -> tuple[int, Mapping[str, Sequence[TrainingOutcome]]]:
    """Return how many seeds have all trainings of all networks, and the outcomes of these, by label."""
    complete = {}
    for label, own in outcomes.items():
        counts = Counter(one.seed for one in own)
        complete[label] = sorted(seed for seed, count in counts.items() if count == len(RATES))
    seeds = min(map(len, complete.values()), default=0)
    return seeds, {
        label: [one for one in own if one.seed in complete[label][:seeds]] for label, own in outcomes.items()
    }


class Headline(NamedTuple):
    """The verdict as Markdown: one claim in bold, and what qualifies it."""

    claim: str
    details: str


def headline(
    largest: Mapping[str, float], predicted: Mapping[str, float], scope: str = "In this one seed, "
) -> Headline:
    """Return the largest learning rate at which each network trains stably, and the predicted limits.

    Claim or details say of how many seeds this is and how coarse the grid of rates is; the details say so if the limits
    rank the networks in the opposite order.

    Args:
        largest: the largest stable learning rate by label, 0 if none is stable.
        predicted: limit that the curvature at initialization predicts, by label; NaN if unknown.
        scope: the beginning of the sentence: of how many seeds it is.
    """
    prediction = _prediction(largest, predicted)
    pair = _stable_pair(largest)
    if pair is None:
        return Headline(f"**{scope}{_claim(largest)}.**", prediction)
    (reference, other), (label, rate) = pair
    claim = (
        f"{of_network(label)}, learning rates up to {number(rate)} train stably; "
        f"{of_network(reference)}, up to {number(other)}"
    )
    early = scope.endswith(": ")  # about some of the seeds
    first = f"{scope}{claim}" if early else capitalized(claim)
    return Headline(f"**{first}.**", " ".join(filter(None, [_ratio(rate, other, "" if early else scope), prediction])))


def grid(seeds: int, *, complete: bool = True, pending: bool = False) -> str:
    """Return how often each rate is tested, and how far the true limit may be from the largest stable rate.

    Args:
        seeds: trainings per learning rate.
        complete: whether all of them are finished.
        pending: whether the others are on their way.
    """
    factor = number(FACTOR, 2)
    which = "Each rate is" if complete else "Each rate will be" if pending else "Not every rate is"
    return (
        f"{which} tested with {seeds} seed{'' if seeds == 1 else 's'}, and rates are {factor}× apart: the true limit "
        f"may be up to {factor}× above the largest stable rate."
    )


def gaps(outcomes: Mapping[str, Sequence[TrainingOutcome]]) -> list[str]:
    """Return a sentence for every network with a rate that fails between two stable ones."""
    sentences = []
    for label, own in outcomes.items():
        unstable = {one.learning_rate: one.outcome for one in own if not one.stable}
        stable = {one.learning_rate for one in own} - set(unstable)
        between = {rate: unstable[rate] for rate in sorted(unstable) if stable and min(stable) < rate < max(stable)}
        if between:
            network = of_network(label)
            rates = listed([f"{number(rate)} ({outcome})" for rate, outcome in between.items()])
            above = number(min(rate for rate in stable if rate > min(between)))
            sentences.append(
                f"{capitalized(network)}, training fails at {rates}, although it is stable at {above}. The range of "
                "stable rates ends before the first failure. More seeds show whether this is chance."
            )
    return sentences


def _claim(largest: Mapping[str, float]) -> str:
    (reference, rate), *others = largest.items()
    if not any(largest.values()):
        return (
            "no network trains stably at any of these learning rates"
            if others
            else f"{in_text(reference)} never trains stably"
        )
    if others and len(set(largest.values())) == 1:
        return f"the largest stable rate of all networks is {number(rate)}{_next(rate)}"
    if not others:
        return f"the largest stable rate is {number(rate)} {of_network(reference)}{_next(rate)}"
    if len(others) == 1:
        return _one_of_two(reference, *others[0], largest[reference])
    groups: dict[float, list[str]] = {}
    for label in (*[other for other, _ in others], reference):
        groups.setdefault(largest[label], []).append(label)
    parts = [
        f"{number(own)} {listed(list(map(of_network, labels)))}{_times(own, rate) if reference not in labels else ''}"
        for own, labels in groups.items()
        if own
    ]
    parts += [f"none {listed(list(map(of_network, groups[0.0])))}"] if 0.0 in groups else []
    return f"among rates {number(FACTOR, 2)}× apart, the largest stable ones are {'; '.join(parts)}"


def _stable_pair(largest: Mapping[str, float]) -> tuple[tuple[str, float], ...] | None:
    """Return labels and rates of two networks that differ and are both stable somewhere, None for any others."""
    rates = set(largest.values())
    return tuple(largest.items()) if len(largest) == len(rates) == 2 and all(rates) else None


def _ratio(rate: float, other: float, scope: str) -> str:
    """Return the quotient of the largest stable rates of two networks, and its range between tested rates."""
    ratio = max(rate / other, other / rate)
    low = number(ratio / FACTOR, 2)
    within = f"at least {low}×" if max(rate, other) >= RATES[-1] else f"between {low}× and {number(ratio * FACTOR, 2)}×"
    than = "higher" if rate > other else "lower"
    apart = f"Tested rates are {number(FACTOR, 2)}× apart, so the true factor is {within}."
    size = f"that is {number(ratio, 2)}× {than}. {apart}"
    return f"{scope}{size}" if scope else capitalized(size)


def _one_of_two(reference: str, label: str, rate: float, other: float) -> str:
    """Return the claim on two networks of which one is stable nowhere."""
    known, lost = (of_network(label), of_network(reference)) if rate else (of_network(reference), of_network(label))
    return f"the largest stable rate is {number(rate or other)} {known}{_next(rate or other)}; there is none {lost}"


def _next(rate: float) -> str:
    """Return how far above the largest stable rate the next tested one is, in brackets."""
    return f" ({f'the next tested is {number(FACTOR, 2)}× higher' if rate < RATES[-1] else 'no higher one is tested'})"


def _prediction(largest: Mapping[str, float], predicted: Mapping[str, float]) -> str:
    """Return the limits of two networks, or the ends of those of more; say if they rank the networks otherwise."""
    known = {label: rate for label, rate in predicted.items() if math.isfinite(rate)}
    if not known:
        return ""
    ends = [min(known, key=known.__getitem__), max(known, key=known.__getitem__)] if len(known) > 2 else list(known)
    size = values({label: known[label] for label in ends})
    shown = size.replace(" and ", " to ") if len(known) > 2 else size
    if _opposite(largest, predicted):
        return f"The curvature at initialization predicts the opposite order: limits of {shown} (dotted lines)."
    return f"The curvature at initialization predicts limits of {shown} (dotted lines)."


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


def key_numbers(
    outcomes: Sequence[TrainingOutcome], predicted: Mapping[int, float], training: TrainingSpec
) -> dict[str, str]:
    """Return the key numbers of a network as text, by name.

    Args:
        outcomes: of all trainings of the sweep.
        predicted: limit that the curvature predicts, by step; empty for an optimizer that has none.
        training: the optimizer and its momentum.
    """
    counts = Counter(outcome_kind(one, outcomes) for one in outcomes)
    shown = [name for name in OUTCOME_KINDS if name != "not learned" or counts[name]]
    at_start, rate = predicted.get(0, math.nan), largest_stable(outcomes)
    relative = f"{number(rate / at_start, 2)}×" if rate and at_start > 0 else MISSING
    return {
        "Largest stable learning rate": _largest(outcomes, rate),
        r"$2/\lambda_{\max}$ at initialization, without momentum": number(at_start / (1 + training.momentum)),
        "Limit predicted at initialization": _limit(at_start, training),
        "Largest stable rate relative to that limit": relative,
        "Limit predicted along training": span(predicted.values()),
        "Lowest final training loss": _lowest_loss(outcomes),
        "Loss of the best constant prediction": number(outcomes[0].constant) if outcomes else MISSING,
        **{f"Trainings: {name}": f"{counts[name]} of {len(outcomes)}" for name in shown},
    }


def _limit(rate: float, training: TrainingSpec) -> str:
    """Return a limit with the momentum that it is for."""
    momentum = f" (momentum {number(training.momentum)})" if training.momentum and math.isfinite(rate) else ""
    return f"{number(rate)}{momentum}"


def _largest(outcomes: Sequence[TrainingOutcome], rate: float) -> str:
    """Return the largest stable rate; at the end of the sweep it is a lower limit."""
    if not rate:
        return "none"
    return f"{'at least ' if rate == max(one.learning_rate for one in outcomes) else ''}{number(rate)}"


def _lowest_loss(outcomes: Sequence[TrainingOutcome]) -> str:
    finite = [outcome for outcome in outcomes if math.isfinite(outcome.final)]
    best = min(finite, key=lambda outcome: outcome.final, default=None)
    return MISSING if best is None else f"{number(best.final)} at rate {number(best.learning_rate)}"
