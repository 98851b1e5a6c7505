"""The board: what is asked, how far each job is, and which of them could go on. It knows nothing of workers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

from filelock import FileLock, Timeout

from normscape.jobs.job import Job
from normscape.jobs.job_state import Asked, State, Work
from normscape.jobs.kinds import KINDS
from normscape.jobs.request import Request, from_written, written
from normscape.jobs.store.store import Store
from normscape.landscape.surface.refinement import CONVERGENCE_METRICS, relative_errors

RESUMED = "resumed"
"""The session of requests that were found in the store at the start."""


class Board:
    """Requests and jobs. Pages and the queue's thread share it by its lock.

    Attributes:
        lock: held by whoever reads or changes anything here.
        store: where results are.
        works: jobs by key.
        asked: requests by key.
        served: when each session had its last turn.
    """

    def __init__(self, store: Store) -> None:
        """Start with the requests that the store remembers."""
        self.lock = threading.RLock()
        self.store = store
        self.works: dict[str, Work] = {}
        self.asked: dict[str, Asked] = {}
        self.served: dict[str, float] = {}
        self._claims: dict[str, FileLock] = {}
        for document in store.requests().values():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # of another version: nobody can answer it
                self.ask(from_written(document), RESUMED)

    def ask(self, request: Request, session: str) -> None:
        """Put a request on the board, and a session to those that wait for it."""
        with self.lock:
            asked = self.asked.get(request.key)
            if asked is None or asked.cancelled:
                asked = self.asked[request.key] = Asked(request, {session})
                for job in request.jobs:
                    self._work_of(job)
                if not all(job.key in self.store for job in request.jobs):
                    self.store.note(request.key, written(request))
            asked.sessions.add(session)
            self.served.setdefault(session, 0.0)

    def open(self) -> Iterator[Asked]:
        """Yield the requests of which more will come."""
        return (asked for asked in self.asked.values() if not asked.over and not asked.cancelled)

    def in_turn(self) -> list[Asked]:
        """Return them in the order in which they are to be served: whose session has waited longest, first."""
        # of one session's requests the newest first: that is the page that somebody looks at
        return sorted(self.open(), key=lambda asked: (min(self._served(asked)), -asked.since))

    def serve(self, asked: Asked) -> None:
        """Note that a request has had its turn."""
        for session in asked.sessions:
            self.served[session] = time.monotonic()

    def candidates(self, asked: Asked) -> Iterator[Work]:
        """Yield work that could go on now: earlier stages first, and in a stage what is behind."""
        for number, stage in enumerate(asked.request.stages):
            if stage.refines and not self._opened(asked, number):
                continue
            works = [self.works[job.key] for job in stage.jobs]
            for work in sorted(works, key=lambda work: work.parts.done / work.parts.total):
                if not work.over and self._ready(work):
                    yield work

    def advance(self) -> None:
        """Note the requests of which nothing more will come."""
        for asked in list(self.open()):
            stages = enumerate(asked.request.stages)
            begun = [stage for k, stage in stages if not stage.refines or self._opened(asked, k)]
            if all(self.works[job.key].over for stage in begun for job in stage.jobs):
                self._good_enough(asked, _levels(asked.request))  # for the error of the last level but one
                asked.over = True
                if asked.request.address:
                    self.store.finish(asked.request.key, written(asked.request))
                else:
                    self.store.forget(asked.request.key)

    def claimed(self, work: Work) -> bool:
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
                self.finish(work, "finished")
            return False
        self._claims[key] = lock
        if key in self.store:  # finished by another process in the meantime
            self.finish(work, "finished")
            return False
        return True

    def finish(self, work: Work, state: State, error: Exception | None = None) -> None:
        """Note that nothing more will come of a job."""
        with self.lock:
            work.state, work.error = state, error
            if state == "finished":
                work.parts.done = work.parts.total
            self.release(work)

    def release(self, work: Work) -> None:
        """Let other processes work on a job."""
        if (lock := self._claims.pop(work.job.key, None)) is not None:
            # removed while it is held: whoever has it open sees that it is gone, and makes it anew
            with contextlib.suppress(OSError):  # Windows removes no open file
                os.unlink(lock.lock_file)
            lock.release()

    def begin_anew(self, job: Job) -> None:
        """Forget that a job was finished: its result is gone."""
        with self.lock:
            self.works[job.key] = Work.of(job)

    def withdraw(self, asked: Asked) -> list[Work]:
        """Cancel a request, and return the jobs that nobody else asked for."""
        with self.lock:
            asked.cancelled = True
            self.store.forget(asked.request.key)
            wanted = {job.key for other in self.open() for job in other.request.jobs}
            unwanted = [self.works[job.key] for job in asked.request.jobs if job.key not in wanted]
            dropped = [work for work in unwanted if not work.over]
            for work in dropped:
                self.finish(work, "cancelled")
            return dropped

    def lose(self, key: str) -> None:
        """Forget a result that is gone, and who asked for it: whoever asks again has it made anew."""
        with self.lock:
            work = self.works.get(key)
            if work is not None and work.state == "finished" and key not in self.store:
                del self.works[key]
                for asked in [a for a in self.asked.values() if any(job.key == key for job in a.request.jobs)]:
                    del self.asked[asked.request.key]

    def _served(self, asked: Asked) -> list[float]:
        return [self.served.get(session, 0.0) for session in asked.sessions]

    def _work_of(self, job: Job) -> Work:
        """Return the work of a job: the one there is, or a new one; finished already if the store has its result."""
        work = self.works.get(job.key)
        lost = work is not None and work.state == "finished" and job.key not in self.store
        if work is None or lost or work.state in ("failed", "cancelled"):
            work = self.works[job.key] = Work.of(job)
            if job.key in self.store:
                work.state, work.parts.done = "finished", work.parts.total
            else:
                work.parts.restore(self.store.pieces(job.key))
        return work

    def _ready(self, work: Work) -> bool:
        """Say whether the run that a job is about is there; if that failed, so has the job."""
        run = self.works.get(Job("run", work.job.run).key)
        if work.job.kind == "run" or run is None or run.state == "finished":
            return True
        if run.over:
            self.finish(work, run.state, run.error)
        return False

    def _opened(self, asked: Asked, number: int) -> bool:
        """Say whether a stage that refines may begin."""
        before = [k for k in _levels(asked.request) if k < number]
        return not before or (self._complete(asked, before) and not self._good_enough(asked, before))

    def _complete(self, asked: Asked, stages: list[int]) -> bool:
        return all(self.works[job.key].over for k in stages for job in asked.request.stages[k].jobs)

    def _good_enough(self, asked: Asked, levels: list[int]) -> bool:
        """Say whether one of the finished levels has shown the one before it to be as accurate as is asked."""
        for coarse, fine in pairwise(levels):
            if not self._complete(asked, [fine]):
                return False
            if fine not in asked.errors:
                asked.errors[fine] = self._errors(asked.request, coarse, fine)
            if (
                max((asked.errors[fine].get(metric, 0.0) for metric in CONVERGENCE_METRICS), default=0.0)
                <= asked.request.accuracy
            ):
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
        return relative_errors(found)


def _levels(request: Request) -> list[int]:
    return [number for number, stage in enumerate(request.stages) if stage.refines]
