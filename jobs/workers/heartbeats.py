"""Heartbeats: which workers are silent, so that their pieces go to others long before the Dask scheduler gives up."""

from __future__ import annotations

from collections.abc import Mapping

SILENT_SECONDS = 15.0
"""Silence after which a worker counts as hung. Workers of a small cluster send two heartbeats a second, in a thread of
their own, however long a piece takes."""

MAX_GAP_SECONDS = 6.0
"""Most silence that one reading adds: between two readings that are further apart, it was the reader that paused."""


class Heartbeats:
    """The last heartbeat of every worker."""

    def __init__(self) -> None:
        """Start without workers."""
        self._last: dict[str, float] = {}
        self._silence: dict[str, float] = {}
        self._read_at: float | None = None

    def silent(self, seen: Mapping[str, float], now: float) -> frozenset[str]:
        """Return the workers that have been silent for `SILENT_SECONDS`.

        Args:
            seen: time of the last heartbeat by the scheduler's clock, by address of the worker.
            now: seconds by the clock of this process.
        """
        gap = 0.0 if self._read_at is None else min(now - self._read_at, MAX_GAP_SECONDS)
        before, silence = self._last, self._silence
        self._silence = {
            address: silence[address] + gap if before.get(address) == last else 0.0 for address, last in seen.items()
        }
        self._last, self._read_at = dict(seen), now
        return frozenset(address for address, seconds in self._silence.items() if seconds >= SILENT_SECONDS)
