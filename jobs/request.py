"""A request: jobs in stages, as one page asks for them, refined together until they are good enough."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from normscape.jobs.job import Job, question_type
from normscape.specs import RunSpec, canonical_bytes
from normscape.specs.serialization.canonical import from_canonical


@dataclass(frozen=True, slots=True)
class Stage:
    """Jobs of equal rank.

    A stage that refines opens when the one that refines before it is done, and only if that one's error is above the
    accuracy that the request asks for; its jobs are in the same order as that one's. Other stages are always open, and
    jobs of earlier stages go first.
    """

    jobs: tuple[Job, ...]
    refines: bool = False


@dataclass(frozen=True)
class Request:
    """What is asked together."""

    title: str
    stages: tuple[Stage, ...]
    accuracy: float = 0.0  # the error, as a share of the values' range, at which refining ends; 0: never
    address: str = ""  # of the page that shows it

    @cached_property
    def key(self) -> str:
        """The SHA-256 of what is asked, without its title and its address."""
        asked = [[stage.refines, [job.key for job in stage.jobs]] for stage in self.stages]
        return hashlib.sha256(json.dumps([asked, self.accuracy]).encode()).hexdigest()

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, each once, in the order of their stages."""
        return tuple(dict.fromkeys(job for stage in self.stages for job in stage.jobs))


def written(request: Request) -> dict[str, Any]:
    """Return a request as what JSON can hold."""
    stages = [
        {"refines": stage.refines, "jobs": [canonical_bytes(job).decode() for job in stage.jobs]}
        for stage in request.stages
    ]
    return {"title": request.title, "accuracy": request.accuracy, "address": request.address, "stages": stages}


def _job(written: str) -> Job:
    """Return the job that its canonical bytes describe; the kind says which spec the question is."""
    document = json.loads(written)
    kind, question = question_type(document["kind"]), document["question"]
    run = from_canonical(RunSpec, json.dumps({"spec": "RunSpec", **document["run"]}))
    if kind is None:
        return Job(document["kind"], run)
    return Job(document["kind"], run, from_canonical(kind, json.dumps({"spec": kind.__name__, **question})))


def from_written(document: Mapping[str, Any]) -> Request:
    """Return the request that was written.

    Raises:
        ValueError, KeyError, TypeError: it is none, or one of another version.
    """
    stages = tuple(
        Stage(tuple(_job(job) for job in stage["jobs"]), bool(stage["refines"])) for stage in document["stages"]
    )
    return Request(str(document["title"]), stages, float(document["accuracy"]), str(document["address"]))
