"""When a residual network's results arrive: python -m benchmarks.residual (6 minutes; needs Fashion-MNIST).

A ResNet-20 of width 16 with and without batch norm, 5,000 samples, 200 steps, 17 × 17 points on 200 samples. Two warm
workers, an empty store, no browser. Seconds since the request.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from normscape.jobs import Job, Queue, Request, Stage, settings
from normscape.specs import (
    DataSpec,
    EvaluationSpec,
    Experiment,
    GridSpec,
    ModelSpec,
    RunSpec,
    SurfaceSpec,
    TrainingSpec,
)
from normscape.views.session.comparison_request import request_of

STEPS = 200
CURVE = "training curve"

RUN = RunSpec(
    DataSpec("fashion-mnist", size=5000), ModelSpec("residual", depth=20, width=16), TrainingSpec(steps=STEPS)
)
SURFACE = SurfaceSpec(EvaluationSpec(checkpoint=STEPS, samples=200), grid=GridSpec((17, 17)))


def main() -> None:
    """Print when each kind of result is complete for both networks."""
    variants = Experiment(RUN, SURFACE, "run.model.norm", ("none", "batch")).variants()
    request = request_of("residual", variants, 0.002, slow=variants)
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(replace(settings(), home=Path(folder), workers=2))
        wait_for(queue, Request("warm", (Stage(tuple(Job("run", RunSpec(training=_short(k))) for k in range(2))),)))
        begin, printed = time.perf_counter(), set[str]()
        queue.submit(request, "benchmark")
        while not queue.done(request):
            for name, jobs in _milestones(request).items():
                if name not in printed and all(_arrived(queue, job, name) for job in jobs):
                    printed.add(name)
                    print(f"{time.perf_counter() - begin:7.1f} s  {name}", flush=True)
            time.sleep(0.05)
        print(f"{time.perf_counter() - begin:7.1f} s  everything")
        print(f"{peak_of_descendants():7.2f} GiB  most memory of a worker")
        queue.close()


def peak_of_descendants() -> float:
    """Return the largest memory that one of the processes below this one has had, in GiB; nan without Linux's /proc."""
    parents, peaks = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
            parents[int(fields["Pid"])] = int(fields["PPid"])
            peaks[int(fields["Pid"])] = int(fields.get("VmHWM", "0 kB").split()[0]) / 2**20

    def is_below(pid: int) -> bool:
        above = parents.get(pid, 0)
        return above == os.getpid() or (above > 1 and is_below(above))

    return max((peak for pid, peak in peaks.items() if is_below(pid)), default=float("nan"))


def _milestones(request: Request) -> dict[str, list[Job]]:
    """Return the jobs of both networks by what they show."""
    found: dict[str, list[Job]] = {}
    for job in request.jobs:
        if job.kind == "run":
            found.setdefault(CURVE, []).append(job)
            found.setdefault("trained", []).append(job)
        elif isinstance(job.question, SurfaceSpec):
            points, step = " × ".join(map(str, job.question.grid.points)), job.question.evaluation.checkpoint
            gradients = "" if job.kind == "losses" else ", with gradients"
            found.setdefault(f"surface of step {step}, {points} points{gradients}", []).append(job)
        elif "sharpness" in job.kind:
            found.setdefault("λ_max and λ_max(SHS)", []).append(job)
    return found


def _arrived(queue: Queue, job: Job, milestone: str) -> bool:
    status = queue.status(job)
    return status.done or (milestone == CURVE and status.completed > 0)


def _short(seed: int) -> TrainingSpec:
    return TrainingSpec(steps=1, seed=seed)


def wait_for(queue: Queue, request: Request) -> None:
    """Submit a request, and wait until it is finished."""
    queue.submit(request, "benchmark")
    while not queue.done(request):
        time.sleep(0.05)


if __name__ == "__main__":
    main()
