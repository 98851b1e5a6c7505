"""Run the jobs of a command: with progress, on this machine or a cluster, stopped by Ctrl-C without losing pieces."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from normscape.jobs import Job, Queue, Request, Stage, settings
from normscape.jobs.queue import deserialized
from normscape.jobs.store.store import Store
from normscape.landscape import configure_process, load_data
from normscape.models import refusal
from normscape.specs import Experiment
from normscape.specs.experiment import Variants

SESSION = "command line"
SECONDS = 0.1
"""Between two looks at the progress."""


class FailedError(RuntimeError):
    """Raised where a job has failed; the message has the first error."""


class Workers(Protocol):
    """What answers jobs."""

    def answers(self, title: str, stages: Iterable[Iterable[Job]]) -> Callable[[Job], Any]:
        """Return a function that gives the result of each job, None if it has none."""


@dataclass(frozen=True)
class Work:
    """A queue, and how its progress is shown."""

    queue: Queue
    quiet: bool = False

    def answers(self, title: str, stages: Iterable[Iterable[Job]]) -> Callable[[Job], Any]:
        """Run jobs stage by stage, and return a function that gives the result of each.

        Results in the store are reused, those of the app as well.

        Raises:
            FailedError: a job has failed.
            KeyboardInterrupt: Ctrl-C; the pieces that are finished stay in the store.
        """
        request = Request(title, tuple(Stage(tuple(dict.fromkeys(stage))) for stage in stages))
        self.queue.submit(request, SESSION)
        try:
            self._wait(request)
        except KeyboardInterrupt:
            self.queue.cancel(request.key, SESSION)
            raise
        errors = [status.error for job in request.jobs if (status := self.queue.status(job)).state == "failed"]
        if errors:
            raise FailedError(str(errors[0]) or type(errors[0]).__name__)
        return self.queue.result

    def _wait(self, request: Request) -> None:
        with progress_line(request.title, quiet=self.quiet) as show:
            while not self._is_done(request):
                if (reason := self.queue.connection_error) is not None:
                    raise FailedError(f"there are no workers: {reason}")
                show(sum(self._share(job) for job in request.jobs) / len(request.jobs))
                time.sleep(SECONDS)
            show(1.0)

    def _is_done(self, request: Request) -> bool:
        """Whether nothing more will come; a request that the dispatcher has not read yet is not done."""
        return request.key in self.queue.snapshot.requests and self.queue.done(request)

    def _share(self, job: Job) -> float:
        status = self.queue.status(job)
        return 1.0 if status.state in ("finished", "failed") else status.computed / max(1, status.total)


@dataclass(frozen=True)
class Stored:
    """The results of a store, and no workers."""

    store: Store

    def answers(self, title: str, stages: Iterable[Iterable[Job]]) -> Callable[[Job], Any]:
        """Return a function that gives the stored result of a job, None if there is none."""
        del title, stages

        def result(job: Job) -> Any:
            contents = self.store.get(job.key)
            return None if contents is None else deserialized(job, contents)

        return result


@contextmanager
def stored() -> Iterator[Stored]:
    """Open the store, and those results that ship with the product."""
    chosen = settings()
    yield Stored(Store(chosen.home, chosen.store_bytes, chosen.shipped))


@contextmanager
def work(scheduler: str = "", *, quiet: bool = False) -> Iterator[Work]:
    """Open a queue on this machine's workers or those of a Dask scheduler, and close it.

    Args:
        scheduler: the address of a running scheduler; by default that of NORMSCAPE_SCHEDULER or none.
        quiet: whether no progress is shown.
    """
    configure_process(threads=1)
    chosen = settings() if not scheduler else replace(settings(), scheduler=scheduler, training_threads=1)
    queue = Queue(chosen)
    try:
        yield Work(queue, quiet=quiet)
    finally:
        queue.close()


def possible(experiment: Experiment) -> Variants:
    """Return the compared networks by label.

    Raises:
        ValueError: one cannot be built; the message names it and says why.
    """
    variants = experiment.variants()
    for label, (run, _) in variants.items():
        if (reason := refusal(run.model, load_data(run.data).input_shape)) is not None:
            raise ValueError(f"{label} cannot be compared: {reason}")
    return variants


@contextmanager
def progress_line(title: str, *, quiet: bool) -> Iterator[Callable[[float], None]]:
    """Show a line with the share that is done; on a terminal it is written over."""
    if quiet:
        yield lambda _: None
        return
    begin, shown, rewrites = time.monotonic(), -1, sys.stderr.isatty()

    def show(share: float) -> None:
        nonlocal shown
        percent = int(100 * share)
        if percent == shown or (not rewrites and percent < min(100, shown + 10)):
            return
        shown = percent
        line = f"{title}: {percent} % after {time.monotonic() - begin:.0f} s"
        print(f"\r{line:<70}" if rewrites else line, end="" if rewrites else os.linesep, file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if rewrites and shown >= 0:
            print(file=sys.stderr)
