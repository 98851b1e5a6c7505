"""How long surfaces take a browser: python -m benchmarks.linked_surfaces (needs Chromium).

Prints how long four surfaces of 65 x 65 points take to be redrawn after a rerun of the page (at most 1.5 s asked for),
and a saved picture of the default comparison from the click until it is there (3 s). See docs/measured.md.
"""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import Page

from benchmarks.serving import visited
from tests.views.conftest import wait_for_surfaces

PORT = 18513
FOUR = (
    "/?data.name=moons&data.size=80&model.width=6&training.steps=8&values=none,batch,layer,rms"
    "&grid.points=65,65&every_point=on"
)
MEASURES = """() => performance.getEntriesByName("linked-surfaces").map((entry) => entry.duration / 1000)"""
REDRAWS, PICTURES = 6, 4


def main() -> None:
    with visited(PORT) as (browser, address):
        page = browser.new_page(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
        page.set_default_timeout(240_000)
        _redraws(page, address)
        _pictures(page, address)


def _redraws(page: Page, address: str) -> None:
    page.goto(address + FOUR)
    wait_for_surfaces(page, networks=4)
    known = len(page.evaluate(MEASURES))
    clicks = []
    for number in range(REDRAWS):
        begin, before = time.perf_counter(), len(page.evaluate(MEASURES))
        page.get_by_role("radio", name=("log", "linear")[number % 2], exact=True).click()
        page.wait_for_function(f'performance.getEntriesByName("linked-surfaces").length > {before}')
        page.evaluate("new Promise(requestAnimationFrame)")
        clicks.append(time.perf_counter() - begin)
        page.wait_for_timeout(3000)  # the rest of the page
    _told("four surfaces of 65 x 65 points, redrawn by the browser", page.evaluate(MEASURES)[known:])
    _told("... from the click on a switch", clicks)


def _pictures(page: Page, address: str) -> None:
    page.goto(address)
    wait_for_surfaces(page)
    page.wait_for_timeout(5000)
    seconds = []
    for _ in range(PICTURES):
        begin = time.perf_counter()
        with page.expect_download():
            page.get_by_role("button", name="Save PNG").click()
        seconds.append(time.perf_counter() - begin)
        page.wait_for_timeout(3000)
    _told("a saved picture of the default comparison, 1,920 pixels wide", seconds)


def _told(what: str, seconds: list[float]) -> None:
    print(f"{what}: {min(seconds):.2f} to {max(seconds):.2f} s, median {statistics.median(seconds):.2f} s", flush=True)


if __name__ == "__main__":
    main()
