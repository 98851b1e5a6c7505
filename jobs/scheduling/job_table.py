"""The table of jobs: the state of every job by its key, and which of them this process has locked."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from normscape.jobs.job_spec import Job
from normscape.jobs.scheduling.file_locks import FileLocks
from normscape.jobs.scheduling.job_state import JobState
from normscape.jobs.scheduling.partition import ChainPartition
from normscape.jobs.snapshot import JobStatus, State
from normscape.jobs.store.files import Arrays, Contents
from normscape.jobs.store.store import Store
from normscape.landscape.measurement import Piece

LOG = logging.getLogger(__name__)


class JobTable:
    """Jobs by key, with a record of what has changed since the last snapshot."""

    def __init__(self, store: Store) -> None:
        """Start without jobs."""
        self._store = store
        self._states: dict[str, JobState] = {}
        self._locks = FileLocks(store.folder / "locks")
        self._changed: set[str] = set()
        self._changed_partial: set[str] = set()

    def __getitem__(self, job: Job) -> JobState:
        """The state of a job."""
        return self._states[job.key]

    def get(self, key: str) -> JobState | None:
        """Return the state of a job, None if it is not in the table."""
        return self._states.get(key)

    def prepare(self, job: Job) -> None:
        """Add a job that is new, has failed, was cancelled, or has lost its result; resume from the store."""
        state, stored = self._states.get(job.key), job.key in self._store
        if state is not None and (state.state in ("waiting", "running") or (state.state == "finished" and stored)):
            return
        state = JobState.of(job)
        if stored:
            state.state, state.partition.completed = "finished", state.partition.total
        else:
            state = self._restored(job)
        self._replace(state)

    def restart_run(self, state: JobState) -> None:
        """Train those runs of a job again whose results are gone; its only run in any case."""
        for key, spec in zip(state.run_keys, state.job.runs, strict=True):
            run, alone = self._states.get(key), len(state.run_keys) == 1
            if (run is None or run.state == "finished") and (alone or not self._is_complete(key)):
                self._replace(JobState.of(Job("run", spec)))

    def _is_complete(self, key: str) -> bool:
        return key in self._store and not self._store.is_abridged(key)

    def remove(self, key: str) -> None:
        """Remove a job."""
        del self._states[key]
        self._changed.add(key)

    def has_run(self, state: JobState) -> bool:
        """Whether all runs of a job have the weights that the job needs, or no job of the table trains them."""
        return all(self._has_weights(state, self._states.get(key)) for key in state.run_keys)

    def _has_weights(self, state: JobState, run: JobState | None) -> bool:
        if run is None or run is state or run.state == "finished":
            return True
        return isinstance(run.partition, ChainPartition) and state.job.checkpoint in run.partition.checkpoints

    def lock(self, state: JobState) -> bool:
        """Lock a job for this process; it is finished instead if another process has put its result in the store."""
        key = state.job.key
        if key in self._locks:
            return True
        acquired = self._locks.acquire(key)
        if key in self._store and not self._store.is_abridged(key):
            self.finish(state, "finished")
            return False
        return acquired

    def set_running(self, state: JobState) -> None:
        """Note that a worker has a piece of a job."""
        if state.state != "running":
            state.state = "running"
            self._changed.add(state.job.key)

    def add_piece(self, state: JobState, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the result of a piece; return its name in the store, as `Partition.add`."""
        before = state.partition.completed
        name = state.partition.add(piece, contents, seconds)
        state.computed += state.partition.completed - before
        state.worker_seconds += seconds
        self._mark(state.job.key)
        return name

    def finish(self, state: JobState, outcome: State, error: Exception | None = None) -> None:
        """End a job, and release its lock and its memory."""
        state.state, state.error = outcome, error
        if outcome == "finished":
            state.partition.completed = state.partition.total
        state.partition.clear()
        self._locks.release(state.job.key)
        self._mark(state.job.key)

    def finish_all(self, states: Iterable[JobState], outcome: State, error: Exception | None = None) -> list[JobState]:
        """End those jobs that are not done, and return them."""
        unfinished = [state for state in states if not state.done]
        for state in unfinished:
            self.finish(state, outcome, error)
        return unfinished

    def finish_with_run(self, state: JobState) -> None:
        """End a job one of whose runs has failed or was cancelled."""
        for key in state.run_keys:
            run = self._states.get(key, state)
            if not state.done and run.done and run.state != "finished":
                self.finish(state, run.state, run.error)

    def all(self) -> Collection[JobState]:
        """Return all states."""
        return self._states.values()

    @property
    def has_changes(self) -> bool:
        """Whether a status or a partial result has changed since the last `take_changes`."""
        return bool(self._changed or self._changed_partial)

    def take_changes(self, workers: int) -> tuple[Mapping[str, JobStatus | None], Mapping[str, Arrays | None]]:
        """Return statuses and partial results that have changed since the last call, None for removed ones."""
        changed, partial = self._changed, self._changed_partial
        self._changed, self._changed_partial = set(), set()
        states = {key: self._states.get(key) for key in changed}
        statuses = {key: None if state is None else state.status(workers) for key, state in states.items()}
        return statuses, {key: self._partial(key) for key in partial}

    def close(self) -> None:
        """Release all locks."""
        self._locks.release_all()

    def _restored(self, job: Job) -> JobState:
        """Return the state of a job with its pieces in the store, or without if another version has written them."""
        state = JobState.of(job)
        try:
            state.partition.restore(self._store.pieces(job.key))
        except Exception as error:  # what other versions have written can raise any exception
            LOG.warning("the pieces of a job are computed again: %s", error)
            return JobState.of(job)
        return state

    def _replace(self, state: JobState) -> None:
        self._states[state.job.key] = state
        self._mark(state.job.key)

    def _mark(self, key: str) -> None:
        self._changed.add(key)
        self._changed_partial.add(key)

    def _partial(self, key: str) -> Arrays | None:
        state = self._states.get(key)
        return None if state is None or state.done else state.partition.partial()
