"""The app as a benchmark meets it: served with an empty store, and the browser that visits it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES


@contextmanager
def served(port: int) -> Iterator[str]:
    """Serve the app with a store of its own, and give its address."""
    asked = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1"]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *asked, "--server.fileWatcherType", "none"],
            env=os.environ | {"NORMSCAPE_HOME": folder},
            stdout=subprocess.DEVNULL,
        )
        try:
            wait(address := f"http://127.0.0.1:{port}")
            yield address
        finally:
            server.terminate()
            server.wait()


@contextmanager
def visited(port: int) -> Iterator[tuple[Browser, str]]:
    """Serve the app and start a browser."""
    with served(port) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        yield browser, address
        browser.close()


def chromium() -> str:
    """Return the path of a Chromium."""
    return os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))


def wait(address: str) -> None:
    """Wait until the app serves."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the app did not start within 30 s")
