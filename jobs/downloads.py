"""Data files that are on their way: one thread for each set of them, whoever asks and whoever leaves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from normscape.landscape import download
from normscape.landscape.data.files import DataFile


@dataclass(eq=False)
class Transfer:
    """How far some files are."""

    done: int = 0  # bytes of the file that is being fetched
    of: int = 0  # bytes in all of that file; 0 while it is not known
    over: bool = False
    error: Exception | None = None


class Fetching:
    """All transfers of one server."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._transfers: dict[tuple[str, ...], Transfer] = {}

    def transfer(self, files: Sequence[DataFile]) -> Transfer | None:
        """Return how far files are; None if nobody asked for them, or they are there."""
        return self._transfers.get(_key(files))

    def fetch(self, files: Sequence[DataFile]) -> Transfer:
        """Fetch files, unless they are on their way already; what an earlier attempt has left is gone on with."""
        with self._lock:
            transfer = self._transfers.get(_key(files))
            if transfer is None or transfer.over:
                transfer = self._transfers[_key(files)] = Transfer()
                # a daemon: the server need not wait for a slow mirror, and what has arrived is kept
                threading.Thread(target=self._run, args=(tuple(files), transfer), daemon=True).start()
            return transfer

    def _run(self, files: tuple[DataFile, ...], transfer: Transfer) -> None:
        def report(done: int, of: int) -> None:
            transfer.done, transfer.of = done, of

        try:
            download(files, on_progress=report)
            with self._lock:
                del self._transfers[_key(files)]
        except Exception as error:  # it is told on the page
            transfer.error = error
        finally:
            transfer.over = True


def _key(files: Sequence[DataFile]) -> tuple[str, ...]:
    return tuple(file.path for file in files)
