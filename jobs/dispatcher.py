"""The queue's thread: pieces out to workers, what they give into the store, and lost ones out again."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from normscape.jobs.job import Job
from normscape.jobs.job_state import Flight, Work
from normscape.jobs.partition import Chain
from normscape.jobs.scheduler import Board
from normscape.jobs.settings import Settings
from normscape.jobs.store.files import Contents, StoreFull
from normscape.jobs.workers.cluster import Cluster, NoCluster
from normscape.jobs.workers.inputs import RunMissing
from normscape.jobs.workers.tasks import Done
from normscape.landscape.measurement import Piece
from normscape.specs import canonical_bytes

LOG = logging.getLogger(__name__)

AHEAD = 2
"""Pieces that a worker has at most: the one that it does, and the next."""

PATIENCE = 1.0
"""Seconds that a piece has to stop by itself before its worker is ended."""

FETCH_SECONDS = 20
"""How long a result may take on its way; a piece whose result does not come is done again."""

TICK, IDLE = 0.05, 0.5
"""Seconds between two looks at everything, with and without work; news is taken at once."""

TRY_AGAIN = 5.0
"""Seconds until workers that were not there are asked for again."""

Connect = Callable[[Settings], Cluster]


class Loop:
    """One thread. All that it has to itself is here; what it shares with pages is on the board.

    Attributes:
        trouble: why nobody works, None if somebody does.
        cluster: the workers, None while there are none.
        busy: pieces in flight, by worker.
    """

    def __init__(self, board: Board, settings: Settings, connect: Connect) -> None:
        """Start the thread; it looks for workers at once, so that whoever comes first finds them there."""
        self.trouble: str | None = None
        self.cluster: Cluster | None = None
        self.busy: dict[str, int] = {}
        self._board, self._settings, self._connect = board, settings, connect
        self._news: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._doomed: dict[Any, float] = {}  # futures of cancelled pieces, and since when
        self._not_before = 0.0  # when to look for workers again
        self._fetchers = ThreadPoolExecutor(4, thread_name_prefix="normscape-fetch")
        self.wake(self._connected)
        self._thread = threading.Thread(target=self._run, name="normscape-queue", daemon=True)
        self._thread.start()

    def wake(self, event: Callable[[], object] | None = None) -> None:
        """Let the thread look at the board now, and do something first."""
        self._news.put(event)

    def stop(self, work: Work) -> None:
        """End the pieces of a cancelled job; called in the thread, by way of `wake`."""
        if work.flights and self.cluster is not None:
            self.cluster.stop(work.stop)
            self._doomed |= dict.fromkeys(work.flights, time.monotonic())

    def close(self) -> None:
        """End the thread and leave the workers."""
        self.wake(_end)
        self._thread.join(timeout=30)
        self._fetchers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while True:
            try:
                for event in self._events():
                    event()
                self._supervise()
                self._feed()
            except _Ended:
                break
            except Exception as error:
                self._recover(error)
        self._leave()

    def _events(self) -> Iterator[Callable[[], object]]:
        with contextlib.suppress(queue.Empty):
            with self._board.lock:
                working = any(True for _ in self._board.open()) or bool(self._doomed)
            event = self._news.get(timeout=TICK if working else IDLE)
            while True:
                if event is not None:
                    yield event
                event = self._news.get_nowait()

    def _recover(self, error: Exception) -> None:
        """Go on after an error: without space nothing can be kept, and anything else may be the workers' end."""
        if isinstance(error, StoreFull):
            with self._board.lock:
                for work in [work for work in self._board.works.values() if not work.over]:
                    self._board.finish(work, "failed", error)
                    self.stop(work)
        else:
            LOG.exception("the queue goes on after an error")
            self.trouble = str(error)
            self._leave()

    def _feed(self) -> None:
        """Send pieces to workers that have too few, and see which requests are over."""
        with self._board.lock:
            self._board.advance()
            wanted = any(True for asked in self._board.open() for _ in self._board.candidates(asked))
        if not wanted or not self._connected() or self.cluster is None:
            return
        workers = self.cluster.workers()
        with self._board.lock:
            works = list(self._board.works.values())
        # counted anew each time: a worker that was away for a moment has nothing of what was taken back from it
        flying = Counter(flight.worker for work in works for flight in work.flights.values())
        self.busy = {worker: flying[worker] for worker in workers}
        for depth in range(AHEAD):
            for worker, at_a_time in workers.items():
                while self.busy[worker] < at_a_time + depth and self._send_to(worker):
                    pass

    def _send_to(self, worker: str) -> bool:
        """Send one piece to a worker; return whether there was one."""
        with self._board.lock:
            for asked in self._board.in_turn():
                for work in self._board.candidates(asked):
                    if self._board.claimed(work) and (piece := work.parts.next(worker)) is not None:
                        self._board.serve(asked)
                        self._send(work, piece, worker)
                        return True
        return False

    def _send(self, work: Work, piece: Piece, worker: str) -> None:
        if self.cluster is None:
            work.parts.give_back(piece)
            return
        sent = {} if self.cluster.shares(worker) else self._material(work)
        future: Any = self.cluster.submit(work.job, piece, worker, work.stop, sent)
        work.flights[future] = Flight(piece, worker)
        work.state = "running"
        self.busy[worker] += 1
        future.add_done_callback(lambda done: self._fetchers.submit(self._fetch, work, done))

    def _material(self, work: Work) -> dict[str, Contents]:
        """Return what a worker that does not see the store needs: the run, or the state of training."""
        if isinstance(work.parts, Chain):
            return {} if work.parts.state is None else {work.job.key: work.parts.state}
        run = Job("run", work.job.run).key
        found = self._board.store.get(run)
        return {} if found is None else {run: found}

    def _fetch(self, work: Work, future: Any) -> None:
        """Bring a piece's result here, in a thread of its own: a worker may be lost on the way."""
        try:
            done = future.result(timeout=FETCH_SECONDS) if future.status == "finished" else None
        except Exception:
            done = None
        self.wake(partial(self._landed, work, future, done))

    def _landed(self, work: Work, future: Any, done: Done | None) -> None:
        """Take what a piece gave, or see why it gave nothing."""
        flight = work.flights.pop(future, None)
        if flight is None:
            return  # taken back before: its worker or its cluster was gone
        self._doomed.pop(future, None)
        if done is not None and not work.over:
            self._take(work, flight.piece, done)
        elif work.over or future.status != "error":
            work.parts.give_back(flight.piece)
        elif isinstance(reason := _reason(future), RunMissing):  # evicted since: it is made again
            work.parts.give_back(flight.piece)
            self._board.begin_anew(Job("run", work.job.run))
        else:
            self._board.finish(work, "failed", reason)
        future.release()

    def _take(self, work: Work, piece: Piece, done: Done) -> None:
        """Keep what a piece gave; with the last one, the result."""
        with self._board.lock:
            before = work.parts.done
            name = work.parts.add(piece, done.contents, done.seconds)
            work.seconds, work.counted = work.seconds + done.seconds, work.counted + work.parts.done - before
        record = {"kind": work.job.kind, "job": canonical_bytes(work.job).decode(), "machine": dict(done.machine)}
        if (result := work.parts.result()) is not None:
            self._board.store.put(work.job.key, result.arrays, {**result.about, **record})
            self._board.finish(work, "finished")
        elif name:
            self._board.store.put_piece(work.job.key, name, done.contents.arrays, {**done.contents.about, **record})

    def _supervise(self) -> None:
        """End workers whose pieces do not stop, and take back what is with workers that are gone."""
        late = [future for future, since in self._doomed.items() if time.monotonic() - since > PATIENCE]
        for future in late:
            del self._doomed[future]
            worker = None if self.cluster is None else self.cluster.working_on(future)
            future.cancel(force=True)
            if self.cluster is not None and worker is not None:
                self.cluster.kill(worker)
        if self.cluster is not None and not self.cluster.alive:
            LOG.warning("the workers are gone; what they had is done again")
            self._leave()
        flying = [work for work in list(self._board.works.values()) if work.flights]
        if self.cluster is not None and flying:
            there = self.cluster.workers()
            for work in flying:
                for future in [future for future, flight in work.flights.items() if flight.worker not in there]:
                    self._doomed.pop(future, None)
                    work.parts.give_back(work.flights.pop(future).piece)
                    future.cancel(force=True)

    def _leave(self) -> None:
        """Forget the workers, and take back what they had."""
        cluster, self.cluster = self.cluster, None
        with self._board.lock:
            for work in self._board.works.values():
                for flight in work.flights.values():
                    work.parts.give_back(flight.piece)
                work.flights.clear()
        self.busy.clear()
        self._doomed.clear()
        if cluster is not None:
            cluster.close()

    def _connected(self) -> bool:
        if self.cluster is None and time.monotonic() >= self._not_before:
            try:
                self.cluster = self._connect(self._settings)
                self.trouble = None
            except (NoCluster, OSError) as error:
                self.trouble, self._not_before = str(error), time.monotonic() + TRY_AGAIN
                LOG.warning("%s", error)
        return self.cluster is not None


class _Ended(Exception):  # noqa: N818 - no error: the end
    """The thread is to end."""


def _end() -> None:
    raise _Ended


def _reason(future: Any) -> Exception:
    error = future.exception()
    return error if isinstance(error, Exception) else RuntimeError(str(error))
