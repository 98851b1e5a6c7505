"""A job: one question about one run, and its key in the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from normscape.landscape import DATA
from normscape.models import ARCHITECTURES, NORMALIZATIONS, effective_spec
from normscape.specs import (
    CenteredPlaneSpec,
    ChecksSpec,
    ConnectivitySpec,
    CostSpec,
    CurvaturePointSpec,
    DensitySpec,
    EdgeSpec,
    EigenvaluesSpec,
    EvaluationSpec,
    MatrixSpec,
    PlaneSpec,
    RunningAveragesSpec,
    RunSpec,
    SignalsSpec,
    SliceSpec,
    SmoothnessSpec,
    SpacingSpec,
    SurfaceSpec,
    TrajectorySpec,
    canonical_bytes,
)
from normscape.specs.fields import effective, paths, project, read, replace_at, with_defaults

SCHEMA = 3
"""Version of the stored results, which is part of every key: results of other versions are never read."""

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
    | EigenvaluesSpec
    | DensitySpec
    | EdgeSpec
    | CurvaturePointSpec
    | TrajectorySpec
    | ConnectivitySpec
)

QUESTIONS: Mapping[str, type[Question] | None] = {
    "run": None,
    "losses": SurfaceSpec,
    "surface": SurfaceSpec,
    "plane": CenteredPlaneSpec,
    "center": SliceSpec,
    "sharpness": EvaluationSpec,
    "scale-free-sharpness": EvaluationSpec,
    "direct-loss": EvaluationSpec,
    "checks": ChecksSpec,
    "constant-loss": None,
    "cost": CostSpec,
    "ratio-by-spacing": SpacingSpec,
    "layer-sharpness": EvaluationSpec,
    "layer-ratios": SurfaceSpec,
    "auto-range": SliceSpec,
    "smoothness": SmoothnessSpec,
    "running-averages": RunningAveragesSpec,
    "descent": EvaluationSpec,
    "signals-along": SignalsSpec,
    "derivatives": EvaluationSpec,
    "theorem": EvaluationSpec,
    "gradient-growth": EvaluationSpec,
    "cauchy-schwarz": EvaluationSpec,
    "second-moments": EvaluationSpec,
    "centering": EvaluationSpec,
    "batch-statistics": EvaluationSpec,
    "distributions": EvaluationSpec,
    "layer-rates": EvaluationSpec,
    "eigenvalues": EigenvaluesSpec,
    "density": DensitySpec,
    "edge": EdgeSpec,
    "curvature-point": CurvaturePointSpec,
    "trajectory": TrajectorySpec,
    "connectivity": ConnectivitySpec,
}
"""The type of the question by kind of job, None where the run is enough. `kinds.KINDS` has a row for each."""


ITERATIVE = frozenset(
    {"sharpness", "scale-free-sharpness", "layer-sharpness", "centering", "layer-rates"}
    | {"eigenvalues", "edge", "curvature-point"}
)
"""The kinds whose results depend on the residual at which iterations for eigenvalues stop."""

OTHERS_OF_A_PLANE = "plane.others"
"""Path of the trainings whose checkpoints a plane passes through."""


@dataclass(frozen=True)
class Job:
    """A measurement of a run: exactly what the result depends on.

    Fields without effect are set to their defaults, so that questions with equal answers are the same job.
    """

    kind: str  # a key of `QUESTIONS`
    run: RunSpec
    question: Question | None = None

    def __post_init__(self) -> None:
        """Set fields without effect to their defaults, and check the type of the question.

        Raises:
            ValueError: the kind is unknown.
            TypeError: the question has another type than the kind requires.
        """
        expected = question_type(self.kind)
        if type(self.question) is not expected and not (expected is None and self.question is None):
            name = "no question" if expected is None else expected.__name__
            raise TypeError(f"a job of kind {self.kind!r} takes {name}, not {self.question!r}")
        object.__setattr__(self, "run", _effective_run(self.run))
        if self.question is not None:
            question = _effective(_without_refused_matching(self.question, self.run))
            object.__setattr__(self, "question", question if self.kind in ITERATIVE else _without_residual(question))
        if (path := _path_of_others(self.question)) is not None:
            others = tuple(map(_effective_run, read(self.question, path)))
            question = replace_at(self.question, path, others)
            if path == OTHERS_OF_A_PLANE:  # how an experiment has chosen them has no effect
                question = replace_at(question, "plane.trainings", PlaneSpec().trainings)
            object.__setattr__(self, "question", question)

    @classmethod
    def about(cls, kind: str, run: RunSpec, surface: SurfaceSpec) -> Job:
        """Return the job of a kind for a surface; its question has those fields that the result depends on.

        A spectrum is that of the whole Hessian, a point of the curvature map the center; a trajectory is that of the
        run alone, and a segment ends where it begins.
        """
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
        if question is TrajectorySpec:
            return cls(kind, run, TrajectorySpec(surface.evaluation))
        if question is ConnectivitySpec:
            return cls(kind, run, ConnectivitySpec(surface.evaluation, (run,)))
        if question is EigenvaluesSpec or question is DensitySpec:
            return cls(kind, run, question(MatrixSpec(surface.evaluation)))
        if question is CurvaturePointSpec:
            return cls(kind, run, CurvaturePointSpec(surface.evaluation, surface.plane, 0.0, 0.0))
        return cls(kind, run, project(question, surface, surface.evaluation, surface.grid))

    @cached_property  # the scheduler reads it many times per second
    def checkpoint(self) -> int | None:
        """The only checkpoint that the job needs, so that it may run while training continues; None if it needs all."""
        question = self.question
        if self.kind == "losses" and isinstance(question, SurfaceSpec) and question.plane.directions == "random":
            return question.evaluation.checkpoint
        if isinstance(question, CenteredPlaneSpec) and question.plane.directions == "random":
            return question.checkpoint
        return question.evaluation.checkpoint if isinstance(question, EdgeSpec) else None

    @property
    def steps(self) -> int:
        """The training steps that a job takes itself before it measures: those of a curve."""
        question = self.question
        return question.curve_steps if isinstance(question, ConnectivitySpec) and question.curve == "bezier" else 0

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """All runs that the job needs: its own, and those of its question."""
        path = _path_of_others(self.question)
        return tuple(dict.fromkeys((self.run, *(() if path is None else read(self.question, path)))))

    @cached_property  # the scheduler reads it many times per second
    def key(self) -> str:
        """The SHA-256 of the schema version and the canonical bytes of the job."""
        return hashlib.sha256(b"normscape %d\n" % SCHEMA + canonical_bytes(self)).hexdigest()


def runs_of(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Return the jobs that train all runs that some jobs need, each once."""
    return tuple(dict.fromkeys(Job("run", run) for job in jobs for run in job.runs))


