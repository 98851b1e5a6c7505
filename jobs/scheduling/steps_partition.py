"""The partition of a job that takes steps of its own before it measures: a chain of them, and the measurement."""

from __future__ import annotations

from collections.abc import Mapping

from normscape.jobs.job_spec import Job
from normscape.jobs.store.files import Arrays, Contents
from normscape.landscape.measurement import Piece


class StepsPartition:
    """Each piece of steps starts from the state at the end of the one before it; the last piece measures."""

    def __init__(self, job: Job) -> None:
        """Start at step 0."""
        self.completed, self.total = 0, job.steps + 1
        self.state: Contents | None = None
        self._taken = False
        self._contents: Contents | None = None

    def restore(self, pieces: Mapping[str, Contents]) -> None:
        """Resume from the last state."""
        if "state" in pieces:
            self._resume(pieces["state"])

    def take(self, worker: str) -> Piece | None:
        """Return the remaining steps or the measurement, unless a worker has them."""
        if self._taken:
            return None
        self._taken, steps = True, self.total - 1
        return Piece("steps", self.completed, steps) if self.completed < steps else Piece("whole")

    def put_back(self, piece: Piece) -> None:
        """Make the piece available again."""
        self._taken = False

    def add(self, piece: Piece, contents: Contents, seconds: float) -> str:
        """Add the next state, or the result."""
        if piece.kind != "steps":
            self.completed, self._contents = self.total, contents
            return ""
        self._resume(contents)
        self._taken = False
        return "state"

    def result(self) -> Contents | None:
        """Return the result."""
        return self._contents

    def partial(self) -> Arrays | None:
        """Return None: pages show the whole or nothing."""
        return None

    def clear(self) -> None:
        """Release state and result."""
        self.state = self._contents = None

    def _resume(self, state: Contents) -> None:
        self.state, self.completed = state, int(state.metadata["result"]["step"])
