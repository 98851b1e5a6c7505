"""How true the stated time left is: python -m benchmarks.time_left [--record FILE] (3 minutes; needs Fashion-MNIST).

A ResNet-8 of width 8 with and without batch norm on two warm workers and an empty store. Every second, the time that
the page would state is compared with the time that really was left. A recording serves as data of a test.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from normscape.benchmarks.residual import wait_for
from normscape.jobs import Job, JobStatus, Queue, Request, Stage, settings, time_left
from normscape.jobs.job_spec import question_type
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

STEPS, WORKERS = 150, 2

RUN = RunSpec(DataSpec("fashion-mnist", size=3000), ModelSpec("residual", depth=8, width=8), TrainingSpec(steps=STEPS))
SURFACE = SurfaceSpec(EvaluationSpec(checkpoint=STEPS, samples=500), grid=GridSpec((9, 9)))

Row = tuple[float, list[tuple[str, int, int, int, float]]]
"""Seconds since the request; and state, completed, total, computed and worker's seconds of every job."""


def main() -> None:
    """Print the stated and the true time left at every tenth, and store the recording."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", type=Path)
    arguments = parser.parse_args()
    request, rows = requested(), []
    with tempfile.TemporaryDirectory() as folder:
        queue = Queue(replace(settings(), home=Path(folder), workers=WORKERS))
        warm = tuple(Job("run", RunSpec(training=TrainingSpec(steps=1, seed=seed))) for seed in range(WORKERS))
        wait_for(queue, Request("warm", (Stage(warm),)))
        begin = time.perf_counter()
        queue.submit(request, "benchmark")
        while not queue.done(request):
            time.sleep(1.0)
            rows.append((time.perf_counter() - begin, [_numbers(queue.status(job)) for job in request.jobs]))
        queue.close()
    report(request, rows)
    if arguments.record:
        jobs = [describe(job) for job in request.jobs]
        thinned = [*rows[:-1:4], rows[-1]]
        arguments.record.write_text(json.dumps({"workers": WORKERS, "jobs": jobs, "rows": thinned}) + "\n")


def requested() -> Request:
    """Return the request whose progress is recorded."""
    variants = Experiment(RUN, SURFACE, "run.model.norm", ("none", "batch")).variants()
    return request_of("time left", variants, 0.0, slow=variants)


def report(request: Request, rows: list[Row]) -> None:
    """Print the stated and the true time left at every tenth of the whole time."""
    end = rows[-1][0]
    for tenth in range(1, 10):
        seconds, numbers = next(row for row in rows if row[0] >= end * tenth / 10)
        stated = time_left(statuses(list(request.jobs), numbers), WORKERS)
        text = "unknown" if stated is None else f"{stated.seconds:.0f} s{'' if stated.complete else ' for this part'}"
        print(f"after {seconds:4.0f} s: {text} stated, {end - seconds:.0f} s left")


def describe(job: Job) -> tuple[str, str, int | None, tuple[int, int] | None, int]:
    """Return kind, normalization, checkpoint, points and steps of a job, from which `job_of` makes it again."""
    evaluation = getattr(job.question, "evaluation", job.question)
    checkpoint = evaluation.checkpoint if isinstance(evaluation, EvaluationSpec) else None
    points = job.question.grid.points if isinstance(job.question, SurfaceSpec) else None
    return job.kind, job.run.model.norm, checkpoint, points, job.run.training.steps


def job_of(kind: str, norm: str, checkpoint: int | None, points: tuple[int, int] | None, steps: int) -> Job:
    """Return a job from its description."""
    run = replace(RUN, model=replace(RUN.model, norm=norm), training=replace(RUN.training, steps=steps))
    evaluation = replace(SURFACE.evaluation, checkpoint=checkpoint)
    grid = SURFACE.grid if points is None else GridSpec(tuple(points))
    if question_type(kind) is None:
        return Job(kind, run)
    return Job.about(kind, run, replace(SURFACE, evaluation=evaluation, grid=grid))


def statuses(jobs: list[Job], numbers: list[tuple[str, int, int, int, float]]) -> list[JobStatus]:
    """Return the statuses of a row."""
    return [
        JobStatus(job, state, completed, total, computed=computed, worker_seconds=seconds)  # type: ignore[arg-type]
        for job, (state, completed, total, computed, seconds) in zip(jobs, numbers, strict=True)
    ]


def _numbers(status: JobStatus) -> tuple[str, int, int, int, float]:
    return status.state, status.completed, status.total, status.computed, round(status.worker_seconds, 3)


if __name__ == "__main__":
    main()
