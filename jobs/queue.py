"""The queue: what pages ask, and what they are told.

A piece is sent when a worker has fewer than two, taken in turn from the browser sessions that wait, so that nobody's
long work keeps others waiting. What comes back goes into the store at once; what is asked, too, so that it goes on
after a crash.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from normscape.jobs.dispatcher import Connect, Loop
from normscape.jobs.job import Job
from normscape.jobs.job_state import Asked, Status, Work
from normscape.jobs.kinds import KINDS
from normscape.jobs.partition import Points
from normscape.jobs.request import Request
from normscape.jobs.scheduler import RESUMED, Board
from normscape.jobs.settings import Settings
from normscape.jobs.store.store import Store
from normscape.jobs.workers.cluster import Cluster
from normscape.specs import SurfaceSpec

UNPACKED = 400
"""Results that are kept unpacked; arrays of runs stay in their files."""


class Queue:
    """Everything that is asked of one server, by however many sessions."""

    def __init__(self, settings: Settings, *, connect: Connect = Cluster) -> None:
        """Go on with what the store remembers, and start the thread.

        Args:
            settings: where results are kept, and where work is done.
            connect: gives workers.
        """
        self.store = Store(settings.home, settings.store_bytes)
        self.board = Board(self.store)
        self.loop = Loop(self.board, settings, connect)
        self._unpacked: OrderedDict[str, Any] = OrderedDict()

    @property
    def trouble(self) -> str | None:
        """Why nobody works, None if somebody does."""
        return self.loop.trouble

    @property
    def ready(self) -> bool:
        """Whether there are workers."""
        return self.loop.cluster is not None

    def ask(self, request: Request, session: str) -> None:
        """Ask for jobs; what is in the store or asked already is not done again."""
        self.board.ask(request, session)
        self.loop.wake()

    def look(self, job: Job) -> Status:
        """Return how far a job is; one that nobody asked for waits."""
        with self.board.lock:
            work = self.board.works.get(job.key) or Work.of(job)
            return work.status(max(1, len(self.loop.busy)))

    def result(self, job: Job) -> Any | None:
        """Return a finished job's result, None if it is not finished or its file is gone."""
        key = job.key
        with self.board.lock:
            if key in self._unpacked:
                self._unpacked.move_to_end(key)
                return self._unpacked[key]
            work = self.board.works.get(key)
        if work is not None and work.state != "finished":
            return None
        packed = self.store.get(key)
        if packed is None:
            self.loop.wake(partial(self.board.lose, key))
            return None
        found = KINDS[job.kind].unpack(job, packed)
        with self.board.lock:
            self._unpacked[key] = found
            while len(self._unpacked) > UNPACKED:
                self._unpacked.popitem(last=False)
        return found

    def partial(self, job: Job) -> Mapping[str, Any] | None:
        """Return what is there of a surface that is worked on, None if nothing is."""
        with self.board.lock:
            work = self.board.works.get(job.key)
            if work is None or not isinstance(work.parts, Points) or not work.parts.arrays:
                return None
            return work.parts.partial().arrays

    def errors(self, request: Request, number: int) -> Mapping[str, float] | None:
        """Return the errors of the level before a stage, measured by that stage; None if they are not known yet."""
        with self.board.lock:
            asked = self.board.asked.get(request.key)
            return None if asked is None else asked.errors.get(number)

    def asked(self) -> tuple[Asked, ...]:
        """Return all requests, the last first."""
        with self.board.lock:
            return tuple(sorted(self.board.asked.values(), key=lambda asked: -asked.since))

    @property
    def sessions(self) -> int:
        """How many sessions wait for something."""
        with self.board.lock:
            return len({name for asked in self.board.open() for name in asked.sessions})

    def over(self, request: Request) -> bool:
        """Say whether nothing more will come of a request."""
        with self.board.lock:
            asked = self.board.asked.get(request.key)
            return asked is None or asked.over or asked.cancelled

    def since(self, request: Request) -> float:
        """Return when a request was made first, in seconds since 1970; 0 if it never was."""
        with self.board.lock:
            asked = self.board.asked.get(request.key)
            return 0.0 if asked is None else asked.since

    def name(self, job: Job) -> str:
        """Return what a job is, for people: with the grid's size, where it has one."""
        name = KINDS[job.kind].name
        if job.kind == "surface" and isinstance(job.question, SurfaceSpec):
            return f"{name} {' x '.join(map(str, job.question.grid.points))}"
        return name

    def cancel(self, key: str, session: str, present: Callable[[str], bool] = lambda _: True) -> None:
        """Withdraw a session's request; what nobody else asked for stops.

        Args:
            key: of the request.
            session: who withdraws.
            present: says whether another session still waits.
        """
        with self.board.lock:
            asked = self.board.asked.get(key)
            if asked is None or asked.over or asked.cancelled:
                return
            asked.sessions = {name for name in asked.sessions - {session, RESUMED} if present(name)}
            if not asked.sessions:
                for work in self.board.withdraw(asked):
                    self.loop.wake(partial(self.loop.stop, work))

    def try_again(self, request: Request) -> None:
        """Forget that a request failed: who asks it again has what is missing done anew."""
        with self.board.lock:
            if (asked := self.board.asked.get(request.key)) is not None and asked.over:
                del self.board.asked[request.key]

    def delete(self, key: str) -> None:
        """Delete a result from the store; who asks again has it made anew."""
        self.store.delete(key)
        with self.board.lock:
            self._unpacked.pop(key, None)
        self.loop.wake(partial(self.board.lose, key))

    def close(self) -> None:
        """Stop the thread and leave the workers; what is unfinished stays in the store."""
        self.loop.close()
