"""The result of the page in one sentence: how many steps hold, hold in part, do not hold, and have no verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from normscape.specs.experiment import Variants
from normscape.views.analysis.steps import STEPS
from normscape.views.analysis.steps.status import Status
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
    """Return how many steps hold, hold in part, do not hold, and have no verdict, as Markdown.

    Args:
        results: the available results.
        labels: of the compared networks that have weights to measure.
        stopped: whether measuring was stopped before all results were available.
    """
    statuses = combined(results, labels)
    counts = Counter(statuses.values())
    total, measured = len(STEPS), len(statuses)
    parts = [f"{_holding(counts['holds'])}{' throughout' if len(labels) > 1 and counts['holds'] else ''}"]
    parts += [f"{_count(counts['loose'], 'hold')} in part"] if counts["loose"] else []
    parts += (
        [f"{_count(counts['fails'], 'do')} not hold{_where(results, statuses, len(labels))}"] if counts["fails"] else []
    )
    silent = sum(counts[status] for status in ("absent", "undefined", "unjudged"))
    parts += [f"{silent} {'has' if silent == 1 else 'have'} no verdict"] if silent else []
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


def _where(results: Results, statuses: Mapping[str, Status], networks: int) -> str:
    """Return on how many networks the steps that do not hold fail: on as many each, or on at least one."""
    failing = [step for step in STEPS if statuses.get(step.kind) == "fails"]
    on = {sum(step.status(one) == "fails" for one in results[step.kind].values()) for step in failing}
    return _on(on.pop(), networks) if len(on) == 1 else " on at least one network" * bool(on)


def _count(steps: int, verb: str) -> str:
    """Return a number of steps with a verb: "1 holds", "2 do"."""
    ending = {"do": "es"}.get(verb, "s") if steps == 1 else ""
    return f"{steps} {verb}{ending}"


def _on(own: int, networks: int) -> str:
    """Return on how many of the networks, if there are several."""
    if networks < 2:
        return ""
    if own == networks:
        return " on both networks" if networks == 2 else f" on all {networks} networks"
    return f" on {'one network' if own == 1 else f'{own} networks'}"
