"""A cluster as a user would start it from the command line: workers that share the store, and some that do not."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs import Queue
from jobs.cluster import Cluster
from tests.conftest import ROOT, _free_port
from tests.jobs.conftest import question, settings_at
from tests.jobs.test_queue_truth import arrays_of, finished

pytestmark = pytest.mark.slow

DASK = Path(sys.executable).parent / "dask"


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers on this machine."""
    folder = tmp_path_factory.mktemp("dask")
    address = f"tcp://127.0.0.1:{_free_port()}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    worker = ["worker", address, "--nthreads=1", "--nworkers=1", "--no-dashboard", "--host=127.0.0.1"]
    commands = [
        ["scheduler", "--host=127.0.0.1", f"--port={address.rpartition(':')[2]}", "--no-dashboard"],
        [*worker, "--preload=jobs.preload", f"--local-directory={folder}"],
        [*worker, "--preload=jobs.preload", f"--local-directory={folder}"],
    ]
    log = (folder / "log").open("w")
    processes = []
    for command in commands:
        process = subprocess.Popen([DASK, *command], cwd=folder, env=environment, stdout=log, stderr=log)
        processes.append(process)
        time.sleep(2)
    yield address
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=30)


class Apart(Cluster):
    """Workers that do not see the store."""

    def shares(self, worker: str) -> bool:
        return False


@pytest.mark.parametrize("connect", [Cluster, Apart])
def test_a_surface_by_way_of_a_scheduler_that_runs_already_is_the_same_bit_by_bit(
    tmp_path: Path, scheduler: str, connect: type[Cluster]
) -> None:
    request = question(side=9, seed=11)
    far = Queue(replace(settings_at(tmp_path / "far"), scheduler=scheduler), connect=connect)
    far.ask(request, "one")
    finished(far, request, 120)
    assert len(far.loop.busy) == 2
    near = Queue(settings_at(tmp_path / "near"))
    near.ask(request, "one")
    finished(near, request, 120)
    assert arrays_of(far, request) == arrays_of(near, request)
    far.close()
    near.close()


def test_a_scheduler_that_is_not_there_is_said(tmp_path: Path) -> None:
    queue = Queue(replace(settings_at(tmp_path), scheduler="tcp://127.0.0.1:9"))
    queue.ask(question(side=3), "one")
    begin = time.monotonic()
    while queue.trouble is None and time.monotonic() - begin < 60:
        time.sleep(0.1)
    assert "tcp://127.0.0.1:9 does not answer" in (queue.trouble or "")
    assert "NORMSCAPE_SCHEDULER" in (queue.trouble or "")
    queue.close()
