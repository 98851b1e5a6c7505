"""The store: one folder of files that are named after what they answer.

    results/ab/abcd….safetensors            finished results, by the key of their job
    pieces/abcd…/NAME.safetensors           what is done of an unfinished one
    requests/….json                         what is asked and neither finished nor cancelled
    recent/….json                           what was asked and finished, the last of it
    damaged/                                files that were not what was written

Any number of processes may use it at once: files are written aside and renamed, and whoever does not find one makes it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from normscape.jobs.store.files import About, Arrays, Contents, Damaged, describe, read, write

LOG = logging.getLogger(__name__)


MOST_RECENT = 30
"""Finished requests that are remembered."""


class Entry(NamedTuple):
    """A finished result, as a list shows it."""

    key: str
    bytes: int
    used: float  # seconds since 1970


class Store:
    """Results, pieces and requests in one folder; the results used longest ago give way beyond a size."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Use a folder, which is made when something is written.

        Args:
            folder: where everything lies.
            limit: bytes of results that are kept.
        """
        self.folder, self.limit = folder, limit

    def get(self, key: str) -> Contents | None:
        """Return a result, or None if there is none; a damaged one is set aside, and counts as none."""
        found = self._read(self._result(key))
        if found is not None:
            with contextlib.suppress(OSError):
                os.utime(self._result(key))
        return found

    def __contains__(self, key: str) -> bool:
        """Say whether there is a result; whether it is whole shows when it is read."""
        return self._result(key).is_file()

    def put(self, key: str, arrays: Arrays, about: About) -> None:
        """Keep a result, and let those used longest ago go where all together are too large; its pieces go.

        Raises:
            StoreFull: the disk is full.
        """
        write(self._result(key), arrays, about)
        self.drop_pieces(key)
        self._evict(keep=key)

    def put_piece(self, key: str, name: str, arrays: Arrays, about: About) -> None:
        """Keep a part of an unfinished result.

        Raises:
            StoreFull: the disk is full.
        """
        write(self._pieces(key) / f"{name}.safetensors", arrays, about)

    def pieces(self, key: str) -> Mapping[str, Contents]:
        """Return the parts of an unfinished result that are there and whole, by name."""
        paths = sorted(self._pieces(key).glob("*.safetensors"))
        found = {path.stem: self._read(path) for path in paths if not path.name.startswith(".")}
        return {name: contents for name, contents in found.items() if contents is not None}

    def drop_pieces(self, key: str) -> None:
        """Forget the parts of a result."""
        shutil.rmtree(self._pieces(key), ignore_errors=True)

    def note(self, name: str, request: Mapping[str, Any], room: str = "requests") -> None:
        """Remember a request until it is forgotten; one that cannot be written is not resumed after a crash."""
        path = self.folder / room / f"{name}.json"
        aside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(request, sort_keys=True))
            os.replace(aside, path)
        except OSError as error:
            LOG.warning("a request cannot be remembered: %s", error)
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)

    def forget(self, name: str, room: str = "requests") -> None:
        """Forget a request; one that is not there is forgotten already."""
        (self.folder / room / f"{name}.json").unlink(missing_ok=True)

    def requests(self, room: str = "requests") -> Mapping[str, Mapping[str, Any]]:
        """Return the remembered requests, the oldest first."""
        found = {}
        paths = [path for path in (self.folder / room).glob("*.json") if not path.name.startswith(".")]
        for path in sorted(paths, key=_changed):
            try:
                found[path.stem] = json.loads(path.read_text())
            except ValueError:
                self._set_aside(path, "it is no JSON")
            except FileNotFoundError:
                continue
        return found

    def finish(self, name: str, request: Mapping[str, Any]) -> None:
        """Move a request from what is open to what was asked lately, of which the oldest goes."""
        self.note(name, request, "recent")
        self.forget(name)
        for old in list(self.requests("recent"))[:-MOST_RECENT]:
            self.forget(old, "recent")

    def describe(self, key: str) -> About:
        """Return what a result is about; {} if it is gone or damaged."""
        try:
            return describe(self._result(key))
        except (FileNotFoundError, Damaged):
            return {}

    def entries(self) -> tuple[Entry, ...]:
        """Return all finished results, the one used last first."""
        return tuple(sorted(self._entries(), key=lambda entry: -entry.used))

    def delete(self, key: str) -> None:
        """Delete a result and what there is of its parts."""
        self._result(key).unlink(missing_ok=True)
        self.drop_pieces(key)

    def _entries(self) -> Iterator[Entry]:
        for path in (self.folder / "results").glob("*/*.safetensors"):
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                found = path.stat()
                if not path.name.startswith("."):
                    yield Entry(path.stem, found.st_size, found.st_mtime)

    def _evict(self, keep: str) -> None:
        entries = self.entries()
        total = sum(entry.bytes for entry in entries)
        for entry in reversed(entries):
            if total <= self.limit:
                return
            if entry.key != keep:
                self._result(entry.key).unlink(missing_ok=True)
                total -= entry.bytes

    def _read(self, path: Path) -> Contents | None:
        try:
            return read(path)
        except FileNotFoundError:
            return None
        except Damaged as damage:
            self._set_aside(path, str(damage))
            return None

    def _set_aside(self, path: Path, why: str) -> None:
        LOG.warning("%s is set aside, and what it held is computed again: %s", path.name, why)
        aside = self.folder / "damaged" / f"{time.time():.0f}-{path.parent.name}-{path.name}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, aside)

    def _result(self, key: str) -> Path:
        return self.folder / "results" / key[:2] / f"{key}.safetensors"

    def _pieces(self, key: str) -> Path:
        return self.folder / "pieces" / key


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
