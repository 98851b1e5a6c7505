"""Processes that hang, or whose app is killed while they start: their pieces go elsewhere, and nothing is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from normscape.jobs import Queue, Request
from tests.conftest import BRIEF, ROOT
from tests.jobs.conftest import settings_at, small_request
from tests.jobs.test_queue import LONG, alive, arrays_of, cluster_of, completed_pieces, finished, pids_of, wait

pytestmark = pytest.mark.slow

LONGEST = 150
"""Seconds after which something that never happens fails a test."""


def long_request() -> Request:
    return small_request(side=9, seed=3, **LONG)


def partly_finished_request(queue: Queue) -> Request:
    """The long request, submitted, with some points of its last stage completed."""
    request = long_request()
    queue.submit(request, "one")
    wait(lambda: completed_pieces(queue, request) > 8, LONGEST)
    return request


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The answer to the long request where nothing hangs."""
    queue, request = Queue(settings_at(tmp_path_factory.mktemp("undisturbed"))), long_request()
    queue.submit(request, "one")
    finished(queue, request, LONGEST)
    queue.close()
    return arrays_of(queue, request)


@pytest.mark.parametrize("workers", [2] if BRIEF else [1, 2])
def test_the_pieces_of_a_worker_that_hangs_go_elsewhere_and_the_snapshot_says_so(
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    opened: Callable[..., Queue],
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    monkeypatch.setattr("normscape.jobs.workers.heartbeats.SILENT_SECONDS", 8.0)
    queue = opened(tmp_path, workers=workers)
    request = partly_finished_request(queue)
    hung = pids_of(queue)[0]
    os.kill(hung, signal.SIGSTOP)
    wait(lambda: queue.snapshot.unresponsive > 0, LONGEST)
    finished(queue, request, LONGEST)
    assert arrays_of(queue, request) == undisturbed
    wait(lambda: not alive(hung), LONGEST)  # it is replaced


def test_a_local_cluster_that_hangs_is_replaced(
    undisturbed: dict[str, bytes], tmp_path: Path, opened: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("normscape.jobs.scheduling.connection.STALLED_SECONDS", 8.0)
    monkeypatch.setattr("normscape.jobs.workers.local_process.END_SECONDS", 1.0)
    queue = opened(tmp_path)
    request = partly_finished_request(queue)
    hung = [cluster_of(queue)._process.pid, *pids_of(queue)]
    os.kill(hung[0], signal.SIGSTOP)
    wait(lambda: not any(map(alive, hung)), LONGEST)
    finished(queue, request, LONGEST)
    assert arrays_of(queue, request) == undisturbed


@pytest.mark.parametrize("module", ["torch", "sklearn"])
def test_a_local_cluster_ends_with_an_app_that_is_killed_while_it_starts(tmp_path: Path, module: str) -> None:
    """The import of a module, in the cluster or in the process that its workers are forked from, never ends."""
    mark = tmp_path / "mark"
    (tmp_path / "stubs" / module).mkdir(parents=True)
    stub = f"import os, time\nopen({str(mark)!r}, 'a').write(f'{{os.getpid()}}\\n')\nwhile True: time.sleep(1)\n"
    (tmp_path / "stubs" / module / "__init__.py").write_text(stub)
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from tests.jobs.conftest import settings_at\n"
        "from normscape.jobs import Queue\n"
        "os.environ['PYTHONPATH'] = os.pathsep.join([sys.argv[2], os.environ.get('PYTHONPATH', '')])\n"
        "queue = Queue(settings_at(Path(sys.argv[1])))\n"
        "time.sleep(3600)\n"
    )
    app = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "home"), str(tmp_path / "stubs")], cwd=ROOT)
    started: list[int] = []
    try:
        wait(lambda: mark.is_file() and mark.read_text().endswith("\n"), LONGEST)
        started = children_of(app.pid)
        assert {int(pid) for pid in mark.read_text().split()} <= set(started)
    finally:
        app.kill()
        app.wait()
    try:
        wait(lambda: not any(map(alive, started)), 60)
    finally:
        for pid in filter(alive, started):
            os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started, with theirs."""
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]
