"""The dispatcher: one thread that owns all scheduling state and sends pieces to workers.

Other threads send it messages, which are functions that it calls, and read the snapshot that it publishes after every
change. It never waits for workers: other threads fetch results and send them as messages.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future as Answer
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from normscape.jobs import refinement
from normscape.jobs.job_spec import Job
from normscape.jobs.scheduling.connection import Connect, Connection
from normscape.jobs.scheduling.running_pieces import RunningPieces
from normscape.jobs.scheduling.scheduler import Comparison, Scheduler
from normscape.jobs.settings import Settings
from normscape.jobs.snapshot import Snapshot
from normscape.jobs.store.errors import StoreError
from normscape.jobs.store.files import Arrays
from normscape.jobs.store.store import Store
from normscape.jobs.workers.cluster import Worker

LOG = logging.getLogger(__name__)

PIECES_AHEAD = 2
"""Pieces of a worker with one slot: the one that it runs, and the next."""

ACKNOWLEDGE_SECONDS = 30.0
"""Timeout of the acknowledgement of a message; the thread usually answers within milliseconds."""

ACTIVE_SECONDS, IDLE_SECONDS = 0.05, 0.5
"""Interval of the periodic work, with and without active requests; messages are handled at once."""

Message = Callable[[], object]


class Dispatcher:
    """The thread, and the snapshot that it publishes."""

    def __init__(self, store: Store, settings: Settings, connect: Connect) -> None:
        """Resume the requests in the store, connect to the workers, and start the thread."""
        self.snapshot = Snapshot()
        self._store = store
        self._messages: queue.SimpleQueue[tuple[Message, Answer[None] | None]] = queue.SimpleQueue()
        self._unanswered: list[Answer[None]] = []
        self._closing = False
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="normscape-fetch")
        self._scheduler = Scheduler(store, settings.training_threads)
        self._connection = Connection(settings, connect, self._post)
        self._pieces = RunningPieces(
            self._scheduler.jobs, store, self._connection, self._pool, self._post, self._scheduler.beside
        )
        self._load: Counter[str] = Counter()
        self._publish()
        self._connection.connect()
        self._thread = threading.Thread(target=self._run, name="normscape-dispatcher", daemon=True)
        self._thread.start()

    def call(self, message: Callable[[Scheduler], object]) -> None:
        """Have the thread call a function of the scheduler, and wait until the snapshot contains its effect.

        Raises:
            TimeoutError: the thread does not answer.
            RuntimeError: the dispatcher is closed.
        """
        self._send(partial(message, self._scheduler)).result(timeout=ACKNOWLEDGE_SECONDS)

    def cancel(self, key: str, sessions: Collection[str]) -> None:
        """Remove sessions from a request, and stop the jobs that no session needs any more; wait as `call` does."""
        self._send(partial(self._cancel, key, frozenset(sessions))).result(timeout=ACKNOWLEDGE_SECONDS)

    def close(self) -> None:
        """End the thread and disconnect; unfinished requests stay in the store."""
        self._post(self._close)
        self._thread.join(timeout=60)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _post(self, message: Message) -> None:
        """Have the thread call a function; any thread may do so."""
        self._messages.put((message, None))

    def _send(self, message: Message) -> Answer[None]:
        if not self._thread.is_alive():
            raise RuntimeError("the dispatcher is closed")
        answer: Answer[None] = Answer()
        self._messages.put((message, answer))
        return answer

    def _run(self) -> None:
        while not self._closing:
            try:
                self._receive()
                self._scheduler.advance()
                self._publish()
                self._supervise()
                self._dispatch()
            except Exception as error:
                self._recover(error)
            self._publish()
        self._end()

    def _receive(self) -> None:
        """Wait for a message, and handle all that have arrived."""
        active = self._scheduler.has_active_requests or len(self._pieces) > 0
        with contextlib.suppress(queue.Empty):
            message, answer = self._messages.get(timeout=ACTIVE_SECONDS if active else IDLE_SECONDS)
            while True:
                self._handle(message, answer)
                message, answer = self._messages.get_nowait()

    def _handle(self, message: Message, answer: Answer[None] | None) -> None:
        if answer is None:
            message()
            return
        try:
            message()
        except Exception as error:
            answer.set_exception(error)
        else:
            self._unanswered.append(answer)

    def _publish(self) -> None:
        """Replace the snapshot if something has changed, and acknowledge the messages whose effect it contains."""
        connection, snapshot = self._connection, self.snapshot
        connected, error, workers = connection.cluster is not None, connection.error, len(connection.workers)
        state = (connected, error, workers, connection.unresponsive)
        if (changes := self._scheduler.take_changes(workers)) is not None:
            snapshot = changes.applied_to(snapshot)
        if state != (snapshot.connected, snapshot.connection_error, snapshot.workers, snapshot.unresponsive):
            snapshot = replace(
                snapshot,
                connected=connected,
                connection_error=error,
                workers=workers,
                unresponsive=connection.unresponsive,
            )
        self.snapshot = snapshot
        answers, self._unanswered = self._unanswered, []
        for answer in answers:
            answer.set_result(None)

    def _supervise(self) -> None:
        """Keep the list of workers recent, and take back the pieces of lost ones."""
        cluster = self._connection.cluster
        if cluster is not None and (not cluster.alive or self._connection.stalled):
            LOG.warning("the workers are gone or do not answer; their pieces are sent again")
            self._disconnect()
        if self._pieces or self._scheduler.has_candidates:
            self._connection.refresh()
        self._pieces.supervise()

    def _dispatch(self) -> None:
        """Start comparisons of levels, and send pieces to workers that have too few."""
        for comparison in self._scheduler.take_comparisons():
            self._pool.submit(self._compare, comparison)
        if not self._scheduler.has_candidates:
            return
        self._connection.connect()
        workers = self._connection.workers
        self._scheduler.see_devices({worker.device for worker in workers.values()})
        self._load = self._pieces.load
        for ahead in range(PIECES_AHEAD + 1):
            urgent = ahead == PIECES_AHEAD  # one more place, before the pieces that wait
            for worker in workers.values():
                while self._load[worker.address] < worker.slots + ahead and self._send_next(worker, urgent):
                    self._load[worker.address] += 1

    def _send_next(self, worker: Worker, urgent: bool) -> bool:
        """Send the next piece, or the next urgent one, to a worker; return whether there was one."""
        if (assigned := self._scheduler.next_piece(worker.address, worker.device, urgent=urgent)) is None:
            return False
        self._pieces.send(*assigned, worker)
        return True

    def _compare(self, comparison: Comparison) -> None:
        """Measure the error of a level, in a thread of the pool."""
        try:
            errors = refinement.measure_errors(*comparison, self._points_of)
        except Exception:
            LOG.exception("the error of a level cannot be measured, and refinement ends")
            errors = {}
        self._post(partial(self._scheduler.set_errors, comparison.request.key, comparison.fine, errors))

    def _points_of(self, job: Job) -> Arrays | None:
        contents = self._store.get(job.key)
        return None if contents is None else contents.arrays

    def _cancel(self, key: str, sessions: Collection[str]) -> None:
        self._pieces.stop(self._scheduler.cancel(key, sessions))

    def _recover(self, error: Exception) -> None:
        """Continue after an error: one of the store fails all jobs, and any other reconnects the workers."""
        if isinstance(error, StoreError):
            jobs = self._scheduler.jobs
            self._pieces.stop(jobs.finish_all(jobs.all(), "failed", error))
        else:
            LOG.exception("the dispatcher continues after an error")
            self._disconnect()
            self._connection.error = str(error)

    def _disconnect(self) -> None:
        self._pieces.take_back_all()
        self._connection.disconnect()

    def _close(self) -> None:
        self._closing = True

    def _end(self) -> None:
        """Take back all pieces, refuse the remaining messages, and disconnect."""
        self._pieces.take_back_all()
        self._scheduler.jobs.close()
        with contextlib.suppress(queue.Empty):
            while True:
                if (answer := self._messages.get_nowait()[1]) is not None:
                    answer.set_exception(RuntimeError("the dispatcher is closed"))
        self._connection.close()
