"""The state of jobs and requests in the scheduler. Only the dispatcher's thread reads and changes it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from normscape.jobs.job_spec import Job
from normscape.jobs.scheduling.partition import Partition, partition_of
from normscape.jobs.snapshot import DONE, JobStatus, RequestStatus, State
from normscape.jobs.staged_request import Request


@dataclass(eq=False)
class JobState:
    """A job and its partition."""

    job: Job
    partition: Partition
    run_keys: tuple[str, ...]  # of the jobs that train its runs
    state: State = "waiting"
    error: Exception | None = None
    stop_event: str = field(default_factory=lambda: f"stop-{secrets.token_hex(8)}")
    computed: int = 0
    worker_seconds: float = 0.0
    urgent: bool = False  # whether its last piece was taken for a request that is new

    @classmethod
    def of(cls, job: Job) -> JobState:
        """Return the state of a job that has not started."""
        return cls(job, partition_of(job), tuple(Job("run", run).key for run in job.runs))

    @property
    def done(self) -> bool:
        """Whether the job is finished, failed or cancelled."""
        return self.state in DONE

    @property
    def share(self) -> float:
        """The completed share, in [0, 1]."""
        return self.partition.completed / self.partition.total

    def status(self, workers: int) -> JobStatus:
        """Return the immutable status.

        Args:
            workers: the number of workers, which the estimated rate is proportional to.
        """
        completed, total = self.partition.completed, self.partition.total
        return JobStatus(
            self.job, self.state, completed, total, self.error, self.computed, self.worker_seconds, workers
        )


@dataclass(eq=False)
class SubmittedRequest:
    """A request, the sessions that wait for it, and its refinement."""

    request: Request
    sessions: set[str] = field(default_factory=set)
    submitted_at: float = field(default_factory=time.time)  # seconds since 1970
    open_stages: tuple[int, ...] = ()
    errors: dict[int, dict[str, float]] = field(default_factory=dict)  # as `refinement.Errors`
    comparing: set[int] = field(default_factory=set)  # stages whose error is being measured
    seconds_before: float = 0.0  # that workers had spent on its jobs when it was submitted
    finished: bool = False
    cancelled: bool = False

    @property
    def done(self) -> bool:
        """Whether the request is finished or cancelled."""
        return self.finished or self.cancelled

    def status(self) -> RequestStatus:
        """Return the immutable status."""
        return RequestStatus(
            self.request,
            frozenset(self.sessions),
            self.submitted_at,
            self.finished,
            self.cancelled,
            dict(self.errors),
        )
