"""The queue: the interface of the pages to jobs.

Pages submit requests and read snapshots. Everything submitted is kept in the store until it is finished or cancelled,
so that it resumes after a crash; every result is stored as soon as it arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from normscape.jobs.job_spec import Job
from normscape.jobs.kinds import KINDS
from normscape.jobs.lru_cache import LRUCache
from normscape.jobs.scheduling.connection import Connect
from normscape.jobs.scheduling.dispatcher import Dispatcher
from normscape.jobs.scheduling.partition import total_of
from normscape.jobs.scheduling.scheduler import Scheduler
from normscape.jobs.serialization import deserialize, deserialize_run
from normscape.jobs.settings import Settings
from normscape.jobs.snapshot import JobStatus, RequestStatus, Snapshot
from normscape.jobs.staged_request import Request
from normscape.jobs.store.files import Arrays, Contents, unchanged
from normscape.jobs.store.store import Store
from normscape.jobs.workers.cluster import Cluster
from normscape.landscape import Run

CAPACITY = 400
"""Results that are kept deserialized; large arrays stay in their files."""


class Queue:
    """All jobs of one server, shared by its sessions. Any thread may use it.

    Attributes:
        store: of results, pieces and requests.
        dispatcher: the thread that owns the scheduling state.
    """

    def __init__(self, settings: Settings, *, connect: Connect = Cluster) -> None:
        """Resume the requests in the store, and connect to the workers.

        Args:
            settings: where results are stored and where jobs run.
            connect: returns a cluster.
        """
        self.store = Store(settings.home, settings.store_bytes, settings.shipped)
        self.dispatcher = Dispatcher(self.store, settings, connect)
        self._results: LRUCache[tuple[Any, Arrays]] = LRUCache(CAPACITY)

    @property
    def snapshot(self) -> Snapshot:
        """The current scheduling state."""
        return self.dispatcher.snapshot

    @property
    def connection_error(self) -> str | None:
        """Why there are no workers, None if there are."""
        return self.snapshot.connection_error

    @property
    def connected(self) -> bool:
        """Whether there is a cluster."""
        return self.snapshot.connected

    @property
    def waiting_sessions(self) -> int:
        """The number of sessions that wait for a request."""
        requests = self.snapshot.requests.values()
        return len({session for status in requests if not status.done for session in status.sessions})

    def submit(self, request: Request, session: str) -> None:
        """Submit a request. Results in the store are reused, and jobs of other requests are shared.

        Args:
            request: the jobs.
            session: that waits for them.
        """
        status = self.snapshot.requests.get(request.key)
        if status is None or status.cancelled or session not in status.sessions:
            self.dispatcher.call(partial(Scheduler.submit, request=request, session=session))

    def status(self, job: Job) -> JobStatus:
        """Return the status of a job; a job that was never submitted waits."""
        return self.snapshot.jobs.get(job.key) or JobStatus(job, "waiting", 0, total_of(job))

    def result(self, job: Job) -> Any | None:
        """Return the result of a finished job; None if it is not finished, or was evicted from the store."""
        kept = self._results.get(job.key)
        if kept is not None and unchanged(kept[1]):
            return kept[0]
        self._results.discard(job.key)
        status = self.snapshot.jobs.get(job.key)
        if status is not None and status.state != "finished":
            return None
        contents = self.store.get(job.key)
        if contents is None:
            if status is not None:
                self.dispatcher.call(partial(Scheduler.forget_result, key=job.key))
            return None
        result = deserialized(job, contents)
        self._results.put(job.key, (result, contents.arrays))
        return result

    def partial(self, job: Job) -> Arrays | None:
        """Return what there is of an unfinished job; None if there is nothing.

        Returns:
            Read-only arrays by name. Of a surface each is (points, ...), with the mask `evaluated`, and other values
            are 0; of training they are those of `History`.
        """
        return self.snapshot.partial.get(job.key)

    def errors(self, request: Request, stage: int) -> Mapping[str, float] | None:
        """Return the interpolation error of the level before a stage, by metric; None if it is not measured."""
        status = self.snapshot.requests.get(request.key)
        return None if status is None else status.errors.get(stage)

    def requests(self) -> tuple[RequestStatus, ...]:
        """Return all requests, the newest first."""
        return tuple(sorted(self.snapshot.requests.values(), key=lambda status: -status.submitted_at))

    def done(self, request: Request) -> bool:
        """Whether nothing more will come of a request."""
        status = self.snapshot.requests.get(request.key)
        return status is None or status.done

    def submitted_at(self, request: Request) -> float:
        """Return when a request was first submitted, in seconds since 1970; 0 if it never was."""
        status = self.snapshot.requests.get(request.key)
        return 0.0 if status is None else status.submitted_at

    def cancel(self, key: str, session: str, is_connected: Callable[[str], bool] = lambda _: True) -> None:
        """Withdraw a session from a request; jobs that no other session needs are cancelled.

        Args:
            key: of the request.
            session: that no longer waits.
            is_connected: whether another session is still connected.
        """
        if (status := self.snapshot.requests.get(key)) is not None:
            gone = {name for name in status.sessions if not is_connected(name)}
            self.dispatcher.cancel(key, {session, *gone})

    def retry(self, request: Request) -> None:
        """Forget that a request has failed, so that its failed jobs start again when it is submitted again."""
        self.dispatcher.call(partial(Scheduler.retry, key=request.key))

    def forget(self, request: Request) -> None:
        """Remove a cancelled request from `requests`; results stay in the store."""
        self.dispatcher.call(partial(Scheduler.forget_request, key=request.key))

    def delete(self, key: str) -> None:
        """Delete a result from the store; it is computed again when it is submitted again."""
        self.store.delete(key)
        self._results.discard(key)
        self.dispatcher.call(partial(Scheduler.forget_result, key=key))

    def close(self) -> None:
        """Disconnect from the workers; unfinished requests stay in the store."""
        self.dispatcher.close()


def deserialized(job: Job, contents: Contents) -> Any:
    """Return the result of a job from what the store has of it."""
    expected = KINDS[job.kind].result
    return deserialize_run(job.run, contents) if expected is Run else deserialize(expected, contents)
