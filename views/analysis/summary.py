"""The result of the page in one sentence: how many steps hold, hold in part, fail, and say nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from normscape.specs.experiment import Variants
from normscape.views.analysis.steps import STEPS
from normscape.views.analysis.steps.status import WORDS, Status
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import Results
from normscape.views.texts.labels import listed
from normscape.views.widgets.numbers import duration

ORDER: tuple[Status, ...] = ("fails", "loose", "holds", "unjudged", "undefined", "absent")
"""A step has the first of these that it has on a network: it does not apply only if it applies to none."""


def waiting(steps: Collection[Step], variants: Variants, seconds: Mapping[str, float], *, stopped: bool = False) -> str:
    """Return the sentence in place of the summary until the first result is available."""
    networks = "1 network" if len(variants) == 1 else f"{len(variants)} networks"
    if stopped:
        return (
            f"**Measuring was stopped before the first result.** Resume it to measure {len(steps)} steps on {networks}."
        )
    total = duration(sum(seconds[step.kind] for step in steps))
    return f"**Measuring {len(steps)} steps on {networks}: about {total} after training.**"


def summary(results: Results, labels: Sequence[str], *, stopped: bool = False) -> str:
    """Return how many steps hold, hold in part, fail, do not apply, and are not measurable or not judged, as Markdown.

    Args:
        results: the available results.
        labels: of the compared networks that have weights to measure.
        stopped: whether measuring was stopped before all results were available.
    """
    statuses = combined(results, labels)
    counts = Counter(statuses.values())
    total, measured = len(STEPS), len(statuses)
    parts = [f"{_holding(counts['holds'])}{_on(len(labels), len(labels))}"]
    parts += [f"{_count(counts['loose'], 'hold')} in part"] if counts["loose"] else []
    parts += _failures(results, statuses, len(labels))
    parts += [f"{_count(counts['absent'], 'do')} not apply"] if counts["absent"] else []
    parts += [_are(counts[status], WORDS[status]) for status in ("undefined", "unjudged") if counts[status]]
    of = f"Of {total} steps and tests, " if measured == total else f"**{measured} of {total} steps are measured:** "
    stop = " Measuring was stopped; resume it for the rest." if stopped else ""
    return f"{of}{listed(parts)}.{stop}"


def combined(results: Results, labels: Sequence[str]) -> dict[str, Status]:
    """Return the worst status of every step over the networks, for steps that are measured on all of them."""
    measured = {step.kind: results.get(step.kind, {}) for step in STEPS}
    return {
        step.kind: min({step.status(measured[step.kind][label]) for label in labels}, key=ORDER.index)
        for step in STEPS
        if labels and set(labels) <= set(measured[step.kind])
    }


def _holding(steps: int) -> str:
    return {0: "none holds", 1: "1 holds"}.get(steps, f"{steps} hold")


def _failures(results: Results, statuses: Mapping[str, Status], networks: int) -> list[str]:
    """Return how many steps fail, by the number of networks on which they do."""
    failing = [step for step in STEPS if statuses.get(step.kind) == "fails"]
    on = Counter(sum(step.status(one) == "fails" for one in results[step.kind].values()) for step in failing)
    return [f"{_count(on[own], 'fail')}{_on(own, networks)}" for own in sorted(on)] or ["none fails"]


def _count(steps: int, verb: str) -> str:
    """Return a number of steps with a verb: "1 holds", "2 fail"."""
    ending = {"do": "es"}.get(verb, "s") if steps == 1 else ""
    return f"{steps} {verb}{ending}"


def _are(steps: int, word: str) -> str:
    return f"{steps} {'is' if steps == 1 else 'are'} {word}"


def _on(own: int, networks: int) -> str:
    """Return on how many of the networks, if there are several."""
    if networks < 2:
        return ""
    if own == networks:
        return " on both networks" if networks == 2 else f" on all {networks} networks"
    return f" on {'one network' if own == 1 else f'{own} networks'}"
