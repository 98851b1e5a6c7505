"""What runs on a worker: one piece of one job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from distributed import Event

from normscape.jobs.job import Job
from normscape.jobs.kinds import KINDS
from normscape.jobs.store.files import Contents
from normscape.jobs.workers.inputs import Shelf
from normscape.landscape import StoppedError, machine_record
from normscape.landscape.measurement import Piece, Stop

POLL = 0.5
"""Seconds between two questions whether to stop. Each is a message to the scheduler, and a piece usually ends before:
what it gives then is kept, or dropped where it lands if nobody wants it any more."""

CHAIN_SECONDS = 0.5
"""How long a part of a chain takes, about: the most that a killed worker costs."""


class Done(NamedTuple):
    """What a piece gave."""

    contents: Contents
    seconds: float
    machine: Mapping[str, str]


def perform(job: Job, piece: Piece, stop_name: str, folder: Path | None, sent: Mapping[str, Contents]) -> Done | None:
    """Do one piece; None if it was stopped.

    Args:
        job: what is asked.
        piece: which part of it.
        stop_name: of the event that stops it.
        folder: the store's, None if workers do not share it.
        sent: what is needed of earlier jobs, by key, where they do not.
    """
    begin = time.monotonic()
    kind, asked = KINDS[job.kind], _polled(stop_name)

    def stop() -> bool:
        return asked() or (kind.shape == "chain" and time.monotonic() - begin > CHAIN_SECONDS)

    try:
        contents = kind.evaluate(job, piece, Shelf(folder, sent), stop)
    except StoppedError:
        return None
    return Done(contents, time.monotonic() - begin, machine_record())


def sees(token: Path) -> bool:
    """Say whether a file is there, that is, whether this worker shares the folder that it lies in."""
    return token.is_file()


def _polled(name: str) -> Stop:
    event: Event | None = None
    last, found = time.monotonic(), False

    def stop() -> bool:
        nonlocal event, last, found
        if not found and time.monotonic() - last > POLL:
            # the event is made when it is first asked for: that too is a message to the scheduler
            event = event or Event(name)  # type: ignore[no-untyped-call]
            last, found = time.monotonic(), bool(event.is_set())  # type: ignore[no-untyped-call]
        return found

    return stop
