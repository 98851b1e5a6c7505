"""The measurements behind the steps of the argument (A1 to A12), as numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from normscape.cli.answer import Answer
from normscape.cli.work import Workers
from normscape.jobs import Job, kind_name
from normscape.specs import Experiment
from normscape.specs.experiment import Variants

MEASURED = (
    "descent",
    "derivatives",
    "cauchy-schwarz",
    "second-moments",
    "centering",
    "theorem",
    "layer-rates",
    "batch-statistics",
    "gradient-growth",
    "running-averages",
)
"""Kinds of jobs, in the order of the argument."""


@dataclass(frozen=True)
class AnalysisOptions:
    """Nothing besides the experiment."""


def analysis(work: Workers, experiment: Experiment, variants: Variants, options: AnalysisOptions) -> Answer:
    """Measure what the steps of the argument state, for each network. The page Analysis draws and judges it."""
    del experiment, options
    jobs = {label: {kind: Job.about(kind, *pair) for kind in MEASURED} for label, pair in variants.items()}
    runs = [Job("run", run) for run, _ in variants.values()]
    result = work.answers("analysis", (runs, *([own[kind] for own in jobs.values()] for kind in MEASURED)))
    found = {
        label: {kind: own for kind, job in by_kind.items() if (own := result(job)) is not None}
        for label, by_kind in jobs.items()
    }
    rows = [
        {"step": kind_name(kind), **{label: "measured" if kind in found[label] else "not defined" for label in jobs}}
        for kind in MEASURED
    ]
    numbers = {label: {kind: _fields(own) for kind, own in by_kind.items()} for label, by_kind in found.items()}
    return Answer("Steps of the argument", rows, numbers, dict, notes=["--output FILE.json writes all numbers."])


def _fields(value: Any) -> Any:
    """Return nested results as dictionaries of their fields."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _fields(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _fields(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_fields(one) for one in value]
    return value
