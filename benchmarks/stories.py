"""How long each story takes with warm workers and an empty store: until the coarsest grid, and until all is there."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from normscape.gallery.stories import STORIES
from normscape.jobs import Job, Queue, Request, Stage, settings
from normscape.landscape import machine_record
from normscape.specs import RunSpec, TrainingSpec
from normscape.views.session.comparison_request import request_of
from normscape.views.session.limits import possible


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="stories to measure, by the beginning of their name; default: all")
    chosen = parser.parse_args().names
    print(f"{os.cpu_count()} cores, {', '.join(f'{name} {value}' for name, value in machine_record().items())}")
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(replace(settings(), home=Path(folder), shipped=None))
        _warm(queue)
        for name, story in STORIES.items():
            if not chosen or any(name.startswith(begin) for begin in chosen):
                print(f"{measured(queue, name):>28}  (stated: {story.seconds:g} s)  {name}", flush=True)
        queue.close()


def _warm(queue: Queue) -> None:
    """Have every worker begin."""
    runs = [Job("run", RunSpec(training=TrainingSpec(steps=1, seed=k))) for k in range(4)]
    request = Request("warm", (Stage(tuple(runs)),))
    queue.submit(request, "benchmark")
    while not queue.done(request):
        time.sleep(0.02)


def measured(queue: Queue, name: str) -> str:
    """Ask for a story's experiment, and wait until the first grid is there, and until nothing more comes."""
    experiment, display = STORIES[name].experiment, STORIES[name].display
    variants, begin, first = possible(experiment)[0], time.perf_counter(), 0.0
    request = request_of(name, variants, display.accuracy, losses_only=display.losses_only)
    queue.submit(request, "benchmark")
    coarsest = next(stage.jobs for stage in request.stages if stage.refines)
    while not queue.done(request):
        if not first and all(queue.status(job).done for job in coarsest):
            first = time.perf_counter() - begin
        time.sleep(0.02)
    seconds = time.perf_counter() - begin
    errors = [str(status.error) for job in request.jobs if (status := queue.status(job)).state == "failed"]
    side = max(
        max(job.question.grid.points)
        for job in request.jobs
        if queue.status(job).completed and job.kind in ("losses", "surface")
    )
    failed = f", failed: {errors[0][:60]}" if errors else ""
    return f"{first:5.1f} s, {seconds:5.1f} s ({side} x {side}){failed}"


if __name__ == "__main__":
    main()
