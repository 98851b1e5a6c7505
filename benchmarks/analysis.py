"""How long the pages of the analysis take on the first comparison: python -m benchmarks.analysis

Warm workers; the compared networks are trained before. Analysis: every step. Along training: every checkpoint. Learning
rates: all rates and three seeds. The browser's drawing is not in it.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from normscape.jobs import Job, Queue, Request, Stage, settings
from normscape.landscape import machine_record
from normscape.landscape.stability import RATES
from normscape.specs import Experiment, RunSpec, TrainingSpec
from normscape.views.analysis.steps import STEPS
from normscape.views.session.limits import possible
from normscape.views.smoothness.requests import smoothness_jobs, smoothness_request
from normscape.views.stability.requests import sweep_request


def main() -> None:
    print(f"{os.cpu_count()} cores, {', '.join(f'{name} {value}' for name, value in machine_record().items())}")
    variants = possible(Experiment())[0]
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(replace(settings(), home=Path(folder)))
        _done(queue, [Job("run", RunSpec(training=TrainingSpec(steps=1, seed=k))) for k in range(4)])
        _done(queue, [Job("run", run) for run, _ in variants.values()])
        whole = 0.0
        for step in STEPS:
            jobs = [Job.about(step.kind, run, surface) for run, surface in variants.values()]
            taken = _done(queue, jobs)
            whole += taken
            print(f"{taken:6.1f} s  {step.numbers:8} {step.title}", flush=True)
        print(f"{whole:6.1f} s  all steps, one after the other (10 s asked)")
        taken = _asked(queue, smoothness_request(smoothness_jobs(variants, seeds=1)))
        print(f"{taken:6.1f} s  D9       along training, every checkpoint (30 s asked)")
        taken = _asked(queue, sweep_request(variants, seeds=3))
        print(f"{taken:6.1f} s  A3       {len(RATES)} learning rates, 3 seeds, 2 networks (120 s asked)")
        queue.close()


def _done(queue: Queue, jobs: list[Job]) -> float:
    return _asked(queue, Request("measured", (Stage(tuple(jobs)),)))


def _asked(queue: Queue, request: Request) -> float:
    begin = time.perf_counter()
    queue.submit(request, "benchmark")
    while not queue.done(request):
        time.sleep(0.01)
    failed = [str(queue.status(job).error) for job in request.jobs if queue.status(job).state == "failed"]
    if failed:
        raise RuntimeError(failed[0])
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
