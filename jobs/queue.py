"""The queue: what is asked, by whom, and whose piece goes next to which worker.

One thread owns everything; pages ask it and look at it from theirs. A piece is sent when a worker has fewer than two,
taken in turn from the browser sessions that wait, so that nobody's long work keeps others waiting. What comes back goes
into the store at once.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any

from filelock import FileLock, Timeout

from jobs.cluster import Cluster, NoCluster
from jobs.files import Contents, StoreFull
from jobs.job import Job
from jobs.kinds import KINDS
from jobs.parts import Chain, Points
from jobs.request import Request, from_written, written
from jobs.settings import Settings
from jobs.shelf import RunMissing
from jobs.store import Store
from jobs.tasks import Done
from jobs.work import Asked, Flight, Status, Work
from landscape.surface.levels import DECIDING, share
from specs import canonical_bytes

LOG = logging.getLogger(__name__)

AHEAD = 2
"""Pieces that a worker has at most: the one that it does, and the next."""

PATIENCE = 1.0
"""Seconds that a piece has to stop by itself before its worker is ended."""

FETCH_SECONDS = 20
"""How long a result may take on its way; a piece whose result does not come is done again."""

TICK = 0.05
UNPACKED = 400
"""Results that are kept unpacked; arrays of runs stay in their files."""

RESUMED = "resumed"
"""The session of requests that were found in the store at the start."""


class Queue:
    """Requests, jobs, and the thread that works on them."""

    def __init__(self, settings: Settings, *, connect: Callable[[Settings], Cluster] = Cluster) -> None:
        """Start the thread; it connects to workers when there is something to do.

        Args:
            settings: where results are kept, and where work is done.
            connect: gives workers.
        """
        self.settings = settings
        self.store = Store(settings.home, settings.store_bytes)
        self.trouble: str | None = None  # why nobody works, None if somebody does
        self._connect = connect
        self._lock = threading.RLock()
        self._events: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._works: dict[str, Work] = {}
        self._asked: dict[str, Asked] = {}
        self._served: dict[str, float] = {}  # when each session had its last turn
        self._unpacked: OrderedDict[str, Any] = OrderedDict()
        self._claims: dict[str, FileLock] = {}
        self._cluster: Cluster | None = None
        self._busy: dict[str, int] = {}  # pieces in flight, by worker
        self._doomed: dict[Any, float] = {}  # futures of cancelled pieces, and when they were
        self._again = 0.0  # when to try again to find workers
        self._fetchers = ThreadPoolExecutor(4, thread_name_prefix="normscape-fetch")
        self._thread = threading.Thread(target=self._run, name="normscape-queue", daemon=True)
        for document in self.store.requests().values():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # of another version: nobody can answer it
                self.ask(from_written(document), RESUMED)
        self._thread.start()

    def ask(self, request: Request, session: str) -> str:
        """Ask for jobs; what is in the store or asked already is not done again. Return the request's key."""
        with self._lock:
            asked = self._asked.get(request.key)
            if asked is None or asked.cancelled:
                self._again = 0.0
                asked = self._asked[request.key] = Asked(request, {session})
                for job in request.jobs:
                    self._work_of(job)
                if not all(job.key in self.store for job in request.jobs):
                    self.store.note(request.key, written(request))
            asked.sessions.add(session)
            self._served.setdefault(session, 0.0)
        self._events.put(None)
        return request.key

    def look(self, job: Job) -> Status:
        """Return how far a job is; one that nobody asked for waits."""
        with self._lock:
            work = self._works.get(job.key) or Work.of(job)
            return work.status(max(1, len(self._busy)))

    def result(self, job: Job) -> Any | None:
        """Return a finished job's result, None if it is not finished or its file is gone."""
        key = job.key
        with self._lock:
            if key in self._unpacked:
                self._unpacked.move_to_end(key)
                return self._unpacked[key]
            work = self._works.get(key)
        if work is not None and work.state != "finished":
            return None
        packed = self.store.get(key)
        if packed is None:
            if work is not None:
                self._events.put(partial(self._lost, key))
            return None
        return self._remember(job, packed)

    def partial(self, job: Job) -> Mapping[str, Any] | None:
        """Return what is there of a surface that is worked on, None if nothing is."""
        with self._lock:
            work = self._works.get(job.key)
            if work is None or not isinstance(work.parts, Points) or not work.parts.done:
                return None
            return work.parts.partial().arrays

    def errors(self, request: Request, number: int) -> Mapping[str, float] | None:
        """Return the errors of the level before a stage, measured by that stage; None if they are not known yet."""
        with self._lock:
            asked = self._asked.get(request.key)
            return None if asked is None else asked.errors.get(number)

    def asked(self) -> tuple[Asked, ...]:
        """Return all requests, the last first."""
        with self._lock:
            return tuple(sorted(self._asked.values(), key=lambda asked: -asked.since))

    def over(self, request: Request) -> bool:
        """Say whether nothing more will come of a request."""
        with self._lock:
            asked = self._asked.get(request.key)
            return asked is None or asked.over or asked.cancelled

    def name(self, job: Job) -> str:
        """Return what a job is, for people: with the grid's size, where it has one."""
        grid = (
            f" {job.surface.points_alpha} x {job.surface.points_beta}" if job.surface and job.kind == "surface" else ""
        )
        return f"{KINDS[job.kind].name}{grid}"

    def cancel(self, key: str, session: str, present: Callable[[str], bool] = lambda _: True) -> None:
        """Withdraw a session's request; what nobody else asked for stops.

        Args:
            key: of the request.
            session: who withdraws.
            present: says whether another session still waits.
        """
        with self._lock:
            asked = self._asked.get(key)
            if asked is None or asked.over:
                return
            asked.sessions = {name for name in asked.sessions - {session, RESUMED} if present(name)}
            if asked.sessions:
                return
            asked.cancelled = True
            self.store.forget(key)
            wanted = {job.key for other in self._open() for job in other.request.jobs}
            for job in asked.request.jobs:
                work = self._works.get(job.key)
                if work is not None and not work.over and job.key not in wanted:
                    work.state = "cancelled"
                    work.version += 1
                    self._events.put(partial(self._stop, work))

    def delete(self, key: str) -> None:
        """Delete a result from the store; who asks again has it made anew."""
        self.store.delete(key)
        with self._lock:
            self._unpacked.pop(key, None)
        self._events.put(partial(self._lost, key))

    def close(self) -> None:
        """Stop the thread and leave the workers; what is unfinished stays in the store."""
        self._events.put(self._end)
        self._thread.join(timeout=30)
        self._fetchers.shutdown(wait=False, cancel_futures=True)

    # what follows runs in the queue's thread

    def _run(self) -> None:
        self._connected()  # whoever comes first finds the workers there
        while True:
            try:
                for event in self._news():
                    event()
                self._supervise()
                self._feed()
            except _Ended:
                break
            except StoreFull as error:
                self.trouble = str(error)
                self._fail_all(error)
            except Exception as error:
                LOG.exception("the queue goes on after an error")
                self.trouble = str(error)
                self._leave()
        self._leave()

    def _news(self) -> Iterator[Callable[[], None]]:
        with contextlib.suppress(queue.Empty):
            event = self._events.get(timeout=TICK if self._busy_at_all else 0.5)
            while True:
                if event is not None:
                    yield event
                event = self._events.get_nowait()

    @property
    def _busy_at_all(self) -> bool:
        return any(self._open()) or bool(self._doomed)

    def _end(self) -> None:
        raise _Ended

    def _open(self) -> Iterator[Asked]:
        return (asked for asked in self._asked.values() if not asked.over and not asked.cancelled)

    def _work_of(self, job: Job) -> Work:
        """Return the work of a job: the one there is, or new; done already if the store has its result."""
        work = self._works.get(job.key)
        if work is None or work.state in ("failed", "cancelled"):
            old, work = work, Work.of(job)
            work.version = old.version + 1 if old is not None else 0
            self._works[job.key] = work
            if job.key in self.store:
                work.state, work.parts.done = "finished", work.parts.total
            else:
                work.parts.restore(self.store.pieces(job.key))
        return work

    def _feed(self) -> None:
        """Send pieces to workers that have too few, and see which requests are over."""
        with self._lock:
            self._advance()
            if not any(True for asked in self._open() for _ in self._candidates(asked)):
                return
        if not self._connected():
            return
        workers = self._cluster.workers() if self._cluster else {}
        self._busy = {worker: self._busy.get(worker, 0) for worker in workers}
        for depth in range(AHEAD):
            for worker, at_a_time in workers.items():
                while self._busy[worker] < at_a_time + depth and self._send_to(worker):
                    pass

    def _send_to(self, worker: str) -> bool:
        """Send one piece to a worker, of the session that has waited longest; return whether there was one."""
        with self._lock:
            for asked in sorted(self._open(), key=self._turn):
                for work in self._candidates(asked):
                    if self._claimed(work) and (piece := work.parts.next(worker)) is not None:
                        for session in asked.sessions:
                            self._served[session] = time.monotonic()
                        self._send(work, piece, worker)
                        return True
        return False

    def _turn(self, asked: Asked) -> tuple[float, float]:
        # of one session's requests the newest first: that is the page that somebody looks at
        return min(self._served.get(session, 0.0) for session in asked.sessions), -asked.since

    def _send(self, work: Work, piece: Any, worker: str) -> None:
        cluster = self._cluster
        if cluster is None:
            work.parts.give_back(piece)
            return
        sent = {} if cluster.shares(worker) else self._material(work)
        future = cluster.submit(work.job, piece, worker, work.stop, sent)
        work.flights[future] = Flight(piece, worker, work.stop)
        work.state = "running"
        self._busy[worker] = self._busy.get(worker, 0) + 1
        future.add_done_callback(lambda done: self._fetchers.submit(self._fetch, work, done))  # type: ignore[no-untyped-call]

    def _fetch(self, work: Work, future: Any) -> None:
        """Bring a piece's result here, in a thread of its own: a worker may be lost on the way."""
        try:
            done = future.result(timeout=FETCH_SECONDS) if future.status == "finished" else None
        except Exception:
            done = None
        self._events.put(partial(self._landed, work, future, done))

    def _material(self, work: Work) -> dict[str, Contents]:
        """Return what a worker that does not see the store needs: the run, or the state of training."""
        if isinstance(work.parts, Chain):
            return {} if work.parts.state is None else {work.job.key: work.parts.state}
        run = Job("run", work.job.run).key
        found = self.store.get(run)
        return {} if found is None else {run: found}

    def _candidates(self, asked: Asked) -> Iterator[Work]:
        """Yield work that could go on now: earlier stages first, and in a stage what is behind."""
        for number, stage in enumerate(asked.request.stages):
            if stage.refines and not self._opened(asked, number):
                continue
            works = [self._works[job.key] for job in stage.jobs]
            for work in sorted(works, key=lambda work: work.parts.done / work.parts.total):
                if not work.over and self._ready(work):
                    yield work

    def _opened(self, asked: Asked, number: int) -> bool:
        """Say whether a stage that refines may begin."""
        before = [k for k in range(number) if asked.request.stages[k].refines]
        if not before:
            return True
        if not all(self._works[job.key].over for k in before for job in asked.request.stages[k].jobs):
            return False
        return not self._good_enough(asked, before)

    def _good_enough(self, asked: Asked, levels: list[int]) -> bool:
        """Say whether the last of the finished levels has shown the one before it to be as accurate as is asked."""
        for coarse, fine in pairwise(levels):
            if not all(self._works[job.key].over for job in asked.request.stages[fine].jobs):
                return False
            if fine not in asked.errors:
                asked.errors[fine] = self._errors(asked.request, coarse, fine)
            if max((asked.errors[fine].get(metric, 0.0) for metric in DECIDING), default=0.0) <= asked.request.accuracy:
                return True
        return False

    def _errors(self, request: Request, coarse: int, fine: int) -> dict[str, float]:
        """Return the errors of all compared surfaces of a level, as the next one measured them, by metric."""
        found = []
        for first, second in zip(request.stages[coarse].jobs, request.stages[fine].jobs, strict=True):
            measure = KINDS[second.kind].errors
            one, other = self.store.get(first.key), self.store.get(second.key)
            if measure is not None and one is not None and other is not None:
                found.append(measure(first, one.arrays, second, other.arrays))
        return share(found)

    def _ready(self, work: Work) -> bool:
        """Say whether the run that a job is about is there; if that failed, so has the job."""
        if work.job.kind == "run":
            return True
        run = self._works.get(Job("run", work.job.run).key)
        if run is None or run.state == "finished":
            return True
        if run.state in ("failed", "cancelled"):
            self._finish(work, "failed" if run.state == "failed" else "cancelled", run.error)
        return False

    def _claimed(self, work: Work) -> bool:
        """Say whether this process may work on a job; another one with the same store may be doing it."""
        key = work.job.key
        if key in self._claims:
            return True
        path = self.store.folder / "claims" / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            if key in self.store:
                self._finish(work, "finished")
            return False
        self._claims[key] = lock
        if key in self.store:  # finished by another process in the meantime
            self._finish(work, "finished")
            return False
        return True

    def _landed(self, work: Work, future: Any, done: Done | None) -> None:
        """Take what a piece gave, or see why it gave nothing."""
        flight = work.flights.pop(future, None)
        if flight is None:
            return  # taken back before: its worker or its cluster was thought to be gone
        self._busy[flight.worker] = max(0, self._busy.get(flight.worker, 1) - 1)
        self._doomed.pop(future, None)
        if done is not None and not work.over:
            self._take(work, flight, done)
        elif work.over or future.status != "error":
            work.parts.give_back(flight.piece)
        elif isinstance(reason := _reason(future), RunMissing):  # evicted since: it is made again
            work.parts.give_back(flight.piece)
            with self._lock:
                run = Job("run", work.job.run)
                self._works[run.key] = Work.of(run)
        else:
            self._finish(work, "failed", reason)
        future.release()

    def _take(self, work: Work, flight: Flight, done: Done) -> None:
        before = work.parts.done
        name = work.parts.add(flight.piece, done.contents, done.seconds)
        work.seconds, work.counted = work.seconds + done.seconds, work.counted + work.parts.done - before
        work.version += 1
        about = {**done.contents.about, "piece_machine": dict(done.machine)}
        if (result := work.parts.result()) is not None:
            spec = {"kind": work.job.kind, "job": canonical_bytes(work.job).decode(), "machine": dict(done.machine)}
            self.store.put(work.job.key, result.arrays, {**result.about, **spec})
            self._finish(work, "finished")
        elif name:
            self.store.put_piece(work.job.key, name, done.contents.arrays, about)

    def _finish(self, work: Work, state: Any, error: Exception | None = None) -> None:
        with self._lock:
            work.state, work.error = state, error
            work.version += 1
            if state == "finished":
                work.parts.done = work.parts.total
            if (lock := self._claims.pop(work.job.key, None)) is not None:
                lock.release()

    def _stop(self, work: Work) -> None:
        """End a job's pieces: ask them, and note when."""
        if (lock := self._claims.pop(work.job.key, None)) is not None:
            lock.release()
        if work.flights and self._cluster is not None:
            self._cluster.stop(work.stop)
            for future in work.flights:
                self._doomed[future] = time.monotonic()

    def _supervise(self) -> None:
        """End workers whose pieces do not stop, and find new workers where they are all gone."""
        late = [future for future, since in self._doomed.items() if time.monotonic() - since > PATIENCE]
        for future in late:
            self._doomed.pop(future)
            if self._cluster is not None and (worker := self._cluster.working_on(future)) is not None:
                future.cancel(force=True)
                self._cluster.kill(worker)
            else:
                future.cancel(force=True)
        if self._cluster is not None and not self._cluster.alive:
            LOG.warning("the workers are gone; what they had is done again")
            self._leave()
        self._take_back()

    def _take_back(self) -> None:
        """Take back what was sent to workers that are gone."""
        flying = [work for work in self._works.values() if work.flights]
        if self._cluster is None or not flying:
            return
        there = self._cluster.workers()
        for work in flying:
            for future, flight in list(work.flights.items()):
                if flight.worker not in there:
                    del work.flights[future]
                    self._doomed.pop(future, None)
                    work.parts.give_back(flight.piece)
                    future.cancel(force=True)

    def _leave(self) -> None:
        """Forget the workers, and take back what they had."""
        cluster, self._cluster = self._cluster, None
        with self._lock:
            for work in self._works.values():
                for flight in work.flights.values():
                    work.parts.give_back(flight.piece)
                work.flights.clear()
            self._busy.clear()
            self._doomed.clear()
        if cluster is not None:
            cluster.close()

    def _connected(self) -> bool:
        if self._cluster is not None:
            return True
        if time.monotonic() < self._again:
            return False
        try:
            self._cluster = self._connect(self.settings)
            self.trouble = None
        except (NoCluster, OSError) as error:
            self.trouble, self._again = str(error), time.monotonic() + 5
            LOG.warning("%s", error)
        return self._cluster is not None

    def _advance(self) -> None:
        """Note the requests of which nothing more will come."""
        for asked in list(self._open()):
            open_jobs = [
                work
                for number, stage in enumerate(asked.request.stages)
                if not stage.refines or self._opened(asked, number)
                for work in (self._works[job.key] for job in stage.jobs)
                if not work.over
            ]
            if not open_jobs:
                self._good_enough(asked, [k for k, stage in enumerate(asked.request.stages) if stage.refines])
                asked.over = True
                if asked.request.address:
                    self.store.finish(asked.request.key, written(asked.request))
                else:
                    self.store.forget(asked.request.key)

    def _lost(self, key: str) -> None:
        """A result that was there is gone: whoever asks again has it made anew."""
        with self._lock:
            if (work := self._works.get(key)) is not None and work.state == "finished":
                del self._works[key]
                for asked in [a for a in self._asked.values() if any(job.key == key for job in a.request.jobs)]:
                    del self._asked[asked.request.key]

    def _fail_all(self, error: Exception) -> None:
        for work in list(self._works.values()):
            if not work.over:
                self._finish(work, "failed", error)
        self._leave()

    def _remember(self, job: Job, packed: Contents) -> Any:
        found = KINDS[job.kind].unpack(job, packed)
        with self._lock:
            self._unpacked[job.key] = found
            while len(self._unpacked) > UNPACKED:
                self._unpacked.popitem(last=False)
        return found


class _Ended(Exception):  # noqa: N818 - no error: the end
    """The thread is to end."""


def _reason(future: Any) -> Exception:
    error = future.exception()
    return error if isinstance(error, Exception) else RuntimeError(str(error))
