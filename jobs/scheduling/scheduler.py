"""The scheduler: which piece of which job runs next. It knows nothing of workers and threads.

Sessions take turns: the next piece is for the session that has waited longest, so that a long request of one session
does not delay the others. Requests on which workers have spent little time come first, so that a small one is answered
at once, however many long ones wait.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from bisect import bisect
from collections.abc import Collection, Iterator
from typing import NamedTuple

from normscape.jobs import refinement
from normscape.jobs.scheduling.job_state import JobState, SubmittedRequest
from normscape.jobs.scheduling.job_table import JobTable
from normscape.jobs.scheduling.partition import ChainPartition
from normscape.jobs.snapshot import Changes
from normscape.jobs.staged_request import Request, from_json, to_json
from normscape.jobs.store.store import Store
from normscape.landscape.measurement import Piece
from normscape.landscape.training.threads import useful_threads

LOG = logging.getLogger(__name__)

RESUMED = "resumed"
"""The session of requests that an earlier process has left in the store."""

DEVICE_SECONDS = 30.0
"""How long a training waits for a worker with its device, which may be restarting, before it continues on another."""

FIRST_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Worker time in which a request has precedence over those that have had more: up to each of these, and none later, so
that a stream of new requests delays a long one by no more than the last for each. Up to the first one a new request is
alone: a small question is answered in one go, and of thirty visitors that come at once the last one waits for at most
29 s of worker time."""


class Comparison(NamedTuple):
    """Two levels of a request, the first of which gets its error measured by the second."""

    request: Request
    coarse: int
    fine: int


