"""How far a job is, and which piece of it comes next: for a chain, for points, and for what is one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np

from normscape.jobs.job import Job
from normscape.jobs.kinds import KINDS, finished_run
from normscape.jobs.store.files import Contents
from normscape.landscape.measurement import Piece
from normscape.landscape.training.loop import last_step
from normscape.specs import SurfaceSpec

PIECE_SECONDS = 0.4
"""What a run of points aims at: short enough to be stopped, long enough that sending it costs little."""

FIRST_POINTS = 4
MOST_POINTS = 256


class Parts(Protocol):
    """What the queue asks of a job."""

    done: int
    total: int

    def restore(self, kept: Mapping[str, Contents]) -> None:
        """Take over the pieces that an earlier attempt has left in the store."""

    def next(self, worker: str) -> Piece | None:
        """Return a piece for a worker and count it as taken; None if there is none to give now."""

    def give_back(self, piece: Piece) -> None:
        """Make a piece that was lost one to be taken again."""

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Take what a piece gave, and return the name that it is kept by until the job is finished; "" for none."""

    def result(self) -> Contents | None:
        """Return the finished result, None before."""


def parts_of(job: Job) -> Parts:
    """Return a job's parts, none of them done."""
    shapes: Mapping[str, Callable[[Job], Parts]] = {"chain": Chain, "points": Points, "single": Single}
    return shapes[KINDS[job.kind].shape](job)


class Single:
    """One piece."""

    def __init__(self, job: Job) -> None:
        """Start with nothing done."""
        self.done, self.total = 0, 1
        self._taken = False
        self._found: Contents | None = None

    def restore(self, kept: Mapping[str, Contents]) -> None:
        """Nothing is left of one piece but the whole."""

    def next(self, worker: str) -> Piece | None:
        """Return the piece, once."""
        if self._taken:
            return None
        self._taken = True
        return Piece("whole")

    def give_back(self, piece: Piece) -> None:
        """Return it again."""
        self._taken = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Take the result."""
        self.done, self._found = 1, contents
        return ""

    def result(self) -> Contents | None:
        """Return it."""
        return self._found


class Chain:
    """Parts that each start where the last one ended; the state between two of them is what is kept."""

    def __init__(self, job: Job) -> None:
        """Start at step 0."""
        self._job = job
        self.done, self.total = 0, max(1, last_step(job.run))
        self.state: Contents | None = None
        self._taken = False

    def restore(self, kept: Mapping[str, Contents]) -> None:
        """Go on from the last state."""
        if "state" in kept:
            self.state = kept["state"]
            self.done = int(self.state.about["step"])

    def next(self, worker: str) -> Piece | None:
        """Return the steps from the last state on, if nobody is taking them."""
        if self._taken:
            return None
        self._taken = True
        return Piece("steps", self.done, self.total)

    def give_back(self, piece: Piece) -> None:
        """Let them be taken again."""
        self._taken = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Take the new state."""
        self.state, self._taken = contents, False
        self.done = int(contents.about["step"])
        return "state"

    def result(self) -> Contents | None:
        """Return the run when its last step is taken."""
        return None if self.state is None else finished_run(self.state, self._job)


class Points:
    """Points of a grid, in runs that are cut as they are given away.

    A worker goes on where it ended, since it has the gradients of the points before; one that comes new starts towards
    the end of the longest stretch that nobody has taken.
    """

    def __init__(self, job: Job) -> None:
        """Start with no point done."""
        if not isinstance(job.question, SurfaceSpec):
            raise TypeError(f"only surfaces have points, not {job.question!r}")
        self._row, rows = job.question.grid.points
        self.total, self.done = self._row * rows, 0
        self.arrays: dict[str, np.ndarray] = {}
        self.evaluated = np.zeros(self.total, dtype=bool)
        self._taken = np.zeros(self.total, dtype=bool)
        self._next: dict[str, int] = {}
        self._seconds: float | None = None  # of a point, by the last run

    def restore(self, kept: Mapping[str, Contents]) -> None:
        """Take over runs of points."""
        for name, contents in kept.items():
            first, last = map(int, name.split("-"))
            self._taken[first:last] = True
            self._fill(first, last, contents)

    def next(self, worker: str) -> Piece | None:
        """Return a run of points for a worker."""
        free = ~self._taken
        if not free.any():
            return None
        size = self._size()
        first = self._next.get(worker, -1)
        if not 0 <= first < self.total or not free[first]:
            first = self._start(free)
        last = first + 1
        while last < min(first + size, self.total) and free[last]:
            last += 1
        self._taken[first:last] = True
        self._next[worker] = last
        return Piece("points", first, last)

    def give_back(self, piece: Piece) -> None:
        """Let points be taken again."""
        self._taken[piece.first : piece.last] = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Take a run of points."""
        self._seconds = seconds / (piece.last - piece.first)
        self._fill(piece.first, piece.last, contents)
        return f"{piece.first:07d}-{piece.last:07d}"

    def result(self) -> Contents | None:
        """Return all points when they are there."""
        return self.partial() if self.evaluated.all() else None

    def partial(self) -> Contents:
        """Return what there is; values of other points are 0, and `evaluated` says so."""
        return Contents(
            {**{name: array.copy() for name, array in self.arrays.items()}, "evaluated": self.evaluated.copy()}, {}
        )

    def _fill(self, first: int, last: int, contents: Contents) -> None:
        for name, array in contents.arrays.items():
            if name not in self.arrays:
                self.arrays[name] = np.zeros((self.total, *array.shape[1:]), array.dtype)
            self.arrays[name][first:last] = array
        self.evaluated[first:last] = True
        self.done = int(self.evaluated.sum())

    def _size(self) -> int:
        if self._seconds is None:
            return FIRST_POINTS
        wanted = min(MOST_POINTS, max(1, round(PIECE_SECONDS / max(self._seconds, 1e-6))))
        # towards the end in smaller runs, so that all workers end together
        rest = int((~self._taken).sum()) // (2 * max(1, len(self._next)))
        return min(wanted, max(rest, wanted // 4, 1))

    def _start(self, free: np.ndarray) -> int:
        """Return where a worker that comes new starts, so that it ends together with the one that is before it.

        It has no gradients there, and evaluates the points below its own again, a row of them at most: of a stretch of
        n points in rows of w it takes n / 3 up to n = 3 w, where each costs it two, and (n - w) / 2 of longer ones.
        """
        if free.all():
            return 0
        first, last = max(_stretches(free), key=lambda stretch: stretch[1] - stretch[0])
        return last - max(1, (last - first) // 3, (last - first - self._row) // 2)


def _stretches(free: np.ndarray) -> Iterable[tuple[int, int]]:
    """Return (first, last) of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
