"""Renew the README's pictures: python -m benchmarks.screenshots (needs Chromium), or `make screenshots`.

`first-visit.png` is the top of the default page, `picture.png` what *Save PNG* makes of it, `along-training.png`
the top of that page, dark.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from benchmarks.serving import visited
from tests.views.conftest import wait_for_surfaces

DOCS = Path(__file__).parent.parent / "docs"
PORT = 18514
SETTLED = """() => !document.querySelector("[data-testid=stProgress]")
  && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")"""


def main() -> None:
    with visited(PORT) as (browser, address):
        for scheme, visit in (("light", _first_visit), ("dark", _along_training)):
            page = browser.new_page(viewport={"width": 1440, "height": 860}, color_scheme=scheme)
            page.set_default_timeout(240_000)
            visit(page, address)


def _first_visit(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_surfaces(page)
    page.wait_for_timeout(3000)
    page.screenshot(path=DOCS / "first-visit.png")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    download.value.save_as(DOCS / "picture.png")


def _along_training(page: Page, address: str) -> None:
    page.goto(f"{address}/along-training")
    page.get_by_role("button", name="Downloads").wait_for()  # of complete results
    page.wait_for_function(SETTLED)
    page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()
    page.locator(".st-key-control-bar [data-testid=stSelectbox]").first.wait_for()
    page.wait_for_timeout(2500)
    page.screenshot(path=DOCS / "along-training.png")


if __name__ == "__main__":
    main()
