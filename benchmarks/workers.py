"""What the workers cost and bring: python -m benchmarks.workers [--side 34]

Prints how much longer pieces of 0.2 s take by way of a worker than in a plain loop (at most 5 % asked for), and how
much faster two workers measure a surface than one (at least 1.8 times, on two cores), beside what the machine admits:
two plain loops at once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

from jobs import Job, Queue, Request, Settings, Stage, parts
from landscape import machine, settle, train
from landscape.surface import evaluate, pieces, slice_of
from specs import Experiment, SurfaceSpec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=34, help="points a side; a job is one grid, without levels")
    side = parser.parse_args().side
    spec = SurfaceSpec(points_alpha=side, points_beta=side, checkpoint=300)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    run = next(iter(Experiment(values=("batch",)).variants().values()))[0]
    alone = _plain(run, spec)
    print(f"plain loop, one thread: {alone:.2f} s for {side * side} points")
    one = _queued(run, spec, workers=1)
    print(f"one worker: {one:.2f} s, {100 * (one / alone - 1):+.1f} %")
    two = _queued(run, spec, workers=2)
    print(f"two workers: {two:.2f} s, {one / two:.2f} times as fast as one")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        both = max(pool.starmap(_plain, [(run, spec)] * 2))
    print(f"two plain loops at once: {both:.2f} s each, so that this machine admits {2 * alone / both:.2f} times")


def _plain(run, spec) -> float:
    settle(threads=1)
    if hasattr(os, "nice"):
        os.nice(max(0, 10 - os.nice(0)))  # as workers have it
    subject = slice_of(train(run), spec)
    evaluate(subject, pieces(spec)[1])
    subject.kept.clear()
    begin = time.perf_counter()
    for piece in pieces(spec)[1:]:
        evaluate(subject, piece)
    return time.perf_counter() - begin


def _queued(run, spec, workers: int) -> float:
    """Time a surface from the first piece sent to the last result stored, with the run and the slice known before."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), store_bytes=2**33, workers=workers, scheduler=None, tls=None)
        queue = Queue(settings)
        coarse = SurfaceSpec(points_alpha=2 * workers, points_beta=4, checkpoint=300)
        _done(queue, Request("before", (Stage((Job("run", run),)), Stage((Job("surface", run, coarse),)))))
        seconds = _done(queue, Request("surface", (Stage((Job("surface", run, spec),)),)))
        queue.close()
    return seconds


def _done(queue: Queue, request: Request) -> float:
    begin = time.perf_counter()
    queue.ask(request, "benchmark")
    while not queue.over(request):
        time.sleep(0.005)
    return time.perf_counter() - begin


if __name__ == "__main__":
    parts.PIECE_SECONDS = 0.2
    main()
