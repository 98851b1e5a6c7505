"""Partitions of jobs into pieces: a chain of training steps, the points of a surface, or a single piece."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np

from normscape.jobs.job_spec import Job
from normscape.jobs.scheduling.steps_partition import StepsPartition
from normscape.jobs.serialization import checkpoint_steps, history_arrays, run_of_state, serialize
from normscape.jobs.store.files import Arrays, Contents
from normscape.landscape.measurement import Piece
from normscape.landscape.surface import fill
from normscape.specs import SurfaceSpec

PIECE_SECONDS = 0.4
"""Target duration of a run of points: short enough to stop, long enough for the cost of a message to be small."""

FIRST_POINTS = 4
"""Size of the first run, before the duration of a point is known."""

MAX_POINTS = 256


class Partition(Protocol):
    """The pieces of a job."""

    completed: int
    total: int

    def restore(self, pieces: Mapping[str, Contents]) -> None:
        """Add the pieces that the store has kept."""

    def take(self, worker: str) -> Piece | None:
        """Return a piece for a worker, and mark it as taken; None if no piece is available now."""

    def put_back(self, piece: Piece) -> None:
        """Make a lost piece available again."""

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the result of a piece; return its name in the store until the job is finished, "" if it has none."""

    def result(self) -> Contents | None:
        """Return the result of the job, None before the last piece."""

    def partial(self) -> Arrays | None:
        """Return read-only arrays of what pages show before the last piece, None if there is nothing."""

    def clear(self) -> None:
        """Release the memory of all results."""


def partition_of(job: Job) -> Partition:
    """Return the partition of a job, without any finished piece."""
    partitions: Mapping[str, Callable[[Job], Partition]] = {
        "run": ChainPartition,
        "losses": PointsPartition,
        "surface": PointsPartition,
    }
    return partitions.get(job.kind, StepsPartition if job.steps else SinglePartition)(job)


def total_of(job: Job) -> int:
    """Return the number of units of a job: training steps, points, or 1; of a curve its steps and 1."""
    if job.kind == "run":
        return max(1, job.run.last_step)
    if job.kind in ("losses", "surface") and isinstance(job.question, SurfaceSpec):
        return math.prod(job.question.grid.points)
    return job.steps + 1


class SinglePartition:
    """A single piece."""

    def __init__(self, job: Job) -> None:
        """Start without a result."""
        self.completed, self.total = 0, 1
        self._taken = False
        self._contents: Contents | None = None

    def restore(self, pieces: Mapping[str, Contents]) -> None:
        """Do nothing: there are no pieces but the whole."""

    def take(self, worker: str) -> Piece | None:
        """Return the piece, once."""
        if self._taken:
            return None
        self._taken = True
        return Piece("whole")

    def put_back(self, piece: Piece) -> None:
        """Make the piece available again."""
        self._taken = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the result."""
        self.completed, self._contents = 1, contents
        return ""

    def result(self) -> Contents | None:
        """Return the result."""
        return self._contents

    def partial(self) -> Arrays | None:
        """Return None: there is the whole or nothing."""
        return None

    def clear(self) -> None:
        """Release the result."""
        self._contents = None


class ChainPartition:
    """Training: each piece starts from the state at the end of the previous one; the store keeps the last state."""

    def __init__(self, job: Job) -> None:
        """Start at step 0."""
        self.completed, self.total = 0, total_of(job)
        self.state: Contents | None = None
        self.checkpoints: frozenset[int] = frozenset()  # steps whose weights are in the state
        self.threads: int | None = None  # of all pieces, since weights depend on it; None before the first
        self.devices: tuple[str, ...] = ()  # of the pieces so far, in order; more than one only if a device was lost
        self._taken = False

    def restore(self, pieces: Mapping[str, Contents]) -> None:
        """Resume from the last state."""
        if "state" in pieces:
            self._resume(pieces["state"])
            machine = pieces["state"].metadata.get("machine", {})
            self.threads = int(machine.get("threads", 1))
            self.devices = tuple(machine.get("device", "cpu").split(", "))

    def take(self, worker: str) -> Piece | None:
        """Return the remaining steps, unless a worker has them."""
        if self._taken:
            return None
        self._taken = True
        return Piece("steps", self.completed, self.total, self.threads or 1)

    def put_back(self, piece: Piece) -> None:
        """Make the remaining steps available again."""
        self._taken = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the next state."""
        self._resume(contents)
        self._taken = False
        return "state"

    def add_device(self, device: str) -> str:
        """Add the device of the last piece, and return the devices of all pieces, for the record of the run."""
        if device not in self.devices[-1:]:
            self.devices = (*self.devices, device)
        return ", ".join(self.devices)

    def result(self) -> Contents | None:
        """Return the run if the state is the last one."""
        finished = self.state is not None and self.state.metadata["finished"]
        return run_of_state(self.state) if self.state is not None and finished else None

    def partial(self) -> Arrays | None:
        """Return the training curves so far, as in `History`."""
        return None if self.state is None else history_arrays(self.state)

    def clear(self) -> None:
        """Release the state."""
        self.state, self.checkpoints = None, frozenset()

    def _resume(self, state: Contents) -> None:
        self.state, self.completed = state, int(state.metadata["step"])
        self.checkpoints = checkpoint_steps(state)


