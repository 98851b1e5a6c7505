"""The pieces that workers have: sent, fetched and stored, stopped when their job is cancelled, sent again when lost."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

from normscape.jobs.scheduling.connection import Connection
from normscape.jobs.scheduling.job_state import JobState
from normscape.jobs.scheduling.job_table import JobTable
from normscape.jobs.scheduling.partition import ChainPartition
from normscape.jobs.scheduling.steps_partition import StepsPartition
from normscape.jobs.store.errors import StoreTooSmall
from normscape.jobs.store.files import Arrays, Contents, Metadata
from normscape.jobs.store.store import Store
from normscape.jobs.workers.cluster import Cluster, Worker
from normscape.jobs.workers.inputs import RunNotFound
from normscape.jobs.workers.tasks import PieceResult
from normscape.landscape.measurement import Piece
from normscape.specs import canonical_bytes

LOG = logging.getLogger(__name__)

STOP_SECONDS = 1.0
"""How long a cancelled piece may take to stop by itself; then its worker is restarted."""

FETCH_SECONDS = 20
"""Timeout of the transfer of a result; a piece whose result does not arrive is sent again."""


@dataclass(frozen=True, slots=True)
class RunningPiece:
    """A piece that was sent to a worker."""

    state: JobState
    piece: Piece
    worker: str


class RunningPieces:
    """All pieces that were sent and not received; only the dispatcher's thread uses them."""

    def __init__(
        self,
        jobs: JobTable,
        store: Store,
        connection: Connection,
        pool: Executor,
        post: Callable[[Callable[[], object]], None],
        beside: Callable[[str], Collection[str]],
    ) -> None:
        """Start without pieces.

        Args:
            jobs: the states of all jobs.
            store: of results and pieces.
            connection: to the workers.
            pool: threads that fetch results.
            post: has the dispatcher's thread call a function.
            beside: returns the keys of the jobs that are requested together with a job.
        """
        self._jobs, self._store, self._connection, self._pool, self._post = jobs, store, connection, pool, post
        self._beside = beside
        self._running: dict[Any, RunningPiece] = {}  # by future
        self._stopping: dict[Any, float] = {}  # futures of cancelled pieces, and since when

    def __len__(self) -> int:
        """The number of pieces."""
        return len(self._running)

    @property
    def load(self) -> Counter[str]:
        """The number of pieces of each worker."""
        return Counter(running.worker for running in self._running.values())

    def send(self, state: JobState, piece: Piece, worker: Worker) -> None:
        """Send a piece to a worker."""
        try:
            future = self._submit(state, piece, worker)
        except Exception:
            state.partition.put_back(piece)
            raise
        self._running[future] = RunningPiece(state, piece, worker.address)
        future.add_done_callback(lambda done: self._pool.submit(self._fetch, done))

    def stop(self, states: Iterable[JobState]) -> None:
        """Stop the pieces of cancelled or failed jobs."""
        for state in states:
            futures = [future for future, running in self._running.items() if running.state is state]
            if futures:
                self._connection.request(partial(Cluster.stop, stop_event=state.stop_event))
                self._stopping |= dict.fromkeys(futures, time.monotonic())

    def supervise(self) -> None:
        """Restart workers whose pieces do not stop, and take back the pieces of lost workers."""
        now = time.monotonic()
        for future in [future for future, since in self._stopping.items() if now - since > STOP_SECONDS]:
            del self._stopping[future]
            self._connection.request(partial(Cluster.terminate, future=future))
        workers = self._connection.workers
        for future in [future for future, running in self._running.items() if running.worker not in workers]:
            self._take_back(future)
            self._connection.request(partial(Cluster.cancel, future=future))

    def take_back_all(self) -> None:
        """Make all pieces available again."""
        for future in list(self._running):
            self._take_back(future)

    def _take_back(self, future: Any) -> None:
        running = self._running.pop(future)
        self._stopping.pop(future, None)
        running.state.partition.put_back(running.piece)

    def _submit(self, state: JobState, piece: Piece, worker: Worker) -> Any:
        if self._connection.cluster is None:
            raise ConnectionError("there are no workers")
        available = worker.shares_store and not any(map(self._store.is_shipped, state.run_keys))
        sent = {} if available else self._inputs(state)
        return self._connection.cluster.submit(state.job, piece, worker, state.stop_event, sent, int(state.urgent))

    def _inputs(self, state: JobState) -> dict[str, Contents]:
        """Return what a worker without access to the store needs: the runs, and the state of training."""
        partition, inputs = state.partition, dict[str, Contents | None]()
        if isinstance(partition, ChainPartition | StepsPartition):
            inputs[state.job.key] = partition.state
        if not isinstance(partition, ChainPartition):
            inputs |= {key: self._run(key) for key in state.run_keys}
        return {key: one for key, one in inputs.items() if one is not None}

    def _run(self, key: str) -> Contents | None:
        """Return a run, or the state of its training; None if there is neither."""
        run = None if self._store.is_abridged(key) else self._store.get(key)
        if run is None and (training := self._jobs.get(key)) is not None:
            run = training.partition.state if isinstance(training.partition, ChainPartition) else None
        return run

    def _fetch(self, future: Any) -> None:
        """Transfer the result of a piece; in a thread of the pool, since the worker may be lost meanwhile."""
        result, error = None, None
        try:
            if future.status == "finished":
                result = future.result(timeout=FETCH_SECONDS)
            elif future.status == "error":
                error = _exception_of(future)
        except Exception:
            LOG.info("the result of a piece was lost; the piece is sent again", exc_info=True)
        self._post(partial(self._receive, future, result, error))

    def _receive(self, future: Any, result: PieceResult | None, error: Exception | None) -> None:
        """Keep the result of a piece, make the piece available again, or fail its job."""
        running = self._running.pop(future, None)
        if running is None:
            return  # taken back before, since its worker was lost
        self._stopping.pop(future, None)
        future.release()
        state, piece = running.state, running.piece
        if result is not None and not state.done:
            self._keep(state, piece, result)
        elif state.done or error is None:
            state.partition.put_back(piece)
        elif isinstance(error, RunNotFound):  # evicted since
            state.partition.put_back(piece)
            self._jobs.restart_run(state)
        else:
            self._jobs.finish(state, "failed", error)

    def _keep(self, state: JobState, piece: Piece, result: PieceResult) -> None:
        """Store the result of a piece, and with the last one the result of the job."""
        key, contents = state.job.key, result.contents
        name = self._jobs.add_piece(state, piece, contents, result.seconds)
        description = canonical_bytes(state.job).decode()
        machine = dict(result.machine)
        if isinstance(state.partition, ChainPartition):
            machine["device"] = state.partition.add_device(machine["device"])
        record = {"kind": state.job.kind, "job": description, "machine": machine}
        if (whole := state.partition.result()) is not None:
            self._put(state, whole.arrays, {**whole.metadata, **record})
        elif name:
            self._store.put_piece(key, name, contents.arrays, {**contents.metadata, **record})

    def _put(self, state: JobState, arrays: Arrays, metadata: Metadata) -> None:
        """Store a result and finish its job, or fail all jobs of its requests if the store is too small for them."""
        together = self._beside(state.job.key)
        try:
            self._store.put(state.job.key, arrays, metadata, together)
        except StoreTooSmall as error:
            states = [other for other in self._jobs.all() if other.job.key in together]
            self.stop(self._jobs.finish_all([state, *states], "failed", error))
        else:
            self._jobs.finish(state, "finished")


def _exception_of(future: Any) -> Exception:
    error = future.exception(timeout=FETCH_SECONDS)
    return error if isinstance(error, Exception) else RuntimeError(str(error))
