"""Every page as people meet it: light and dark, at three widths, and by keyboard alone.

With NORMSCAPE_SCREENS set to a folder, every page is also tested in the dark, and the screenshots are kept there.
"""

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.conftest import BRIEF
from tests.views.axe import serious

pytestmark = [pytest.mark.slow, pytest.mark.browser]

QUERY = "?data.name=moons&data.size=80&model.width=6&training.steps=8&grid.points=5,5"
PAGES = {
    "surfaces": "/" + QUERY,
    "analysis": "/analysis" + QUERY,
    "along-training": "/along-training" + QUERY,
    "learning-rates": "/learning-rates" + QUERY,
    "work": "/work",
    "guide": "/guide",
}
WIDTHS = (1440, 900, 390)
KEPT = os.environ.get("NORMSCAPE_SCREENS")
LIGHT = ("surfaces", "guide") if BRIEF else tuple(PAGES)  # between them, these two hold all kinds of parts
DARK = tuple(PAGES) if KEPT else ("surfaces",) if BRIEF else ("surfaces", "analysis")

COMPLETE = """() => Boolean(
  document.querySelector("[data-testid=stMain] h1") && !document.querySelector("[data-testid=stProgress]")
  && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
)"""

WIDER = """() => [...document.querySelectorAll("[data-testid=stMain] *")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height || one.closest("svg, canvas, .katex, [data-testid=stDataFrame]")) return false;
  for (let up = one.parentElement; up; up = up.parentElement) {
    if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX)) return false;   // it scrolls, or is cut on purpose
    if (up.dataset.testid === "stMain") break;
  }
  return box.right > window.innerWidth + 1;
}).map((one) => one.outerHTML.slice(0, 160))"""

OVERLAPPING = """() => {
  const parts = [...document.querySelectorAll("[data-testid=stMain] [data-testid=stElementContainer]")]
    .filter((one) => one.checkVisibility() && !one.querySelector("[data-testid=stElementContainer]"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width > 1 && box.height > 1 && getComputedStyle(one).position !== "absolute");
  const found = [];
  parts.forEach(([one, a], place) => parts.slice(place + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 2) found.push([one.innerText.slice(0, 60), other.innerText.slice(0, 60), across, down]);
  }));
  return found;
}"""

TABBABLE = """() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
  const all = [...document.querySelectorAll(kinds)].filter((one) => one.tabIndex >= 0 && !one.disabled && seen(one));
  const groupOf = (one) => one.type === "radio" ? one.name : one.role === "radio" && one.closest("[role=radiogroup]");
  const groups = new Set();          // of radio buttons, a keyboard stops at one and goes on with the arrows
  window.asked = all.filter((one) => {
    const group = groupOf(one), first = !group || !groups.has(group);
    groups.add(group);
    return first;
  });
  window.reached = new Set();
  document.addEventListener("focusin", (event) => {
    window.reached.add(event.target);
    const group = groupOf(event.target);
    if (group) window.asked.filter((one) => groupOf(one) === group).forEach((one) => window.reached.add(one));
  });
  return window.asked.length;
}"""
LEFT = """() => window.asked.filter((one) => one.isConnected && !window.reached.has(one))
  .map((one) => one.outerHTML.slice(0, 160))"""


def opened(page: Page, app_address: str, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(app_address + PAGES[name])
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(2000)  # a request begins after the page is there
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(1000)


def keep(page: Page, name: str) -> None:
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=Path(KEPT) / f"{name}.png")


def unfold(page: Page) -> None:
    """Open everything on the page that can be opened in its place."""
    folded = page.locator("[data-testid=stMain] details:not([open]) > summary")
    while folded.count():
        folded.first.click()
        page.wait_for_timeout(100)
    page.wait_for_timeout(1500)


def blank(page: Page) -> list[int]:
    """The places of charts that are nothing but their ground."""
    charts = page.locator("[data-testid=stMain] .js-plotly-plot, .linked-surface")
    found = []
    for place in range(charts.count()):
        if not charts.nth(place).is_visible():
            continue
        picture = Image.open(BytesIO(charts.nth(place).screenshot())).convert("L")
        if np.asarray(picture, dtype=float).std() < 3:
            found.append(place)
    return found


def not_reached(page: Page) -> list[str]:
    """What can be used and the tabulator does not come to."""
    count = page.evaluate(TABBABLE)
    assert count > 5
    for _ in range(count + 60):  # a chart or a menu may stop it more than once
        page.keyboard.press("Tab")
    found: list[str] = page.evaluate(LEFT)
    return found


@pytest.mark.parametrize("name", LIGHT)
def test_a_page_is_whole_at_every_width_and_a_keyboard_reaches_everything(
    page: Page, app_address: str, name: str
) -> None:
    opened(page, app_address, name, "light")
    assert blank(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(2000)  # charts are laid out anew
        keep(page, f"{name}-{width}-light")
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1, width
        assert page.evaluate(WIDER) == [], width
        assert page.evaluate(OVERLAPPING) == [], width
    unfold(page)
    assert page.evaluate(WIDER) == []
    assert page.evaluate(OVERLAPPING) == []
    assert serious(page) == []
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator(".katex-error").count() == 0
    page.set_viewport_size({"width": WIDTHS[0], "height": 1000})
    page.wait_for_timeout(2000)  # the navigation folds and unfolds
    assert not_reached(page) == []


@pytest.mark.parametrize("name", DARK)
def test_a_dark_page_differs_in_colours_that_can_be_read(page: Page, app_address: str, name: str) -> None:
    opened(page, app_address, name, "dark")
    keep(page, f"{name}-{WIDTHS[0]}-dark")
    assert blank(page) == []
    assert serious(page) == []
    if KEPT:
        for width in WIDTHS[1:]:
            page.set_viewport_size({"width": width, "height": 1000})
            page.wait_for_timeout(2000)
            keep(page, f"{name}-{width}-dark")
