"""A job: one question about one run, and its key in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from normscape.landscape import DATA
from normscape.models import ARCHITECTURES, NORMALIZATIONS, effective_spec
from normscape.specs import (
    CenteredPlaneSpec,
    ChecksSpec,
    CostSpec,
    EvaluationSpec,
    RunningAveragesSpec,
    RunSpec,
    SignalsSpec,
    SliceSpec,
    SmoothnessSpec,
    SpacingSpec,
    SurfaceSpec,
    canonical_bytes,
)
from normscape.specs.fields import effective, project, with_defaults

SCHEMA = 2
"""Part of every key: with another meaning of what is stored it becomes another number, and nothing old is used."""

Question = (
    EvaluationSpec
    | SurfaceSpec
    | SliceSpec
    | CenteredPlaneSpec
    | ChecksSpec
    | SpacingSpec
    | CostSpec
    | SmoothnessSpec
    | RunningAveragesSpec
    | SignalsSpec
)

QUESTIONS: Mapping[str, type[Question]] = {
    "surface": SurfaceSpec,
    "plane": CenteredPlaneSpec,
    "centre": SliceSpec,
    "half-width": SliceSpec,
    "numerics": ChecksSpec,
    "refinement": SpacingSpec,
    "layer-ratios": SurfaceSpec,
    "seconds": CostSpec,
    "smoothness": SmoothnessSpec,
    "running-averages": RunningAveragesSpec,
    "signals-along": SignalsSpec,
}
"""What each kind of job asks; kinds that are not listed ask for one evaluation, and training asks nothing more."""


@dataclass(frozen=True)
class Job:
    """What is measured of a run: exactly what the result depends on.

    Fields that have no effect are at their defaults, so that questions with equal answers are one job.
    """

    kind: str  # a key of `KINDS`
    run: RunSpec
    question: Question | None = None

    def __post_init__(self) -> None:
        """Put fields without effect at their defaults, and check that the question is of the kind's own type.

        Raises:
            TypeError: the question is of another type.
        """
        expected = question_type(self.kind)
        if type(self.question) is not expected and not (expected is None and self.question is None):
            name = "no question" if expected is None else expected.__name__
            raise TypeError(f"a job of kind {self.kind!r} takes {name}, not {self.question!r}")
        object.__setattr__(self, "run", _effective_run(self.run))
        if self.question is not None:
            object.__setattr__(self, "question", _effective(self.question))

    @classmethod
    def about(cls, kind: str, run: RunSpec, surface: SurfaceSpec) -> Job:
        """Return the job of a kind about a surface; it takes the parts that the kind's result depends on."""
        question, surface = question_type(kind), _effective(surface)
        if question is None:
            return cls(kind, run)
        if question is EvaluationSpec:
            return cls(kind, run, surface.evaluation)
        if question is CenteredPlaneSpec:
            return cls(kind, run, CenteredPlaneSpec.of(surface))
        if question is SpacingSpec:
            return cls(kind, run, SpacingSpec(surface.evaluation, surface.plane, surface.grid.ranges[0]))
        if question is SurfaceSpec:
            return cls(kind, run, surface)
        return cls(kind, run, project(question, surface, surface.evaluation, surface.grid))

    @cached_property  # the queue needs it many times a second
    def key(self) -> str:
        """The SHA-256 of the schema's version and of the job's canonical bytes."""
        return hashlib.sha256(b"normscape %d\n" % SCHEMA + canonical_bytes(self)).hexdigest()


def question_type(kind: str) -> type[Question] | None:
    """Return the type of the question that a kind of job takes; None for training."""
    return None if kind == "run" else QUESTIONS.get(kind, EvaluationSpec)


@lru_cache(maxsize=4096)
def _effective(spec: Any) -> Any:
    return effective(spec)


@lru_cache(maxsize=1024)
def _effective_run(run: RunSpec) -> RunSpec:
    """Return a run without what its data set and its network leave without effect."""
    run = effective(run)
    if run.data.name in DATA:
        run = replace(run, data=with_defaults(run.data, DATA[run.data.name].idle))
    if run.model.architecture in ARCHITECTURES and run.model.norm in NORMALIZATIONS:
        run = replace(run, model=effective_spec(run.model))
    return run
