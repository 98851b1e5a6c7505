"""The share row in a browser: link, pictures of an exact shape, presentation, and downloads while work runs."""

import csv
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page

from normscape.exports.metadata import read_experiment
from tests.conftest import BRIEF
from tests.views.conftest import wait_for_surfaces

pytestmark = [pytest.mark.slow, pytest.mark.browser]

QUICK = "/?grid.points=5,5&training.steps=20"
SMALL_RUN = "?training.steps=20"
LONG = "/?data.name=moons&training.steps=20&grid.points=129,129&every_point=on"
PRESENTED = """() => {
  const frame = document.fullscreenElement;
  return frame && [...frame.querySelectorAll(".linked-surface")].every((chart) => {
    const { top, bottom } = chart.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && document.activeElement.closest(".linked-frame") === frame;
  });
}"""


DRAWN = """() => {
  const places = [...document.querySelectorAll("[data-testid=stPlotlyChart]")];
  return places.length > 1 && places.every(place => place.querySelector(".main-svg"))
    && !document.querySelector("[data-testid=stMain] [data-testid=stSkeleton]")
    && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]");
}"""
"""All charts of a page are drawn, and no more elements are on their way."""


@pytest.fixture
def shared(context: BrowserContext, app_address: str) -> Page:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(app_address + QUICK)
    wait_for_surfaces(page)
    return page


def downloaded(page: Page, button: str, folder: Path) -> Path:
    if not page.get_by_role("button", name=button, exact=True).count():
        page.get_by_role("button", name="Downloads").first.click()
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name=button, exact=True).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_link_pictures_and_presentation(shared: Page, tmp_path: Path) -> None:
    shared.get_by_role("button", name="Copy link").click()
    shared.get_by_role("button", name="Link copied").wait_for()
    shared.get_by_text("Opens on this computer only.").wait_for()  # the app is served on 127.0.0.1
    assert shared.evaluate("navigator.clipboard.readText()") == shared.url
    for name, size in (("16:9 without table, 1920 × 1080", (1920, 1080)), ("square, 1200 × 1200", (1200, 1200))):
        shared.select_option("select.linked-tool", label=name)
        picture = downloaded(shared, "Save PNG", tmp_path)
        assert Image.open(picture).size == size
        assert read_experiment(picture.read_bytes())[0].surface.grid.points == (5, 5)
    shared.get_by_role("button", name="Present").click()
    shared.wait_for_function(PRESENTED)
    assert shared.locator(".linked-presented-title").inner_text() == "Loss around the trained weights"
    assert "at the trained weights" in shared.locator(".linked-presented-verdict").inner_text()
    shared.keyboard.press("Shift+ArrowRight")
    shared.wait_for_url("**camera=**")
    shared.keyboard.press("ArrowRight")
    shared.wait_for_url("**metric=gradient-change-ratio**")
    shared.get_by_text("Gradient change around the trained weights").wait_for()
    shared.wait_for_function(PRESENTED)
    shared.evaluate("document.exitFullscreen()")  # Escape does so in a window
    shared.wait_for_function("() => !document.fullscreenElement")


FILES = [("Interactive HTML", b"<!DOC"), ("SVG", b"<?xml"), ("PDF", b"%PDF-")]


@pytest.mark.parametrize(("button", "begin"), FILES[:1] if BRIEF else FILES)
def test_files_of_the_surfaces(shared: Page, tmp_path: Path, button: str, begin: bytes) -> None:
    file = downloaded(shared, button, tmp_path)
    assert file.read_bytes().startswith(begin)
    assert file.name.startswith("normscape-")


@pytest.mark.parametrize(
    ("button", "size"), [("PNG 16:9", (1920, 1080)), ("PNG square", (1200, 1200))], ids=["16:9", "square"]
)
def test_pictures_of_charts(page: Page, app_address: str, tmp_path: Path, button: str, size: tuple[int, int]) -> None:
    page.goto(app_address + "/along-training" + SMALL_RUN)
    page.get_by_role("button", name="Downloads").wait_for()
    page.wait_for_function(DRAWN)  # a chart that appears would move the menu out of view
    picture = downloaded(page, button, tmp_path)
    assert Image.open(picture).size == size
    assert read_experiment(picture.read_bytes())[0].run.training.steps == 20


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_a_step_of_the_analysis_is_shared_from_its_button(page: Page, app_address: str, tmp_path: Path) -> None:
    page.goto(app_address + "/analysis" + SMALL_RUN)
    page.get_by_role("button", name="Share").first.click()
    page.get_by_role("button", name="Copy link").wait_for()
    file = downloaded(page, "CSV", tmp_path)
    assert file.read_text(encoding="utf-8").startswith("figure,trace,x,y,z\n")


@pytest.mark.skipif(BRIEF, reason="it computes for a minute")
def test_downloads_work_while_the_page_is_redrawn(page: Page, app_address: str, tmp_path: Path) -> None:
    page.goto(app_address + LONG)
    page.locator(".linked-surface .gl-container canvas").first.wait_for(state="attached", timeout=120_000)
    points: list[int] = []
    while len(points) < 4 or (points[-1] == points[0] and len(points) < 60):
        folder = tmp_path / str(len(points))
        folder.mkdir()
        file = downloaded(page, "CSV", folder)
        points.append(len(list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))))
        page.wait_for_timeout(1500)
    assert points == sorted(points)
    assert 1 < points[0] < points[-1]  # more than a heading; the first file was made while points were missing
    assert 9 < points[-1] <= 1 + 2 * 129**2
    if (stop := page.get_by_role("button", name="Stop")).is_visible():
        stop.click()  # or the next test waits for the workers
