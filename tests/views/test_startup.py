"""What the server does when it starts, however it is started: it resumes requests, and finishes imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from normscape.jobs.scheduling.scheduler import Scheduler
from normscape.jobs.store.store import Store
from normscape.views.session import startup
from tests.conftest import BRIEF, ROOT, _free_port
from tests.jobs.conftest import small_request
from tests.jobs.test_queue import wait
from tests.views.test_page import APP

pytestmark = pytest.mark.slow


COMMANDS = [["normscape"], ["streamlit", "run", "app.py", "--server.fileWatcherType=none"]]


@pytest.mark.parametrize("command", COMMANDS[:1] if BRIEF else COMMANDS)
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


VISIT_DURING_AN_IMPORT = """
import sys, threading

import plotly.graph_objects as go
from normscape.views.session import startup

assert "pandas" not in sys.modules
threading.Thread(target=__import__, args=("pandas",)).start()
while "pandas" not in sys.modules:
    pass
startup.finish_imports()
print(go.Figure(go.Scatter(y=[1, 2])).to_json())
"""


def test_a_page_that_is_drawn_while_another_imports_pandas_waits_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", VISIT_DURING_AN_IMPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"y":[1,2]' in done.stdout


def test_every_visit_finishes_the_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[None] = []
    monkeypatch.setattr(startup, "finish_imports", lambda: calls.append(None))
    AppTest.from_file(APP, default_timeout=60).run()
    assert calls
