"""What the workers cost and bring: python -m benchmarks.workers [--side 34] [--rounds 3]

Prints how much longer pieces of 0.2 s take by way of a worker than in a plain loop (at most 5 % asked for), which part
of its time that worker evaluates, and how much faster two workers measure a surface than one (at least 1.8 times, on
two cores; pieces as long as they are in the app), beside what the machine admits: two plain loops at once. Of rounds in
which all are measured in turn, the shortest times count: what else a machine does only makes them longer. For the same
reason each begins when the machine is idle: after processes have ended it gives their memory back for a second.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from normscape.jobs import Job, Queue, Request, Settings, Stage
from normscape.jobs.scheduling import partition
from normscape.landscape import configure_process, machine_record, train
from normscape.landscape.surface import evaluate, pieces, slice_of
from normscape.specs import EvaluationSpec, Experiment, GridSpec, SurfaceSpec

SHORT = 0.2
"""Seconds that pieces take where their overhead is measured."""

OWN = partition.PIECE_SECONDS
"""Seconds that they take in the app."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=34, help="points a side; a job is one grid, without levels")
    parser.add_argument("--rounds", type=int, default=3, help="of all measurements in turn")
    side, rounds = (arguments := parser.parse_args()).side, arguments.rounds
    spec = SurfaceSpec(EvaluationSpec(checkpoint=300), grid=GridSpec((side, side)))
    print(", ".join(f"{name} {value}" for name, value in machine_record().items()))
    run = next(iter(Experiment(values=("batch",)).variants().values()))[0]
    found = []
    for _ in range(rounds):
        both, alone = _plain_loops(run, spec, 2), _plain_loops(run, spec, 1)
        (short, share), (one, _), (two, shares) = (_queued(run, spec, *how) for how in ((1, SHORT), (1, OWN), (2, OWN)))
        found.append((alone, short, one, two, both))
        told = "plain {:.2f} s, one worker {:.2f} and {:.2f} s, two {:.2f} s, two plain loops {:.2f} s"
        print(f"{told.format(*found[-1])}; evaluating {share:.1%} and {shares:.1%} of their time", flush=True)
    alone, short, one, two, both = map(min, zip(*found, strict=True))
    print(f"plain loop, one thread: {alone:.2f} s for {side * side} points")
    own = [100 * (row[1] / row[0] - 1) for row in found]
    print(f"one worker, pieces of {SHORT} s: {short:.2f} s, {100 * (short / alone - 1):+.1f} %; ", end="")
    print(f"the rounds' own: {median(own):+.1f} % in the middle, {min(own):+.1f} to {max(own):+.1f} %")
    gains = [row[2] / row[3] for row in found]
    print(f"two workers, pieces of {OWN} s: {two:.2f} s, {one / two:.2f} times as fast as one ({one:.2f} s); ", end="")
    print(f"the rounds' own: {median(gains):.2f} in the middle, {min(gains):.2f} to {max(gains):.2f}")
    print(f"two plain loops at once: {both:.2f} s each, so that this machine admits {2 * alone / both:.2f} times")


def _when_idle() -> None:
    """Wait for a second in which the machine does nothing, for a minute at most."""
    for _ in range(60):
        if psutil.cpu_percent(interval=1) < 3:
            return
    print("this machine is never idle")


def _plain_loops(run, spec, count: int) -> float:
    """Time plain loops at once, each in a process as new as workers are: memory costs most when it is used first."""
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        return max(pool.starmap(_plain, [(run, spec)] * count, chunksize=1))


def _plain(run, spec) -> float:
    configure_process(threads=1)
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))  # as workers have it
    subject = slice_of(train(run), spec.evaluation, spec.plane)
    evaluate(subject, spec.grid, pieces(spec.grid)[1])
    subject.cache.clear()
    _when_idle()
    begin = time.perf_counter()
    for piece in pieces(spec.grid)[1:]:
        evaluate(subject, spec.grid, piece)
    return time.perf_counter() - begin


def _queued(run, spec, workers: int, piece_seconds: float) -> tuple[float, float]:
    """Time a surface from the first piece sent to the last result stored, with the run and the slice known before.

    Returns:
        seconds in all, and the share of them that the workers spent in evaluating.
    """
    partition.PIECE_SECONDS = piece_seconds
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), store_bytes=2**33, workers=workers, scheduler=None, tls=None)
        queue = Queue(settings)
        coarse = SurfaceSpec(EvaluationSpec(checkpoint=300), grid=GridSpec((2 * workers, 4)))
        _done(queue, Request("before", (Stage((Job("run", run),)), Stage((Job("surface", run, coarse),)))))
        _when_idle()
        job = Job("surface", run, spec)
        seconds = _done(queue, Request("surface", (Stage((job,)),)))
        evaluating = queue.status(job).worker_seconds / (workers * seconds)
        queue.close()
    return seconds, evaluating


def _done(queue: Queue, request: Request) -> float:
    begin = time.perf_counter()
    queue.submit(request, "benchmark")
    while not queue.done(request):
        time.sleep(0.01)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
