"""What several test folders share: a browser, and the app served on a free port."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# a store of their own for everything that the tests start, and for what they start in other processes
os.environ["NORMSCAPE_HOME"] = tempfile.mkdtemp(prefix="normscape-tests-")
if "PYTEST_VERSION" in os.environ:  # benchmarks, which import this module too, have as many workers as the app
    os.environ.setdefault("NORMSCAPE_WORKERS", "1")  # several test processes share the cores
    os.environ.setdefault("NORMSCAPE_DEVICE", "cpu")  # tests compare bits with this process; tests/gpu is about the GPU

ROOT = Path(__file__).parent.parent

LONG_FILES = ("test_page.py", "test_queue.py", "test_all_networks.py")

BRIEF = "NORMSCAPE_BRIEF" in os.environ
"""Whether slow tests that do the same many times over do it less often, for a slow machine with little time."""

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# software WebGL draws the surfaces; the rest keeps the browser from looking anything up outside
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)

NO_CHROMIUM = (
    "The browser tests need Chromium and found none. Install it (Debian, Ubuntu: apt-get install chromium; macOS: brew "
    "install --cask chromium) or set BROWSER_PATH to the program of a Chromium or Chrome."
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    found = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.fail(NO_CHROMIUM)
    return found


@pytest.fixture(scope="session")
def app_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app, served as `make run` serves it."""
    with served(tmp_path_factory.mktemp("app") / "log") as address:
        yield address


@contextmanager
def served(log: Path, *options: str) -> Iterator[str]:
    """Serve the app with further options of Streamlit, and give its address without a base path."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    settings = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true", *options]
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *settings, "--server.fileWatcherType", "none"],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        base = options[options.index("--server.baseUrlPath") + 1] if "--server.baseUrlPath" in options else ""
        try:
            _wait_until_healthy(f"{address}/{base}".rstrip("/"), server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            pytest.fail(f"the app ended with {server.returncode} before it served anything")
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
        except OSError:
            time.sleep(0.25)
        else:
            return
    pytest.fail("the app did not become healthy within a minute")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the browser and the longest files, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: ("browser" not in item.keywords, item.path.name not in LONG_FILES))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share files out, and give all that need a browser to one process.

    Two browsers at once, each drawing in software, take both cores from each other and from what they wait for.
    """
    from xdist.scheduler import LoadFileScheduling

    class Shared(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return "browser" if "mark.browser" in (ROOT / file).read_text(encoding="utf-8") else file

    return Shared(config, log)
