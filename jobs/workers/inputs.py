"""What a worker has at hand: runs, slices, and states of training, found in the store or sent along."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normscape.jobs import serialization
from normscape.jobs.job import Job
from normscape.jobs.store.files import Contents
from normscape.jobs.store.store import Store
from normscape.landscape import Run, slice_of
from normscape.landscape.surface import Slice
from normscape.specs import spec_hash

MOST = 6
"""Runs and slices that a worker keeps; with a slice goes what is known of its points."""

_KEPT: OrderedDict[tuple[str, str], Any] = OrderedDict()


class RunMissing(LookupError):  # noqa: N818 - reads as the sentence it is
    """A run that a job is about is neither in the store nor was it sent."""


class Shelf:
    """Material for one piece of work."""

    def __init__(self, folder: Path | None, sent: Mapping[str, Contents]) -> None:
        """Use a store's folder if this worker sees it, and what was sent.

        Args:
            folder: the store's, None if it is not shared.
            sent: packed runs and states, by the key of their jobs.
        """
        self._store = None if folder is None else Store(folder, 2**62)  # nothing is written, so nothing is evicted
        self._sent = sent

    def run(self, job: Job) -> Run:
        """Return the run that a job is about.

        Raises:
            RunMissing: it is neither in the store nor sent.
        """
        of = Job("run", job.run)
        run: Run = _kept("run", of.key, lambda: serialization.unpack_run(job.run, self._found(of.key)))
        return run

    def slice(self, job: Job) -> Slice:
        """Return the slice that a job asks about; grids of the same slice share what is known of its points."""
        asked: Any = job.question
        key = f"{spec_hash(job.run)} {spec_hash(asked.evaluation)} {spec_hash(asked.plane)}"
        shared: Slice = _kept("slice", key, lambda: slice_of(self.run(job), asked.evaluation, asked.plane))
        return shared

    def state(self, job: Job) -> Contents | None:
        """Return what training goes on from, or None before its first step."""
        if job.key in self._sent:
            return self._sent[job.key]
        return None if self._store is None else self._store.pieces(job.key).get("state")

    def _found(self, key: str) -> Contents:
        found = self._sent.get(key) or (None if self._store is None else self._store.get(key))
        if found is None:
            raise RunMissing(f"the run {key} is neither in the store nor was it sent")
        return found


def _kept(what: str, key: str, make: Any) -> Any:
    if (what, key) not in _KEPT:
        _KEPT[what, key] = make()
    _KEPT.move_to_end((what, key))
    while len(_KEPT) > MOST:
        _KEPT.popitem(last=False)
    return _KEPT[what, key]