class PointsPartition:
    """The points of a surface, in runs whose size is chosen when a worker takes one.

    A worker continues after its last run, since it has kept the gradients of the points before. A new worker starts
    towards the end of the longest range of points that no worker has taken.
    """

    def __init__(self, job: Job) -> None:
        """Start without any evaluated point."""
        if not isinstance(job.question, SurfaceSpec):
            raise TypeError(f"only surfaces have points, not {job.question!r}")
        self._columns, self.total, self.completed = job.question.grid.points[0], total_of(job), 0
        self._arrays: dict[str, np.ndarray] = {}
        self._evaluated = np.zeros(self.total, dtype=bool)
        self._taken = np.zeros(self.total, dtype=bool)
        self._next: dict[str, int] = {}
        self._seconds: float | None = None  # per point, of the last run

    def restore(self, pieces: Mapping[str, Contents]) -> None:
        """Add runs of points."""
        for name, contents in pieces.items():
            first, last = map(int, name.split("-"))
            self._taken[first:last] = True
            self._fill(Piece("points", first, last), contents.arrays)

    def take(self, worker: str) -> Piece | None:
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

    def put_back(self, piece: Piece) -> None:
        """Make points available again."""
        self._taken[piece.first : piece.last] = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the values of a run of points."""
        self._seconds = seconds / (piece.last - piece.first)
        self._fill(piece, contents.arrays)
        return f"{piece.first:07d}-{piece.last:07d}"

    def result(self) -> Contents | None:
        """Return the values of all points, None before the last one."""
        return serialize(self._points()) if self._evaluated.all() else None

    def partial(self) -> Arrays | None:
        """Return the values of the evaluated points, each (points, ...), and the mask `evaluated`."""
        return self._points() if self.completed else None

    def _points(self) -> Arrays:
        arrays = {name: array.copy() for name, array in (*self._arrays.items(), ("evaluated", self._evaluated))}
        for array in arrays.values():
            array.flags.writeable = False
        return arrays

    def clear(self) -> None:
        """Release all values."""
        self._arrays = {}

    def _fill(self, piece: Piece, values: Arrays) -> None:
        fill(self._arrays, self._evaluated, piece, values)
        self.completed = int(self._evaluated.sum())

    def _size(self) -> int:
        if self._seconds is None:
            return FIRST_POINTS
        wanted = min(MAX_POINTS, max(1, round(PIECE_SECONDS / max(self._seconds, 1e-6))))
        # smaller runs towards the end, so that all workers end together
        rest = int((~self._taken).sum()) // (2 * max(1, len(self._next)))
        return min(wanted, max(rest, wanted // 4, 1))

    def _start(self, free: np.ndarray) -> int:
        """Return the first point of a new worker, so that it ends together with the worker before it.

        It has no gradients there, and evaluates the points below its own again, at most a row of them: of a range of n
        points in rows of w it takes n / 3 up to n = 3 w, where each costs two evaluations, and (n - w) / 2 above.
        """
        if free.all():
            return 0
        first, last = max(_ranges(free), key=lambda ends: ends[1] - ends[0])
        return last - max(1, (last - first) // 3, (last - first - self._columns) // 2)


def _ranges(mask: np.ndarray) -> Iterable[tuple[int, int]]:
    """Return (first, last) of every range of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in zip(edges[::2], edges[1::2], strict=True)]
