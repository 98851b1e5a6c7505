"""How long a first visit takes: python -m benchmarks.first_visit (needs Chromium).

Prints seconds for: starting the app until it serves (at most 10 s asked for), from navigation until both surfaces of
the default page are drawn and until all of it is (10 s), the same page opened again with its results in memory, a
switch of the metric, and the page's script without a browser, first and again (1 s).

Measured on two cores without GPU, Python 3.11, torch 2.13.0, Chromium with software WebGL: see docs/measured.md.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.serving import wait
from tests.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES

PORT = 18511
ADDRESS = f"http://127.0.0.1:{PORT}"
DRAWN = ".js-plotly-plot .gl-container canvas"


def main() -> None:
    """Start the app, visit it, and print what that took."""
    begin = time.perf_counter()
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.port",
            str(PORT),
            "--server.headless",
            "true",
            "--server.address",
            "127.0.0.1",
            "--server.fileWatcherType",
            "none",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait(ADDRESS)
        print(f"served after {time.perf_counter() - begin:.1f} s")
        _visit()
    finally:
        server.terminate()
        server.wait()
    _script_alone()


def _visit() -> None:
    program = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        # another direction seed first: modules and browser caches are warm then, and nothing of the default is known
        _timed(page, "first page of a fresh server", f"{ADDRESS}/?data.seed=1")
        _timed(page, "default page, warm server, nothing in memory", ADDRESS)
        _timed(page, "default page again", ADDRESS)
        begin = time.perf_counter()
        page.get_by_role("radio", name="Gradient change", exact=True).click()
        page.wait_for_selector(".linked-color-title:text-is('Gradient change')")
        _settled(page)
        print(f"metric switched: {time.perf_counter() - begin:.1f} s")
        browser.close()


def _timed(page: Page, what: str, address: str) -> None:
    begin = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("h1", timeout=120_000)
    text = time.perf_counter() - begin
    page.wait_for_selector(".st-key-still img, .linked-surface canvas", timeout=120_000)
    still = time.perf_counter() - begin
    page.wait_for_function(f"document.querySelectorAll('{DRAWN}').length >= 2", timeout=120_000)
    seen = time.perf_counter() - begin
    _settled(page)
    whole = time.perf_counter() - begin
    print(f"{what}: text {text:.1f} s, still {still:.1f} s, both surfaces {seen:.1f} s, whole page {whole:.1f} s")


def _settled(page: Page) -> None:
    page.wait_for_function(
        f"document.querySelectorAll('{DRAWN}').length >= 2 && !document.querySelector('[data-stale=true]')",
        timeout=120_000,
    )
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)


def _script_alone() -> None:
    app = AppTest.from_file(str(Path(__file__).parent.parent / "app.py"), default_timeout=120)
    for what in ("first", "again"):
        begin = time.perf_counter()
        app.run()
        print(f"the script without a browser, {what}: {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
