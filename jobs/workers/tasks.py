"""The tasks of a worker: one piece of one job."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from distributed import Event

from normscape.jobs.job_spec import Job
from normscape.jobs.kinds import KINDS
from normscape.jobs.serialization import serialize
from normscape.jobs.store.files import Contents
from normscape.jobs.workers.inputs import WorkerInputs
from normscape.landscape import StoppedError, machine_record
from normscape.landscape.measurement import Piece, Stop
from normscape.landscape.runtime import use_threads
from normscape.models.own import Source, adopt

POLL_SECONDS = 0.5
"""Interval at which a piece polls whether to stop. Each poll is a message to the Dask scheduler, and most pieces end
before: the result of such a piece is kept, or dropped by the scheduler if its job was cancelled."""

FIRST_TRAINING_SECONDS, TRAINING_SECONDS = 0.5, 2.0
"""Duration of the first and of every further piece of training, and so the most that a killed worker costs. A piece
ends with a message and a file that hold all weights kept so far."""


class PieceResult(NamedTuple):
    """The result of a piece."""

    contents: Contents
    seconds: float
    machine: Mapping[str, str]


def run_piece(
    job: Job,
    piece: Piece,
    stop_event: str,
    folder: Path | None,
    sent: Mapping[str, Contents],
    sources: Sequence[Source] = (),
) -> PieceResult | None:
    """Measure one piece; None if it was stopped.

    Args:
        job: the job.
        piece: the part of it that is measured.
        stop_event: name of the Dask event that stops the piece.
        folder: of the store; None if this worker cannot read it.
        sent: serialized runs and training states by the key of their jobs, for a worker that cannot read the store.
        sources: of the own network that the job is about.
    """
    begin = started = time.monotonic()
    kind, stopped = KINDS[job.kind], _polled(stop_event)
    subject, measure, stoppable = kind.subject, kind.measure, kind.stoppable
    if piece.kind == "steps" and kind.training is not None:
        subject, measure = kind.training.subject, kind.training.advance
    duration = TRAINING_SECONDS if piece.first else FIRST_TRAINING_SECONDS

    def stop() -> bool:
        return stopped() or (piece.kind == "steps" and time.monotonic() - started > duration)

    with use_threads(piece.threads):
        try:
            adopt(sources)
            arguments = subject(WorkerInputs(folder, sent), job, piece)
            started = time.monotonic()  # the first piece takes steps, however long the network takes to build
            result = measure(*arguments, **({"stop": stop} if stoppable else {}))
        except StoppedError:
            return None
        return PieceResult(serialize(result), time.monotonic() - begin, machine_record())


def file_exists(path: Path) -> bool:
    """Whether this worker sees a file, and so shares the folder that contains it."""
    return path.is_file()


def _polled(name: str) -> Stop:
    """Return a function that polls an event at most every `POLL_SECONDS`."""
    event: Event | None = None
    last, is_set = time.monotonic(), False

    def stop() -> bool:
        nonlocal event, last, is_set
        if not is_set and time.monotonic() - last > POLL_SECONDS:
            # created with the first poll: that too is a message to the Dask scheduler
            event = event or Event(name)  # type: ignore[no-untyped-call]
            last, is_set = time.monotonic(), bool(event.is_set())  # type: ignore[no-untyped-call]
        return is_set

    return stop
