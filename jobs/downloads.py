"""Downloads of data files: one thread per set of files, shared by all sessions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from normscape.landscape import download
from normscape.landscape.data.files import DataFile


@dataclass(eq=False)
class Transfer:
    """The progress of one download."""

    received: int = 0  # bytes of the current file
    size: int = 0  # bytes of the current file in total; 0 while unknown
    done: bool = False
    error: Exception | None = None


class Downloads:
    """All downloads of one server."""

    def __init__(self) -> None:
        """Start without downloads."""
        self._lock = threading.Lock()
        self._transfers: dict[tuple[str, ...], Transfer] = {}

    def transfer(self, files: Sequence[DataFile]) -> Transfer | None:
        """Return the progress of a download; None if it was never started, or has succeeded."""
        return self._transfers.get(_key(files))

    def start(self, files: Sequence[DataFile]) -> Transfer:
        """Download files unless that is in progress; partial files of an earlier attempt are continued."""
        with self._lock:
            transfer = self._transfers.get(_key(files))
            if transfer is None or transfer.done:
                transfer = self._transfers[_key(files)] = Transfer()
                # a daemon: the server need not wait for a slow mirror, and partial files are kept
                threading.Thread(target=self._run, args=(tuple(files), transfer), daemon=True).start()
            return transfer

    def _run(self, files: tuple[DataFile, ...], transfer: Transfer) -> None:
        def report(received: int, size: int) -> None:
            transfer.received, transfer.size = received, size

        try:
            download(files, on_progress=report)
            with self._lock:
                del self._transfers[_key(files)]
        except Exception as error:  # the page shows it
            transfer.error = error
        finally:
            transfer.done = True


def _key(files: Sequence[DataFile]) -> tuple[str, ...]:
    return tuple(file.path for file in files)