class Scheduler:
    """Requests and jobs; only the dispatcher's thread uses them."""

    def __init__(self, store: Store, training_threads: int = 1) -> None:
        """Resume the requests in the store; those of other versions are ignored.

        Args:
            store: of requests and results.
            training_threads: that all trainings share.
        """
        self.jobs = JobTable(store)
        self._training_threads = training_threads
        self._store = store
        self._requests: dict[str, SubmittedRequest] = {}
        self._last_turn: dict[str, float] = {}
        self._last_seen: dict[str, float] = {}  # devices of workers
        self._comparisons: list[Comparison] = []
        self._changed: set[str] = set()
        for request in _stored_requests(store):
            self.submit(request, RESUMED)

    @property
    def has_active_requests(self) -> bool:
        """Whether a request is neither finished nor cancelled."""
        return any(True for _ in self._active())

    @property
    def has_candidates(self) -> bool:
        """Whether a job could run now."""
        return any(True for submitted in self._active() for _ in self._candidates(submitted))

    def submit(self, request: Request, session: str) -> None:
        """Add a request, or a session to those that wait for it. Jobs with a result in the store are finished."""
        submitted = self._requests.get(request.key)
        if submitted is None or submitted.cancelled:
            submitted = self._add(request)
        submitted.sessions.add(session)
        self._last_turn.setdefault(session, 0.0)
        self._changed.add(request.key)
        if not submitted.done:
            self._advance(submitted)

    def cancel(self, key: str, sessions: Collection[str]) -> list[JobState]:
        """Remove sessions from a request; if none remains, cancel it.

        Args:
            key: of the request.
            sessions: that no longer wait.

        Returns:
            The jobs that are cancelled, since no other request needs them.
        """
        submitted = self._requests.get(key)
        if submitted is None or submitted.done:
            return []
        self._changed.add(key)
        submitted.sessions -= {*sessions, RESUMED}
        if submitted.sessions:
            return []
        submitted.cancelled = True
        self._store.delete_request(key)
        return self._cancel_unneeded(submitted.request)

    def retry(self, key: str) -> None:
        """Remove a finished request, so that its failed jobs start again when it is submitted again."""
        if (submitted := self._requests.get(key)) is not None and submitted.finished:
            self._remove(key)

    def forget_request(self, key: str) -> None:
        """Remove a cancelled request."""
        if (submitted := self._requests.get(key)) is not None and submitted.cancelled:
            self._remove(key)

    def forget_result(self, key: str) -> None:
        """Remove a finished job whose result is no longer in the store, and the requests that contain it."""
        state = self.jobs.get(key)
        if state is None or state.state != "finished" or key in self._store:
            return
        for submitted in list(self._requests.values()):
            if state.job in submitted.request.jobs:
                self._remove(submitted.request.key)
        self.jobs.remove(key)

    def advance(self) -> None:
        """Open stages, request comparisons, and finish requests, as finished jobs allow."""
        for submitted in list(self._active()):
            self._advance(submitted)

    def see_devices(self, devices: Collection[str]) -> None:
        """Note the devices of the workers that are connected."""
        self._last_seen |= dict.fromkeys(devices, time.monotonic())

    def next_piece(self, worker: str, device: str = "cpu", *, urgent: bool = False) -> tuple[JobState, Piece] | None:
        """Return the next piece for a worker with a device, and mark it as taken; None if no job has one.

        Args:
            worker: its address.
            device: of the worker.
            urgent: whether only requests are considered that workers have spent little time on.
        """
        for submitted in self._by_turn():
            new = self._level(submitted) < len(FIRST_SECONDS)
            if urgent and not new:
                break  # and all that follow
            for state in self._candidates(submitted):
                if not self._runs_on(state, device):
                    continue
                self._choose_threads(state)
                if self.jobs.lock(state) and (piece := state.partition.take(worker)) is not None:
                    self._last_turn |= dict.fromkeys(submitted.sessions, time.monotonic())
                    self.jobs.set_running(state)
                    state.urgent = new
                    return state, piece
        return None

    def beside(self, key: str) -> Collection[str]:
        """Return the jobs of all unfinished requests that contain a job, by key."""
        requests = [submitted.request for submitted in self._active()]
        return {job.key for request in requests for job in request.jobs if any(one.key == key for one in request.jobs)}

    def take_comparisons(self) -> list[Comparison]:
        """Return the comparisons that are due, each once; `set_errors` takes their results."""
        comparisons, self._comparisons = self._comparisons, []
        return comparisons

    def set_errors(self, key: str, fine: int, errors: dict[str, float]) -> None:
        """Store the error of the level before a stage."""
        if (submitted := self._requests.get(key)) is not None:
            submitted.errors[fine] = errors
            self._changed.add(key)

    def take_changes(self, workers: int) -> Changes | None:
        """Return all changes since the last call, None if there are none.

        Args:
            workers: the number of workers, for estimated rates.
        """
        if not (self._changed or self.jobs.has_changes):
            return None
        changed, self._changed = self._changed, set()
        submitted = {key: self._requests.get(key) for key in changed}
        requests = {key: None if request is None else request.status() for key, request in submitted.items()}
        statuses, partial = self.jobs.take_changes(workers)
        return Changes(statuses, requests, partial)

    def _active(self) -> Iterator[SubmittedRequest]:
        return (submitted for submitted in self._requests.values() if not submitted.done)

    def _by_turn(self) -> list[SubmittedRequest]:
        """Return active requests: those with little worker time first, then the session that has waited longest.

        Of equally little time, the newest request is first, until it has had more than the others. Of each session,
        the newest request is first.
        """

        def turn(submitted: SubmittedRequest) -> tuple[int, float, float]:
            level = self._level(submitted)
            last = min(self._last_turn.get(name, 0.0) for name in submitted.sessions)
            return level, last if level == len(FIRST_SECONDS) else 0.0, -submitted.submitted_at

        return sorted(self._active(), key=turn)

    def _level(self, submitted: SubmittedRequest) -> int:
        """Return how many of `FIRST_SECONDS` workers have spent on a request."""
        return bisect(FIRST_SECONDS, self._seconds(submitted.request) - submitted.seconds_before)

    def _seconds(self, request: Request) -> float:
        return sum(self.jobs[job].worker_seconds for job in request.jobs)

    def _candidates(self, submitted: SubmittedRequest) -> Iterator[JobState]:
        """Yield the jobs that could run now: earlier stages first, and within a stage the least completed first."""
        for number in submitted.open_stages:
            states = [self.jobs[job] for job in submitted.request.stages[number].jobs]
            for state in sorted(states, key=lambda state: state.share):
                if not state.done and self.jobs.has_run(state):
                    yield state

    def _runs_on(self, state: JobState, device: str) -> bool:
        """Whether a device suits a job: a training keeps that of its first steps, unless no worker has it any more."""
        partition = state.partition
        if not isinstance(partition, ChainPartition) or not partition.devices:
            return True
        last = partition.devices[-1]
        return device == last or time.monotonic() - self._last_seen.get(last, -math.inf) > DEVICE_SECONDS

    def _choose_threads(self, state: JobState) -> None:
        """Give a training that starts an equal share of the threads, as far as they are useful to it."""
        partition = state.partition
        if not isinstance(partition, ChainPartition) or partition.threads is not None:
            return
        trainings = sum(isinstance(one.partition, ChainPartition) and not one.done for one in self.jobs.all())
        with contextlib.suppress(ValueError):  # the worker reports what is wrong with the spec
            partition.threads = useful_threads(state.job.run, self._training_threads // max(1, trainings))

    def _advance(self, submitted: SubmittedRequest) -> None:
        request = submitted.request
        for number in submitted.open_stages:
            for job in request.stages[number].jobs:
                self.jobs.finish_with_run(self.jobs[job])
        done = [all(self.jobs[job].done for job in stage.jobs) for stage in request.stages]
        submitted.open_stages = refinement.open_stages(request, done, submitted.errors)
        comparison = refinement.next_comparison(request, done, submitted.errors)
        if comparison is not None:
            self._request_comparison(submitted, *comparison)
        elif all(done[number] for number in submitted.open_stages):
            self._finish(submitted)

    def _request_comparison(self, submitted: SubmittedRequest, coarse: int, fine: int) -> None:
        if fine not in submitted.comparing:
            submitted.comparing.add(fine)
            self._comparisons.append(Comparison(submitted.request, coarse, fine))

    def _finish(self, submitted: SubmittedRequest) -> None:
        request, submitted.finished = submitted.request, True
        self._changed.add(request.key)
        if request.address:
            self._store.archive_request(request.key, to_json(request))
        else:
            self._store.delete_request(request.key)

    def _cancel_unneeded(self, request: Request) -> list[JobState]:
        needed = {job.key for other in self._active() for job in other.request.jobs}
        return self.jobs.finish_all([self.jobs[job] for job in request.jobs if job.key not in needed], "cancelled")

    def _add(self, request: Request) -> SubmittedRequest:
        submitted = self._requests[request.key] = SubmittedRequest(request)
        for job in request.jobs:
            self.jobs.prepare(job)
        submitted.seconds_before = self._seconds(request)
        if not all(job.key in self._store for job in request.jobs):
            self._store.save_request(request.key, to_json(request))
        return submitted

    def _remove(self, key: str) -> None:
        del self._requests[key]
        self._changed.add(key)


def _stored_requests(store: Store) -> Iterator[Request]:
    """Yield the requests in the store that this version can read."""
    for name, document in store.requests().items():
        try:
            yield from_json(document)
        except Exception as error:  # what other versions have written can raise any exception
            LOG.warning("the request %s is not resumed: %s", name, error or type(error).__name__)
