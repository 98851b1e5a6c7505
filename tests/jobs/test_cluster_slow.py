"""A cluster as a user would start it from the command line: workers that share the store, and some that do not."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from normscape.jobs import Job, Queue, Request, Stage
from normscape.jobs.workers.cluster import Cluster
from normscape.jobs.workers.preload import dask_setup
from normscape.specs import (
    ConnectivitySpec,
    EdgeSpec,
    EigenvaluesSpec,
    EvaluationSpec,
    MatrixSpec,
    RunSpec,
    TrajectorySpec,
)
from tests.conftest import ROOT, _free_port
from tests.flat import surface_spec
from tests.jobs.conftest import settings_at, small_request
from tests.jobs.test_queue import arrays_of, cluster_of, finished, wait

pytestmark = pytest.mark.slow

DASK = Path(sys.executable).parent / "dask"


@contextmanager
def started(folder: Path, scheme: str, options: list[str], *workers: list[str]) -> Iterator[str]:
    """A scheduler on this machine, and workers with options of their own."""
    address = f"{scheme}://127.0.0.1:{_free_port()}"
    paths = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    own = ["worker", address, "--nworkers=1", "--no-dashboard", "--host=127.0.0.1", f"--local-directory={folder}"]
    at = [f"--protocol={scheme}", "--host=127.0.0.1", f"--port={address.rpartition(':')[2]}", "--no-dashboard"]
    commands = [["scheduler", *at, *options], *([*own, *options, *worker] for worker in workers)]
    log = (folder / "log").open("w")
    processes = []
    try:
        for command in commands:
            processes.append(subprocess.Popen([DASK, *command], cwd=folder, env=environment, stdout=log, stderr=log))
            time.sleep(2)
        joined = partial((folder / "log").read_text, encoding="utf-8")
        wait(lambda: joined().count("Registered to") >= len(workers))
        yield address
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=120)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers."""
    worker = ["--nthreads=1", "--preload=normscape.jobs.workers.preload"]
    with started(tmp_path_factory.mktemp("dask"), "tcp", [], worker, worker) as address:
        yield address


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str, str]:
    """The paths of an authority, of a certificate that it signed (itself), and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so there are no certificates to test with")
    key, cert = (str(tmp_path / name) for name in ("key.pem", "cert.pem"))
    what = [
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    subprocess.run(["openssl", "req", *what, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, cert, key


def with_paths(request: Request) -> Request:
    """Return a request with jobs that need two runs, and with spectra and a plane of eigenvectors."""
    run, other = (job.run for job in request.jobs if job.kind == "run")
    seeds = tuple(replace(one, training=replace(one.training, seed=12)) for one in (run, other))
    evaluation = EvaluationSpec()
    spec = surface_spec(points_alpha=3, points_beta=3, checkpoint=run.training.steps, directions="hessian")
    jobs = (
        *(Job("connectivity", *pair) for pair in segments((run, other), seeds, evaluation)),
        Job("trajectory", run, TrajectorySpec(evaluation, (seeds[0],))),
        Job("eigenvalues", run, EigenvaluesSpec(MatrixSpec(evaluation))),
        Job("edge", other, EdgeSpec(replace(evaluation, checkpoint=run.training.steps))),
        Job.about("plane", other, spec),
        Job("surface", other, spec),
    )
    runs = Stage(tuple(Job("run", seed) for seed in seeds))
    return replace(request, stages=(*request.stages, runs, *(Stage((job,)) for job in jobs)))


def segments(
    runs: tuple[RunSpec, ...], others: tuple[RunSpec, ...], evaluation: EvaluationSpec
) -> list[tuple[RunSpec, ConnectivitySpec]]:
    pairs = zip(runs, others, strict=True)
    return [(run, ConnectivitySpec(evaluation, (other,), 5)) for run, other in pairs]


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What workers of this machine answer."""
    queue, request = Queue(settings_at(tmp_path_factory.mktemp("near"))), with_paths(small_request(side=9, seed=11))
    queue.submit(request, "one")
    finished(queue, request)
    queue.close()
    return arrays_of(queue, request)


class SeparateStore(Cluster):
    """Workers that do not see the store."""

    def _shares_store(self, address: str) -> bool:
        return False


@pytest.mark.parametrize("connect", [Cluster, SeparateStore])
def test_results_of_a_running_scheduler_are_the_same_bit_by_bit(
    tmp_path: Path, scheduler: str, near: dict[str, bytes], connect: type[Cluster]
) -> None:
    request = with_paths(small_request(side=9, seed=11))
    far = Queue(replace(settings_at(tmp_path / "far"), scheduler=scheduler), connect=connect)
    far.submit(request, "one")
    finished(far, request)
    assert far.snapshot.workers == 2
    assert arrays_of(far, request) == near
    far.close()


def test_a_scheduler_with_tls_and_a_worker_with_a_gpu_runs_one_piece_at_a_time(
    tmp_path: Path, certificate: tuple[str, str, str]
) -> None:
    ca, cert, key = certificate
    request = small_request(side=9, seed=11)
    options = [f"--tls-ca-file={ca}", f"--tls-cert={cert}", f"--tls-key={key}"]
    # the resource without the preload, which would look for the device: what is tested is how pieces are handed out
    with started(tmp_path, "tls", options, ["--nthreads=2", "--resources=GPU=1"]) as address, ExitStack() as opened:
        far = Queue(replace(settings_at(tmp_path / "far"), scheduler=address, tls=certificate))
        opened.callback(far.close)
        far.submit(request, "one")
        finished(far, request)
        assert [(worker.slots, worker.gpu) for worker in cluster_of(far).workers().values()] == [(1, True)]
        stranger = Queue(replace(settings_at(tmp_path / "stranger"), scheduler=address))
        opened.callback(stranger.close)
        stranger.submit(request, "two")
        wait(lambda: stranger.connection_error is not None)
        assert "NORMSCAPE_TLS_CA" in stranger.connection_error


def test_a_worker_with_the_resource_gpu_and_no_gpu_is_refused() -> None:
    given = SimpleNamespace(state=SimpleNamespace(total_resources={"GPU": 1.0}))
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ValueError, match="device 'cuda' is not available to torch"):
        dask_setup(given)


def test_a_scheduler_that_does_not_answer_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("normscape.jobs.workers.cluster.CONNECT_SECONDS", 2.0)
    queue = Queue(replace(settings_at(tmp_path), scheduler="tcp://127.0.0.1:9"))
    queue.submit(small_request(side=3), "one")
    wait(lambda: queue.connection_error is not None)
    assert "tcp://127.0.0.1:9 does not answer" in queue.connection_error
    assert "NORMSCAPE_SCHEDULER" in queue.connection_error
    queue.close()
