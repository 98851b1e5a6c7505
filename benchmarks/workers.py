"""What the workers cost and bring: python -m benchmarks.workers [--side 34] [--rounds 3]

Prints how much longer pieces of 0.2 s take by way of a worker than in a plain loop (at most 5 % asked for), and how
much faster two workers measure a surface than one (at least 1.8 times, on two cores), beside what the machine admits:
two plain loops at once. Of rounds in which all are measured in turn, the shortest times count: what else a machine does
only makes them longer.
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
    parser.add_argument("--rounds", type=int, default=3, help="of all measurements in turn")
    side, rounds = (arguments := parser.parse_args()).side, arguments.rounds
    spec = SurfaceSpec(points_alpha=side, points_beta=side, checkpoint=300)
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    run = next(iter(Experiment(values=("batch",)).variants().values()))[0]
    found = []
    for _ in range(rounds):
        both, alone = _plain_loops(run, spec, 2), _plain_loops(run, spec, 1)
        found.append((alone, _queued(run, spec, workers=1), _queued(run, spec, workers=2), both))
        print("  ".join(f"{seconds:.2f} s" for seconds in found[-1]), flush=True)
    alone, one, two, both = map(min, zip(*found, strict=True))
    print(f"plain loop, one thread: {alone:.2f} s for {side * side} points")
    print(f"one worker: {one:.2f} s, {100 * (one / alone - 1):+.1f} %")
    print(f"two workers: {two:.2f} s, {one / two:.2f} times as fast as one")
    print(f"two plain loops at once: {both:.2f} s each, so that this machine admits {2 * alone / both:.2f} times")


def _plain_loops(run, spec, count: int) -> float:
    """Time plain loops at once, each in a process as new as workers are: memory costs most when it is used first."""
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        return max(pool.starmap(_plain, [(run, spec)] * count, chunksize=1))


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
