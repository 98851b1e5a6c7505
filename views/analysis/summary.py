"""The result of the page in short: how many steps hold, and which hold, fail or are not judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from normscape.views.analysis.steps import STEPS
from normscape.views.analysis.steps.status import NO_BREAK, Status, named
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import NUMBERS, Results
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import duration

ORDER: tuple[Status, ...] = ("fails", "loose", "holds", "unjudged", "undefined")
"""A step has the first of these that it has on a network: it does not apply only if it applies to none."""

ORDER_OF_LINES: tuple[Status, ...] = ("holds", "loose", "fails", "undefined", "unjudged")
"""From what supports the argument to what says nothing about it."""


def waiting(steps: Collection[Step], variants: Variants, seconds: Mapping[str, float], *, stopped: bool = False) -> str:
    """Return the sentence in place of the summary until the first result is available."""
    networks = "1 network" if len(variants) == 1 else f"{len(variants)} networks"
    if stopped:
        return (
            f"**Measuring was stopped before the first result.** Resume it to measure {len(steps)} steps on {networks}."
        )
    total = duration(sum(seconds[step.kind] for step in steps))
    return f"**Measuring {len(steps)} steps on {networks}: about {total} after training.**"


def summary(results: Results, labels: Sequence[str], *, measuring: bool = False, stopped: bool = False) -> str:
    """Return how many steps hold, and below it the steps by status, as Markdown.

    Args:
        results: the available results.
        labels: of the compared networks.
        measuring: whether more results arrive.
        stopped: whether measuring was stopped before all results were available.
    """
    statuses = combined(results, labels)
    stop = ["Measuring was stopped; resume it for the rest."] if stopped else []
    headline = " ".join([_headline(statuses, len(labels), measuring=measuring), *stop])
    return "\n\n".join(filter(None, [headline, _by_status(statuses, results)]))


def combined(results: Results, labels: Sequence[str]) -> dict[str, Status]:
    """Return the worst status of every step over the networks, for steps that are measured on all of them."""
    measured = {step.kind: results.get(step.kind, {}) for step in STEPS}
    return {
        step.kind: min({step.status(measured[step.kind][label]) for label in labels}, key=ORDER.index)
        for step in STEPS
        if labels and set(labels) <= set(measured[step.kind])
    }


def _headline(statuses: Mapping[str, Status], networks: int, *, measuring: bool) -> str:
    """Return how many steps hold, hold in part, and fail."""
    holding, loose, failing = (len(_with(statuses, status)) for status in ("holds", "loose", "fails"))
    total, measured = len(STEPS), len(statuses)
    on = {1: "", 2: " on both networks"}.get(networks, f" on all {networks} networks")
    parts = [f"{holding} hold{_s(holding)}{on}", *([f"{loose} in part"] if loose else [])]
    parts.append(f"{failing or 'none'} fail{_s(failing or 1)}{' so far' if measuring and not failing else ''}")
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
    if measured < total:
        return f"**{measured} of {total} steps are measured**: {listed}."
    return f"**The argument in {total} steps**: {listed}."


def _by_status(statuses: Mapping[str, Status], results: Results) -> str:
    """Return the steps of every status in a line, as links."""
    lines = []
    for status in ORDER_OF_LINES:
        if kinds := _with(statuses, status):
            places = [_place(step, results[step.kind], status) for step in STEPS if step.kind in kinds]
            lines.append(f"- {named(status)}: {' · '.join(places)}")
    return "\n".join(lines)


def _place(step: Step, results: Mapping[str, Any], status: Status) -> str:
    """Return a step as a link; one that fails with the networks on which it does, if it does not fail on others."""
    own = [label for label, result in results.items() if step.status(result) == status]
    on = "" if status != "fails" or len(own) == len(results) else f" ({_listed(own)})"
    link = f"{NUMBERS[step.kind]} {step.short}".replace(" ", NO_BREAK)
    return f"[{link}](#{step.kind}){on}"


def _with(statuses: Mapping[str, Status], status: Status) -> list[str]:
    return [kind for kind, one in statuses.items() if one == status]


def _s(count: int) -> str:
    return "s" if count == 1 else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
