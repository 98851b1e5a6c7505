"""A job while it is worked on, and what is told of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from normscape.jobs.job import Job
from normscape.jobs.partition import Parts, parts_of
from normscape.jobs.request import Request
from normscape.landscape.measurement import Piece

State = Literal["waiting", "running", "finished", "failed", "cancelled"]
OVER = ("finished", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Status:
    """How far a job is."""

    job: Job
    state: State
    done: int
    total: int
    rate: float | None  # units a second of all workers together, about; None if nothing is known
    error: Exception | None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in OVER

    @property
    def left(self) -> float | None:
        """Seconds to the end, about; None if nothing is known."""
        return None if self.rate is None else (self.total - self.done) / self.rate


@dataclass(frozen=True, slots=True)
class Flight:
    """A piece that was sent out."""

    piece: Piece
    worker: str


@dataclass(eq=False)
class Work:
    """A job, its parts, and its pieces in flight. Only the queue's thread changes it."""

    job: Job
    parts: Parts
    state: State = "waiting"
    error: Exception | None = None
    flights: dict[Any, Flight] = field(default_factory=dict)  # by future
    stop: str = field(default_factory=lambda: f"stop-{secrets.token_hex(8)}")
    seconds: float = 0.0  # spent by workers
    counted: int = 0  # units done in these seconds

    @classmethod
    def of(cls, job: Job) -> Work:
        """Return work of which nothing is done."""
        return cls(job, parts_of(job))

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in OVER

    def status(self, workers: int) -> Status:
        """Return what is told of it."""
        known = self.counted > 0 and self.seconds > 0 and not self.over
        rate = self.counted / self.seconds * max(1, workers) if known else None
        return Status(self.job, self.state, self.parts.done, self.parts.total, rate, self.error)


@dataclass(eq=False)
class Asked:
    """A request that was made, by whom, and when."""

    request: Request
    sessions: set[str]
    since: float = field(default_factory=time.time)
    cancelled: bool = False
    errors: dict[int, dict[str, float]] = field(default_factory=dict)  # by stage: of the level before it, by metric
    over: bool = False
