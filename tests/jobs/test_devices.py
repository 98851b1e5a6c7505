"""Devices of workers: the settings, the local cluster, and trainings that keep the device of their first steps."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from normscape.jobs import Job, Request, Stage
from normscape.jobs.scheduling import scheduler as scheduling
from normscape.jobs.scheduling.partition import ChainPartition
from normscape.jobs.scheduling.scheduler import Scheduler
from normscape.jobs.serialization import serialize
from normscape.jobs.settings import settings
from normscape.jobs.store.files import Contents
from normscape.jobs.store.store import Store
from normscape.jobs.workers import preload
from normscape.jobs.workers.cluster import Worker
from normscape.jobs.workers.local_cluster import resources_of
from tests.landscape.networks import advance, small_run, start


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("DEVICE", "WORKERS", "SCHEDULER", "TRAINING_THREADS", "TF32"):
        monkeypatch.delenv(f"NORMSCAPE_{name}", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("device", "gpu", "expected"),
    [
        (None, False, "cpu"),
        (None, True, "cuda"),
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", True, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_local_workers_use_a_gpu_if_there_is_one(
    variables: pytest.MonkeyPatch, device: str | None, gpu: bool, expected: str
) -> None:
    variables.setattr(torch.cuda, "is_available", lambda: gpu)
    variables.setenv("NORMSCAPE_WORKERS", "3")
    if device is not None:
        variables.setenv("NORMSCAPE_DEVICE", device)
    current = settings()
    assert current.device == expected
    assert current.workers == current.training_threads == (1 if expected == "cuda" else 3)


def test_workers_elsewhere_choose_their_own_device(variables: pytest.MonkeyPatch) -> None:
    variables.setattr(torch.cuda, "is_available", lambda: pytest.fail("the app asked for a GPU of its own"))
    variables.setenv("NORMSCAPE_SCHEDULER", "tcp://10.0.0.1:8786")
    assert settings().device == "cpu"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("gpu", "NORMSCAPE_DEVICE: device 'gpu' is unknown; it must be one of auto, cpu, cuda"),
        (
            "cuda",
            "NORMSCAPE_DEVICE: device 'cuda' is not available to torch .*; use 'auto' or 'cpu', or a torch for CUDA",
        ),
    ],
)
def test_a_wrong_device_is_named_with_the_choices(variables: pytest.MonkeyPatch, value: str, message: str) -> None:
    variables.setattr(torch.cuda, "is_available", lambda: False)
    variables.setenv("NORMSCAPE_DEVICE", value)
    with pytest.raises(ValueError, match=message):
        settings()


def test_the_local_cluster_tells_its_workers_their_device(variables: pytest.MonkeyPatch) -> None:
    configured = []
    variables.setattr("normscape.landscape.configure_process", lambda *a, **k: configured.append((*a, k["tf32"])))
    for device in ("cpu", "cuda"):
        preload.dask_setup(SimpleNamespace(state=SimpleNamespace(total_resources=resources_of(device))))
    variables.setenv("NORMSCAPE_TF32", "on")
    preload.dask_setup(SimpleNamespace(state=SimpleNamespace(total_resources=resources_of("cuda"))))
    assert configured == [(1, "cpu", False), (1, "cuda", False), (1, "cuda", True)]


def test_a_wrong_precision_is_named_with_the_choices(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("NORMSCAPE_TF32", "yes")
    with pytest.raises(ValueError, match="NORMSCAPE_TF32 is 'yes'; it must be on or off"):
        preload.dask_setup(SimpleNamespace(state=SimpleNamespace(total_resources={})))


@pytest.mark.parametrize(("gpu", "device"), [(True, "cuda"), (False, "cpu")])
def test_a_worker_has_the_device_of_its_resource(gpu: bool, device: str) -> None:
    assert Worker("tcp://127.0.0.1:1", 1, gpu, False).device == device


def test_what_workers_import_leaves_cuda_alone() -> None:
    """A process that has asked the driver for its devices cannot fork workers that use them."""
    code = """
import torch
asked = []
# as in a torch for CUDA, so that is_available asks the driver
torch._C._cuda_getDeviceCount = lambda: asked.append("count") or 0
torch._C._cuda_init = lambda: asked.append("init")
torch._C._cuda_getCurrentRawStream = lambda device: asked.append("stream")
import normscape.jobs.workers.imports
assert not asked, asked
torch.cuda.is_available()
assert asked == ["count"], asked
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def chain(scheduler: Scheduler, run: object) -> ChainPartition:
    return scheduler.jobs[Job("run", run)].partition


def test_a_training_keeps_its_device_while_a_worker_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(scheduling.time, "monotonic", lambda: now[0])
    run = small_run("batch", steps=20)
    scheduler = Scheduler(Store(tmp_path, 2**20))
    scheduler.submit(Request("one", (Stage((Job("run", run),)),)), "one")
    scheduler.see_devices({"cpu", "cuda"})
    state, piece = scheduler.next_piece("gpu", "cuda")
    state.partition.add(piece, serialize(advance(start(run), 4)), 1.0)
    assert state.partition.add_device("cuda") == "cuda"
    assert scheduler.next_piece("other", "cpu") is None
    now[0] += scheduling.DEVICE_SECONDS / 2  # the worker restarts
    assert scheduler.next_piece("other", "cpu") is None
    scheduler.see_devices({"cpu", "cuda"})
    now[0] += scheduling.DEVICE_SECONDS - 1
    assert scheduler.next_piece("other", "cpu") is None
    now[0] += 2  # it is gone
    assert scheduler.next_piece("other", "cpu")[0] is state
    assert state.partition.add_device("cpu") == "cuda, cpu"


@pytest.mark.parametrize(
    ("machine", "devices"),
    [({}, ("cpu",)), ({"device": "cuda", "threads": "1"}, ("cuda",)), ({"device": "cuda, cpu"}, ("cuda", "cpu"))],
)
def test_a_training_resumes_with_the_devices_of_its_record(machine: dict[str, str], devices: tuple[str, ...]) -> None:
    run = small_run("batch", steps=20)
    partition = ChainPartition(Job("run", run))
    state = serialize(advance(start(run), 4))
    partition.restore({"state": Contents(state.arrays, {**state.metadata, "machine": machine})})
    assert partition.devices == devices


def test_surfaces_run_on_every_device(tmp_path: Path) -> None:
    run = small_run("batch", steps=20)
    scheduler = Scheduler(Store(tmp_path, 2**20))
    scheduler.submit(Request("one", (Stage((Job("run", run),)),)), "one")
    assert chain(scheduler, run).devices == ()
    assert scheduler.next_piece("worker", "cpu") is not None
