"""Jobs of curvature and paths stop within a second, and give the same bits after a kill -9 of a worker or the app."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from normscape.jobs import Job, Queue, Request, Stage, runs_of
from normscape.specs import (
    ConnectivitySpec,
    CurvaturePointSpec,
    DensitySpec,
    EdgeSpec,
    EigenvaluesSpec,
    EvaluationSpec,
    GridSpec,
    MatrixSpec,
    PlaneSpec,
    RunSpec,
    SurfaceSpec,
    TrajectorySpec,
)
from tests.conftest import BRIEF, ROOT
from tests.jobs.conftest import settings_at
from tests.jobs.test_queue import alive, cluster_of, finished, pids_of, wait
from tests.landscape.networks import small_run

pytestmark = pytest.mark.slow

KINDS = ("eigenvalues", "density", "edge", "curvature-point", "trajectory", "plane", "curve", "connectivity")
"""Kinds of jobs; "plane": losses on a plane between trainings, "curve": a Bézier curve, which is trained in pieces."""

LONGEST = 300
"""Seconds after which something that never happens fails a test."""

BEGUN = 0.6
"""CPU seconds of a worker after which a piece is in the middle of its measurement: longer than a poll takes to come."""

STOPPED_WITHIN = 1.5
"""Seconds for a stop within a second, with the time of a message on a machine that does other work."""


def wide_run() -> RunSpec:
    """A network whose measurements take a few seconds each, and their single products and losses far less."""
    return small_run(
        "batch",
        data={"size": 600},
        model={"width": 96, "depth": 3},
        batch_size=4,
        steps=24,
        checkpoints=tuple(range(24)),
    )


def job_of(kind: str) -> Job:
    """A job of a kind that takes long, about the same network."""
    run, evaluation = wide_run(), EvaluationSpec(checkpoint=24, precision="float64", residual=1e-6)
    in_batches = replace(evaluation, statistics="batch", batch_size=16)  # a few products would not take long enough
    other = replace(run, training=replace(run.training, seed=1))
    between = PlaneSpec("checkpoints", (24, 12), others=(other, other))
    questions = {
        "eigenvalues": EigenvaluesSpec(MatrixSpec(evaluation), "smallest", 6),
        "density": DensitySpec(MatrixSpec(evaluation), probes=8),
        "edge": EdgeSpec(evaluation, batches=120),
        "curvature-point": CurvaturePointSpec(in_batches, PlaneSpec(), 0.5, 0.5),
        "trajectory": TrajectorySpec(evaluation, (other,)),
        "plane": SurfaceSpec(evaluation, between, GridSpec((49, 49), ((0.0, 1.0), (0.0, 1.0)))),
        "curve": ConnectivitySpec(evaluation, (other,), points=5, curve="bezier", curve_steps=6000),
        "connectivity": ConnectivitySpec(evaluation, (other,), points=49),
    }
    return Job({"plane": "losses", "curve": "connectivity"}.get(kind, kind), run, questions[kind])


def request_of(*kinds: str) -> Request:
    """Training, the plane, and jobs of some kinds."""
    jobs = tuple(map(job_of, kinds))
    runs = runs_of(jobs)
    planes = tuple(Job.about("plane", job.run, _surface(job)) for job in jobs if job.kind == "curvature-point")
    return Request("curvature and paths", (Stage(runs), *([Stage(planes)] if planes else []), Stage(jobs)))


def _surface(job: Job) -> SurfaceSpec:
    return SurfaceSpec(job.question.evaluation, job.question.plane)


def contents_of(queue: Queue, request: Request) -> dict[str, tuple[str, dict[str, bytes]]]:
    """The result of every measurement, bit by bit: plain values as JSON, and arrays."""
    found = {}
    for kind, job in ((kind, job) for kind in KINDS for job in request.stages[-1].jobs if job == job_of(kind)):
        contents = queue.store.get(job.key)
        assert contents is not None
        arrays = {name: array.tobytes() for name, array in contents.arrays.items()}
        found[kind] = json.dumps(contents.metadata["result"]), arrays
    return found


def cpu_seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


def begun(queue: Queue, job: Job) -> int:
    """Wait until a worker is in the middle of a job, and return its process."""
    wait(lambda: queue.status(job).state == "running", LONGEST)
    (pid,) = pids_of(queue)
    before = cpu_seconds(pid)
    wait(lambda: queue.status(job).state != "running" or cpu_seconds(pid) > before + BEGUN, LONGEST)
    assert queue.status(job).state == "running", "the measurement is too short for this test"
    return pid


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, dict[str, bytes]]]:
    """The results where nothing is stopped or killed."""
    queue, request = Queue(settings_at(tmp_path_factory.mktemp("undisturbed"), workers=1)), request_of(*KINDS)
    queue.submit(request, "one")
    finished(queue, request, LONGEST)
    found = contents_of(queue, request)
    queue.close()
    return found


@pytest.mark.parametrize("kind", KINDS[-1:] if BRIEF else KINDS)
def test_a_measurement_stops_within_a_second(kind: str, tmp_path: Path, opened: Callable[..., Queue]) -> None:
    queue, request = opened(tmp_path, workers=1), request_of(kind)
    queue.submit(request, "one")
    (job,) = request.stages[-1].jobs
    pid = begun(queue, job)
    queue.cancel(request.key, "one")
    assert queue.status(job).state == "cancelled"
    assert wait(lambda: not queue.dispatcher._pieces, LONGEST) < STOPPED_WITHIN
    assert alive(pid)  # it stopped by itself
    assert job.key not in queue.store


@pytest.mark.parametrize("kind", KINDS[-1:] if BRIEF else KINDS)
def test_a_measurement_whose_worker_is_killed_gives_the_same_bits(
    kind: str,
    tmp_path: Path,
    opened: Callable[..., Queue],
    undisturbed: dict[str, tuple[str, dict[str, bytes]]],
) -> None:
    queue, request = opened(tmp_path, workers=1), request_of(kind)
    queue.submit(request, "one")
    os.kill(begun(queue, request.stages[-1].jobs[0]), signal.SIGKILL)
    finished(queue, request, LONGEST)
    assert contents_of(queue, request) == {kind: undisturbed[kind]}


def be_the_app(folder: Path) -> None:
    """Submit all kinds, print all processes once one of them is measured and another one has begun, and wait."""
    queue, request = Queue(settings_at(folder, workers=1)), request_of(*KINDS)
    queue.submit(request, "one")
    first, *others = request.stages[-1].jobs
    wait(lambda: queue.status(first).state == "finished", LONGEST)
    wait(lambda: any(queue.status(job).state == "running" for job in others), LONGEST)
    begun(queue, next(job for job in others if queue.status(job).state == "running"))
    print(*pids_of(queue), cluster_of(queue)._process.pid, flush=True)
    threading.Event().wait()


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_measurements_resume_after_the_app_is_killed_and_give_the_same_bits(
    tmp_path: Path, opened: Callable[..., Queue], undisturbed: dict[str, tuple[str, dict[str, bytes]]]
) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.jobs.test_curvature_and_paths_slow import be_the_app\n"
        "be_the_app(Path(sys.argv[1]))\n"
    )
    app = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert app.stdout is not None
    processes = [int(pid) for pid in app.stdout.readline().split()]
    os.kill(app.pid, signal.SIGKILL)
    app.wait()
    assert processes
    wait(lambda: not any(alive(pid) for pid in processes), LONGEST)
    again, request = opened(tmp_path, workers=1), request_of(*KINDS)
    assert [asked.request.key for asked in again.requests()] == [request.key]
    assert again.status(request.stages[-1].jobs[0]).state == "finished"  # what was measured is kept
    finished(again, request, LONGEST)
    assert contents_of(again, request) == undisturbed
