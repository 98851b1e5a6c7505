"""The layout of every page: light and dark, at three widths, and with a keyboard only.

With NORMSCAPE_SCREENS set to a folder, every page is also tested in the dark theme, and screenshots are saved there.
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
    "curvature": "/curvature" + QUERY,
    "paths": "/paths" + QUERY,
    "files": "/files",
    "jobs": "/jobs",
    "gallery": "/gallery",
    "guide": "/guide",
}
WIDTHS = (1440, 900, 390)
MOST_UNFOLDED = 5
SCREENSHOTS = os.environ.get("NORMSCAPE_SCREENS")
LIGHT = ("surfaces", "gallery") if BRIEF else tuple(PAGES)  # these have elements of all kinds
DARK = tuple(PAGES) if SCREENSHOTS else ("surfaces",) if BRIEF else ("surfaces", "analysis")

COMPLETE = """() => Boolean(
  document.querySelector("[data-testid=stMain] h1") && !document.querySelector("[data-testid=stProgress]")
  && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
)"""

WIDER = """() => [...document.querySelectorAll("[data-testid=stMain] *")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (!box.width || !box.height || one.closest("svg, canvas, .katex, [data-testid=stDataFrame]")) return false;
  for (let up = one.parentElement; up; up = up.parentElement) {
    if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX)) return false;   // scrolls or is clipped
    if (up.dataset.testid === "stMain") break;
  }
  return box.right > window.innerWidth + 1;
}).map((one) => one.outerHTML.slice(0, 160))"""

OVERLAPPING = """() => {
  const elements = [...document.querySelectorAll("[data-testid=stMain] [data-testid=stElementContainer]")]
    .filter((one) => one.checkVisibility() && !one.querySelector("[data-testid=stElementContainer]"))
    // downloads share the row of the buttons below the surfaces
    .flatMap((one) => one.querySelector(".linked-row")
      ? [...one.querySelectorAll(".linked-frame, .linked-tool:not(.linked-frame *)")] : [one])
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => box.width > 1 && box.height > 1 && getComputedStyle(one).position !== "absolute");
  const pairs = [];
  elements.forEach(([one, a], index) => elements.slice(index + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 2) pairs.push([one.innerText.slice(0, 60), other.innerText.slice(0, 60), across, down]);
  }));
  return pairs;
}"""

TABBABLE = """() => {
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 0;
  const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
  const all = [...document.querySelectorAll(kinds)].filter((one) => one.tabIndex >= 0 && !one.disabled && seen(one));
  const groupOf = (one) => one.type === "radio" ? one.name
    : one.role === "radio" ? one.closest("[role=radiogroup]") : one.closest("[role=toolbar]");
  const groups = new Set();          // the Tab key stops once in a group of radio buttons or chips; arrow keys go on
  window.tabbable = all.filter((one) => {
    const group = groupOf(one), first = !group || !groups.has(group);
    groups.add(group);
    return first;
  });
  window.reached = new Set();
  document.addEventListener("focusin", (event) => {
    window.reached.add(event.target);
    const group = groupOf(event.target);
    if (group) window.tabbable.filter((one) => groupOf(one) === group).forEach((one) => window.reached.add(one));
  });
  return window.tabbable.length;
}"""
NOT_REACHED = """() => window.tabbable.filter((one) => one.isConnected && !window.reached.has(one))
  .map((one) => one.outerHTML.slice(0, 160))"""


def opened(page: Page, app_address: str, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(app_address + PAGES[name])
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(2000)  # a request begins after the page has loaded
    page.wait_for_function(COMPLETE)
    page.wait_for_timeout(1000)


def save_screenshot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def unfold(page: Page) -> None:
    """Open the first expanders on the page; the others are of the same kinds."""
    folded = page.locator("[data-testid=stMain] details:not([open]) > summary")
    for _ in range(min(folded.count(), MOST_UNFOLDED)):
        folded.first.click()
        page.wait_for_timeout(100)
    page.wait_for_timeout(1500)


def overlapping(page: Page) -> list[object]:
    """The pairs of elements that cover each other, at the top of the page: what stays there covers the rest later."""
    page.locator("[data-testid=stMain]").evaluate("element => element.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    pairs: list[object] = page.evaluate(OVERLAPPING)
    return pairs


def blank(page: Page) -> list[int]:
    """The indices of charts that show nothing but their background."""
    charts = page.locator("[data-testid=stMain] .js-plotly-plot, .linked-surface")
    indices = []
    for index in range(charts.count()):
        if not charts.nth(index).is_visible():
            continue
        picture = Image.open(BytesIO(charts.nth(index).screenshot())).convert("L")
        if np.asarray(picture, dtype=float).std() < 3:
            indices.append(index)
    return indices


def not_reached(page: Page) -> list[str]:
    """The controls that the Tab key does not reach, also when tried again, since the menu changes with the width."""
    controls: list[str] = []
    for _ in range(5):
        count = page.evaluate(TABBABLE)
        assert count > 5
        for _ in range(count + 60):  # a chart or a menu may take more than one stop
            page.keyboard.press("Tab")
        controls = page.evaluate(NOT_REACHED)
        if not controls:
            break
        page.wait_for_timeout(3000)
    return controls


@pytest.mark.parametrize("name", LIGHT)
def test_a_page_fits_every_width_and_a_keyboard_reaches_every_control(page: Page, app_address: str, name: str) -> None:
    opened(page, app_address, name, "light")
    assert blank(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(2000)  # charts adapt to the width
        save_screenshot(page, f"{name}-{width}-light")
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("element => element.scrollWidth - element.clientWidth") <= 1, width
        assert page.evaluate(WIDER) == [], width
        assert overlapping(page) == [], width
    unfold(page)
    assert page.evaluate(WIDER) == []
    assert overlapping(page) == []
    assert serious(page) == []
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator(".katex-error").count() == 0
    page.set_viewport_size({"width": WIDTHS[0], "height": 1000})
    assert not_reached(page) == []


@pytest.mark.parametrize("name", DARK)
def test_a_dark_page_is_drawn_with_readable_colors(page: Page, app_address: str, name: str) -> None:
    opened(page, app_address, name, "dark")
    save_screenshot(page, f"{name}-{WIDTHS[0]}-dark")
    assert blank(page) == []
    assert serious(page) == []
    if SCREENSHOTS:
        for width in WIDTHS[1:]:
            page.set_viewport_size({"width": width, "height": 1000})
            page.wait_for_timeout(2000)
            save_screenshot(page, f"{name}-{width}-dark")
