"""A request: jobs in stages, submitted together by one page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from normscape.jobs.job_spec import SCHEMA, Job, question_type
from normscape.specs import RunSpec, canonical_bytes
from normscape.specs.serialization.canonical import from_canonical


@dataclass(frozen=True, slots=True)
class Stage:
    """Jobs of equal priority; those of earlier stages run first.

    Stages with `refines` are levels of resolution of the same surfaces, in the same order of jobs. `refinement` decides
    when a level opens, and when the stages after the levels do; the stages before are always open.
    """

    jobs: tuple[Job, ...]
    refines: bool = False


@dataclass(frozen=True)
class Request:
    """Jobs that are submitted together."""

    title: str
    stages: tuple[Stage, ...]
    accuracy: float = 0.0  # refinement ends at this interpolation error, as a share of the values' range
    address: str = ""  # of the page that shows the results

    @cached_property
    def key(self) -> str:
        """The SHA-256 of stages and accuracy; title and address are not part of it."""
        stages = [[stage.refines, [job.key for job in stage.jobs]] for stage in self.stages]
        return hashlib.sha256(json.dumps([stages, self.accuracy]).encode()).hexdigest()

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, each once, in the order of the stages."""
        return tuple(dict.fromkeys(job for stage in self.stages for job in stage.jobs))


def to_json(request: Request) -> dict[str, Any]:
    """Return a request as values that JSON can represent."""
    stages = [
        {"refines": stage.refines, "jobs": [canonical_bytes(job).decode() for job in stage.jobs]}
        for stage in request.stages
    ]
    return {
        "schema": SCHEMA,
        "title": request.title,
        "accuracy": request.accuracy,
        "address": request.address,
        "stages": stages,
    }


def from_json(document: Mapping[str, Any]) -> Request:
    """Return the request that `to_json` was given.

    Raises:
        ValueError, KeyError, TypeError: the document is not a request of this version.
    """
    if document["schema"] != SCHEMA:
        raise ValueError(f"the request has schema {document['schema']!r}, not {SCHEMA}")
    stages = tuple(Stage(tuple(map(_job, stage["jobs"])), bool(stage["refines"])) for stage in document["stages"])
    return Request(str(document["title"]), stages, float(document["accuracy"]), str(document["address"]))


def _job(canonical: str) -> Job:
    """Return the job with these canonical bytes."""
    document = json.loads(canonical)
    kind, question = question_type(document["kind"]), document["question"]
    run = from_canonical(RunSpec, json.dumps({"spec": "RunSpec", **document["run"]}))
    if kind is None:
        return Job(document["kind"], run)
    return Job(document["kind"], run, from_canonical(kind, json.dumps({"spec": kind.__name__, **question})))