def question_type(kind: str) -> type[Question] | None:
    """Return the type of the question of a kind of job; None for training.

    Raises:
        ValueError: the kind is unknown; the message lists the known ones.
    """
    if kind not in QUESTIONS:
        raise ValueError(f"unknown kind of job {kind!r}; known are {', '.join(QUESTIONS)}")
    return QUESTIONS[kind]


@lru_cache(maxsize=4096)
def _effective(spec: Any) -> Any:
    return effective(spec)


def _path_of_others(question: Any) -> str | None:
    """Return the path of a question's further runs; None if it has none."""
    if isinstance(question, TrajectorySpec | ConnectivitySpec):
        return "others"
    return OTHERS_OF_A_PLANE if getattr(getattr(question, "plane", None), "others", ()) else None


def _without_refused_matching(question: Any, run: RunSpec) -> Any:
    """Return a question without the matching of hidden units that the run's architecture leaves without effect."""
    architecture = ARCHITECTURES.get(run.model.architecture)
    if not isinstance(question, ConnectivitySpec) or architecture is None or architecture.without_matching is None:
        return question
    return replace(question, matching="none")


@lru_cache(maxsize=4096)
def _without_residual(question: Any) -> Any:
    """Return a question with the default residual."""
    for path, _, _ in paths(question):
        if path.rpartition(".")[2] == "residual":
            question = replace_at(question, path, EvaluationSpec().residual)
    return question


@lru_cache(maxsize=1024)
def _effective_run(run: RunSpec) -> RunSpec:
    """Return a run without what its data set and its network leave without effect."""
    run = effective(run)
    if run.data.name in DATA:
        source = DATA[run.data.name]
        training = with_defaults(run.training, source.idle_training_fields(run.data))
        run = replace(run, data=with_defaults(run.data, source.idle), training=training)
    if run.model.architecture in ARCHITECTURES and run.model.norm in NORMALIZATIONS:
        run = replace(run, model=effective_spec(run.model))
    return run
