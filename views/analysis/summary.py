"""The result of the page in a few sentences: how many steps hold, which fail, and on which networks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from normscape.views.analysis.steps import STEPS
from normscape.views.analysis.steps.status import Status
from normscape.views.analysis.steps.step import Step
from normscape.views.analysis.story import NUMBERS, Results
from normscape.views.session.results import Variants
from normscape.views.widgets.numbers import duration

ORDER: tuple[Status, ...] = ("fails", "loose", "holds", "unjudged", "undefined")
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


def summary(results: Results, labels: Sequence[str], *, measuring: bool = False, stopped: bool = False) -> str:
    """Return in how many steps the argument holds, where it fails, and how many are not judged.

    Args:
        results: the available results.
        labels: of the compared networks.
        measuring: whether more results arrive; until then the steps that are not judged are not counted.
        stopped: whether measuring was stopped before all results were available.
    """
    statuses = combined(results, labels)
    stop = ["Measuring was stopped; resume it for the rest."] if stopped else []
    silent = len(_with(statuses, "unjudged")) + len(_with(statuses, "undefined"))
    rest = [f"Not judged: {_steps(silent)}."] if silent and not measuring else []
    return " ".join([_headline(statuses, results, len(labels)), *stop, *rest])


def combined(results: Results, labels: Sequence[str]) -> dict[str, Status]:
    """Return the worst status of every step over the networks, for steps that are measured on all of them."""
    measured = {step.kind: results.get(step.kind, {}) for step in STEPS}
    return {
        step.kind: min({step.status(measured[step.kind][label]) for label in labels}, key=ORDER.index)
        for step in STEPS
        if labels and set(labels) <= set(measured[step.kind])
    }


def _headline(statuses: Mapping[str, Status], results: Results, networks: int) -> str:
    """Return in how many steps the argument holds, and which fail on which networks."""
    holding, loose, failing = (_with(statuses, status) for status in ("holds", "loose", "fails"))
    total = len(STEPS)
    on = {1: "", 2: " on both networks"}.get(networks, f" on all {networks} networks")
    holds = f"The argument holds{on} in {len(holding)} of {total} steps"
    if len(statuses) < total:
        holds = f"{len(statuses)} of {total} steps are measured: the argument holds{on} in {len(holding)}"
    holds += f", loosely in {len(loose)}," if loose else ""
    if not failing:
        return f"{holds} and fails in none{' so far' if len(statuses) < total else ''}."
    places = [_place(step, results[step.kind]) for step in STEPS if step.kind in failing]
    return f"{holds} and fails in {len(failing)}: {_listed(places)}."


def _place(step: Step, results: Mapping[str, Any]) -> str:
    """Return a failing step as a link, with the networks on which it fails if others do not."""
    failing = [label for label, result in results.items() if step.status(result) == "fails"]
    on = "" if len(failing) == len(results) else f" ({_listed(failing)})"
    return f"[{NUMBERS[step.kind]}. {step.short}](#{step.kind}){on}"


def _with(statuses: Mapping[str, Status], status: Status) -> list[str]:
    return [kind for kind, one in statuses.items() if one == status]


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
