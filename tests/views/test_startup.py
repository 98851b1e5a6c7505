"""The server resumes unfinished requests when it starts, however it is started, without a visitor."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from normscape.jobs.scheduling.scheduler import Scheduler
from normscape.jobs.store.store import Store
from tests.conftest import ROOT, _free_port
from tests.jobs.conftest import small_request
from tests.jobs.test_queue import wait

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("command", [["streamlit", "run", "app.py", "--server.fileWatcherType=none"], ["normscape"]])
def test_a_server_resumes_unfinished_requests_without_a_visitor(tmp_path: Path, command: list[str]) -> None:
    request = small_request(side=3, steps=4)
    Scheduler(Store(tmp_path, 2**30)).submit(request, "one")
    options = ["--server.address=127.0.0.1", f"--server.port={_free_port()}", "--server.headless=true"]
    server = subprocess.Popen(
        [sys.executable, "-m", *command, *options], cwd=ROOT, env={**os.environ, "NORMSCAPE_HOME": str(tmp_path)}
    )
    try:
        wait(lambda: not list((tmp_path / "requests").glob("*.json")), 200)
    finally:
        server.terminate()
        server.wait(timeout=60)
    store = Store(tmp_path, 2**30)
    assert all(job.key in store for job in request.jobs)
