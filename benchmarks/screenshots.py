"""Renew the README's pictures: python -m benchmarks.screenshots (needs Chromium), or `make screenshots`.

`first-visit.png` is the top of the default page, `picture.png` what *Save picture* makes of it, `along-training.png`
the top of that page, dark.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES
from tests.views.conftest import drawn

DOCS = Path(__file__).parent.parent / "docs"
PORT = 18514
ADDRESS = f"http://127.0.0.1:{PORT}"
SETTLED = """() => !document.querySelector("[data-testid=stProgress]")
  && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")"""


def main() -> None:
    """Start the app with an empty store, visit it, and keep its pictures."""
    program = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
    served = ["--server.port", str(PORT), "--server.headless", "true", "--server.address", "127.0.0.1"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *served, "--server.fileWatcherType", "none"],
            env=os.environ | {"NORMSCAPE_HOME": folder},
            stdout=subprocess.DEVNULL,
        )
        try:
            time.sleep(8)
            browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
            page = browser.new_page(viewport={"width": 1440, "height": 860})
            page.set_default_timeout(240_000)
            _first_visit(page)
            _dark(browser.new_page(viewport={"width": 1440, "height": 860}, color_scheme="dark"))
            browser.close()
        finally:
            server.terminate()
            server.wait()


def _first_visit(page: Page) -> None:
    page.goto(ADDRESS)
    drawn(page)
    page.wait_for_timeout(3000)
    page.screenshot(path=DOCS / "first-visit.png")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save picture").click()
    download.value.save_as(DOCS / "picture.png")


def _dark(page: Page) -> None:
    page.set_default_timeout(240_000)
    page.goto(f"{ADDRESS}/along-training")
    page.wait_for_selector("[data-testid=stTable]")
    page.wait_for_function(SETTLED)
    page.wait_for_timeout(2500)
    page.screenshot(path=DOCS / "along-training.png")


if __name__ == "__main__":
    main()
