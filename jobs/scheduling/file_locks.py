"""File locks by which processes that share a store never work on the same job at the same time."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from filelock import FileLock, Timeout

from normscape.jobs.store.errors import write_error


class FileLocks:
    """The jobs that this process has locked. All locks end with the process."""

    def __init__(self, folder: Path) -> None:
        """Start without locks.

        Args:
            folder: of the lock files.
        """
        self._folder = folder
        self._locks: dict[str, FileLock] = {}

    def __contains__(self, key: str) -> bool:
        """Return whether this process has locked a job."""
        return key in self._locks

    def acquire(self, key: str) -> bool:
        """Lock a job; return False if another process has locked it.

        Raises:
            StoreUnwritable: the folder cannot be written.
        """
        lock = FileLock(self._folder / f"{key}.lock", timeout=0)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            raise write_error(self._folder, error) from error
        self._locks[key] = lock
        return True

    def release(self, key: str) -> None:
        """Let other processes work on a job."""
        if (lock := self._locks.pop(key, None)) is not None:
            # removed before the release: a process that has opened the file sees that it is gone, and creates it again
            with contextlib.suppress(OSError):  # Windows removes no open file
                os.unlink(lock.lock_file)
            lock.release()

    def release_all(self) -> None:
        """Let other processes work on all jobs."""
        for key in list(self._locks):
            self.release(key)
