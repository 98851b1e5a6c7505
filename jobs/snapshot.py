"""Snapshots: the immutable view of the scheduling state that pages read.

The dispatcher's thread replaces the snapshot after every change, so any thread can read it without a lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeVar

from normscape.jobs.job_spec import Job
from normscape.jobs.refinement import Errors
from normscape.jobs.staged_request import Request
from normscape.jobs.store.files import Arrays

State = Literal["waiting", "running", "finished", "failed", "cancelled"]
DONE = ("finished", "failed", "cancelled")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The progress of a job."""

    job: Job
    state: State
    completed: int  # training steps, points, or 1
    total: int
    error: Exception | None = None
    computed: int = 0  # units that this process has received from workers; others were restored from the store
    worker_seconds: float = 0.0  # time that workers took for them
    workers: int = 1

    @property
    def done(self) -> bool:
        """Whether the job is finished, failed or cancelled."""
        return self.state in DONE

    @property
    def rate(self) -> float | None:
        """Units per second of all workers together, estimated; None while unknown."""
        if self.done or not self.computed or not self.worker_seconds:
            return None
        return self.computed / self.worker_seconds * max(1, self.workers)

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the end, estimated; None while unknown."""
        return None if self.rate is None else (self.total - self.completed) / self.rate


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """The progress of a request."""

    request: Request
    sessions: frozenset[str]
    submitted_at: float  # seconds since 1970
    finished: bool
    cancelled: bool
    errors: Errors

    @property
    def done(self) -> bool:
        """Whether the request is finished or cancelled."""
        return self.finished or self.cancelled


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """The scheduling state at one moment."""

    jobs: Mapping[str, JobStatus] = field(default_factory=dict)  # by key
    requests: Mapping[str, RequestStatus] = field(default_factory=dict)  # by key
    partial: Mapping[str, Arrays] = field(default_factory=dict)  # results of unfinished jobs, by key
    connected: bool = False
    connection_error: str | None = None
    workers: int = 0
    unresponsive: int = 0  # workers that have just stopped responding


@dataclass(frozen=True, eq=False, slots=True)
class Changes:
    """The entries of a snapshot that have changed; None for those that are removed."""

    jobs: Mapping[str, JobStatus | None]
    requests: Mapping[str, RequestStatus | None]
    partial: Mapping[str, Arrays | None]

    def applied_to(self, snapshot: Snapshot) -> Snapshot:
        """Return the next snapshot; entries without changes are shared with the previous one."""
        return replace(
            snapshot,
            jobs=_merged(snapshot.jobs, self.jobs),
            requests=_merged(snapshot.requests, self.requests),
            partial=_merged(snapshot.partial, self.partial),
        )


def _merged(entries: Mapping[str, Value], changes: Mapping[str, Value | None]) -> Mapping[str, Value]:
    if not changes:
        return entries
    merged = dict(entries)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return MappingProxyType(merged)
