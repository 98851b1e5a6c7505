"""The store: one folder of files that are named by the SHA-256 of a job or a request.

    results/ab/abcd….safetensors            results of finished jobs
    pieces/abcd…/NAME.safetensors           finished pieces of unfinished jobs
    requests/….json                         requests that are neither finished nor cancelled
    recent/….json                           the latest finished requests
    damaged/                                corrupt files

Several processes can use a store at the same time: files are written under a temporary name and renamed.

A second folder with results only, which ships with the product, is read where the first has none. Nothing is written,
moved or deleted there. Its runs may be abridged: without weights, which are computed again when a job needs them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from normscape.jobs.store.errors import CorruptFile, StoreTooSmall
from normscape.jobs.store.files import Arrays, Contents, Metadata, read, read_metadata, write

LOG = logging.getLogger(__name__)

MAX_RECENT = 30
"""Finished requests that are kept."""


class Entry(NamedTuple):
    """The size of a result, and when it was last used."""

    key: str
    bytes: int
    used: float  # seconds since 1970


class Store:
    """Results, pieces and requests in one folder; above a size limit the least recently used results are evicted."""

    def __init__(self, folder: Path, limit: int, shipped: Path | None = None) -> None:
        """Use a folder; it is created with the first file.

        Args:
            folder: of all files.
            limit: bytes of results that are kept.
            shipped: folder of results that are only read.
        """
        self.folder, self.limit, self.shipped = folder, limit, shipped

    def get(self, key: str) -> Contents | None:
        """Return a result, or None if there is none; a corrupt file is moved to `damaged` and counts as none."""
        contents = self._read(self._result(key))
        if contents is not None:
            with contextlib.suppress(OSError):
                os.utime(self._result(key))
            return contents
        return self._shipped_contents(key)

    def __contains__(self, key: str) -> bool:
        """Whether there is a file for a result; `get` checks its contents."""
        return self._result(key).is_file() or self.is_shipped(key)

    def is_shipped(self, key: str) -> bool:
        """Whether a result comes from the read-only folder alone."""
        return not self._result(key).is_file() and self.shipped is not None and _file(self.shipped, key).is_file()

    def is_abridged(self, key: str) -> bool:
        """Whether a result lacks its weights, so that no job can start from it (`serialization.abridged_run`)."""
        return self.is_shipped(key) and bool(self.metadata(key).get("abridged"))

    def put(self, key: str, arrays: Arrays, metadata: Metadata, beside: Collection[str] = ()) -> None:
        """Keep a result, delete its pieces, and evict other results above the size limit.

        Args:
            key: of the result.
            arrays: of the result.
            metadata: of the result.
            beside: keys of the same experiment, which are not evicted.

        Raises:
            StoreFull: the disk is full.
            StoreUnwritable: the folder cannot be written.
            StoreTooSmall: the results of the experiment exceed the limit; this one is not kept.
        """
        write(self._result(key), arrays, metadata)
        self.delete_pieces(key)
        self._evict(key, {key, *beside})

    def put_piece(self, key: str, name: str, arrays: Arrays, metadata: Metadata) -> None:
        """Keep a piece of an unfinished result.

        Raises:
            StoreFull: the disk is full.
            StoreUnwritable: the folder cannot be written.
        """
        write(self._pieces(key) / f"{name}.safetensors", arrays, metadata)

    def pieces(self, key: str) -> Mapping[str, Contents]:
        """Return the intact pieces of an unfinished result, by name."""
        paths = sorted(self._pieces(key).glob("*.safetensors"))
        pieces = {path.stem: self._read(path, copy=True) for path in paths if not path.name.startswith(".")}
        return {name: contents for name, contents in pieces.items() if contents is not None}

    def delete_pieces(self, key: str) -> None:
        """Delete the pieces of a result."""
        shutil.rmtree(self._pieces(key), ignore_errors=True)

    def save_request(self, name: str, request: Mapping[str, Any], folder: str = "requests") -> None:
        """Keep a request until it is deleted; a request that cannot be written does not resume after a crash."""
        path = self.folder / folder / f"{name}.json"
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(request, sort_keys=True))
            os.replace(temporary, path)
        except OSError as error:
            LOG.warning("a request cannot be kept: %s", error)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def delete_request(self, name: str, folder: str = "requests") -> None:
        """Delete a request if there is one; one that cannot be deleted is resumed at the next start."""
        _unlink(self.folder / folder / f"{name}.json")

    def requests(self, folder: str = "requests") -> Mapping[str, Mapping[str, Any]]:
        """Return the requests of a folder, the oldest first."""
        requests = {}
        paths = [path for path in (self.folder / folder).glob("*.json") if not path.name.startswith(".")]
        for path in sorted(paths, key=_modified):
            try:
                requests[path.stem] = json.loads(path.read_text())
            except (ValueError, RecursionError):
                self._set_aside(path, "it is not JSON")
            except FileNotFoundError:
                continue
            except OSError as error:
                LOG.warning("a request is not resumed: %s", error)
        return requests

    def request_time(self, name: str, folder: str = "requests") -> float:
        """Return when a request was written, in seconds since 1970; 0 if it is gone."""
        return _modified(self.folder / folder / f"{name}.json")

    def archive_request(self, name: str, request: Mapping[str, Any]) -> None:
        """Move a request to the recent ones, and delete the oldest of these above `MAX_RECENT`."""
        self.save_request(name, request, "recent")
        self.delete_request(name)
        for old in list(self.requests("recent"))[:-MAX_RECENT]:
            self.delete_request(old, "recent")

    def metadata(self, key: str) -> Metadata:
        """Return the metadata of a result; {} if it is missing or corrupt."""
        path = _file(self.shipped, key) if self.shipped is not None and self.is_shipped(key) else self._result(key)
        try:
            return read_metadata(path)
        except (OSError, CorruptFile):
            return {}

    def entries(self) -> tuple[Entry, ...]:
        """Return all results, the most recently used first."""
        return tuple(sorted(self._entries(), key=lambda entry: -entry.used))

    def delete(self, key: str) -> None:
        """Delete a result and its pieces."""
        self._result(key).unlink(missing_ok=True)
        self.delete_pieces(key)

    def _entries(self) -> Iterator[Entry]:
        for path in (self.folder / "results").glob("*/*.safetensors"):
            with contextlib.suppress(FileNotFoundError):  # another process has just deleted it
                status = path.stat()
                if not path.name.startswith("."):
                    yield Entry(path.stem, status.st_size, status.st_mtime)

    def _evict(self, key: str, keep: Collection[str]) -> None:
        entries = self.entries()
        kept = [entry for entry in entries if entry.key in keep]
        if len(kept) > 1 and (size := sum(entry.bytes for entry in kept)) > self.limit:
            _unlink(self._result(key))
            raise StoreTooSmall(size, self.limit)
        total = sum(entry.bytes for entry in entries)
        for entry in reversed(entries):
            if total <= self.limit:
                return
            if entry.key not in keep:
                _unlink(self._result(entry.key))
                total -= entry.bytes

    def _read(self, path: Path, *, copy: bool = False) -> Contents | None:
        try:
            return read(path, copy=copy)
        except FileNotFoundError:
            return None
        except CorruptFile as error:
            self._set_aside(path, str(error))
        except OSError as error:
            LOG.warning("a file of the store cannot be read: %s", error)
        return None

    def _set_aside(self, path: Path, why: str) -> None:
        LOG.warning("%s is set aside, and its contents are computed again: %s", path.name, why)
        target = self.folder / "damaged" / f"{time.time():.0f}-{path.parent.name}-{path.name}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        except FileNotFoundError:
            return
        except OSError as error:
            LOG.warning("%s stays where it is: %s", path, error)

    def _shipped_contents(self, key: str) -> Contents | None:
        if self.shipped is None:
            return None
        try:
            return read(_file(self.shipped, key))
        except FileNotFoundError:
            return None
        except (CorruptFile, OSError) as error:
            LOG.warning("a shipped result is computed again: %s", error)
            return None

    def _result(self, key: str) -> Path:
        return _file(self.folder / "results", key)

    def _pieces(self, key: str) -> Path:
        return self.folder / "pieces" / key


def _file(results: Path, key: str) -> Path:
    return results / key[:2] / f"{key}.safetensors"


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        LOG.warning("a file of the store cannot be deleted: %s", error)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
