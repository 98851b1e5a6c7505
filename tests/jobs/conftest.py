"""A queue with workers of its own, and small requests for it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from normscape.jobs import Job, Queue, Request, Settings, Stage
from normscape.landscape.surface import levels
from tests.flat import surface_spec
from tests.landscape.networks import small_run


def settings_at(folder: Path, workers: int = 2) -> Settings:
    return Settings(home=folder, store_bytes=2**30, workers=workers, scheduler=None, tls=None)


@pytest.fixture
def opened() -> Iterator[Callable[..., Queue]]:
    """Return a function that opens a queue, which is closed after the test."""
    queues: list[Queue] = []

    def open_one(folder: Path, **choices) -> Queue:
        queues.append(Queue(settings_at(folder, **choices)))
        return queues[-1]

    yield open_one
    for queue in queues:
        queue.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queue]:
    """One queue for tests that leave the workers alone."""
    queue = Queue(settings_at(tmp_path_factory.mktemp("store")))
    yield queue
    queue.close()


def small_request(
    side: int = 9,
    accuracy: float = 0.0,
    *,
    seed: int = 0,
    surface: dict | None = None,
    activation: str = "relu",
    **training,
) -> Request:
    """Training, planes and surfaces from coarse to fine, of two networks."""
    runs = [small_run(norm, seed=seed, model={"activation": activation}, **training) for norm in ("none", "batch")]
    spec = surface_spec(points_alpha=side, points_beta=side, checkpoint=runs[0].training.steps, **(surface or {}))
    surfaces = [replace(spec, grid=grid) for grid in levels(spec.grid)]
    refining = [Stage(tuple(Job("surface", run, one) for run in runs), refines=True) for one in surfaces]
    planes = Stage(tuple(Job.about("plane", run, spec) for run in runs))
    return Request("a test", (Stage(tuple(Job("run", run) for run in runs)), planes, *refining), accuracy)
